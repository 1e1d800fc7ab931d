"""The installation as the API shows it: pool, queue, servers, probes (pydantic)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class PoolActor(BaseModel):
    """One segmentation actor."""

    actor: str
    node: str | None
    node_id: str | None = None
    pid: int | None
    device: str | None
    state: str
    video_id: str | None
    kind: str | None
    chunk: int | None
    frames_done: int | None
    since_s: float | None
    video_s_per_s: float | None = Field(
        None, description="Seconds of video per second of work, as measured lately"
    )
    rss_bytes: int | None = None
    gpu_bytes: int | None = None
    replaced: int = Field(0, description="How many actors were lost in this place")
    error: str | None = Field(None, description="What the last of them was lost to")


class Pool(BaseModel):
    """The segmentation actors, as the pool reports them."""

    actors: list[PoolActor]
    wanted: int
    queued: int
    backlog_s: float | None = Field(None, description="Seconds of video not analysed, as the pool knows it")
    dispatch_ms: float | None = Field(
        None, description="What a task takes beyond its work once there is an actor for it"
    )


class ServerHealth(BaseModel):
    """One server behind the API."""

    name: str
    healthy: bool
    detail: str | None = None


class BacklogDocument(BaseModel):
    """How much there is to do."""

    seconds: float = Field(description="Of video that is not analysed; estimated where nobody has looked yet")
    videos: int


class Cluster(BaseModel):
    """The pool, the queue and the servers."""

    pool: Pool | None = Field(description="null when the pool does not answer; `pool_detail` says why")
    pool_detail: str | None
    queue_depth: int | None
    backlog: BacklogDocument | None = None
    videos: dict[str, int] | None = Field(description="Number of videos by state")
    servers: list[ServerHealth]
    versions: dict[str, str]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the servers that are needed answer."""

    ready: bool
    servers: list[ServerHealth]
