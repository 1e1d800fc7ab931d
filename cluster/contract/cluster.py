"""The installation as the API shows it: pool, queue, servers, probes (pydantic)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from cluster.contract.vocabulary import LeasedWork, Priority


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


class PoolHistory(BaseModel):
    """Frames analysed during the last hour, in steps of equal length."""

    step_s: float
    frames_per_s: list[float] = Field(
        description="Of each step, oldest first: fewer than an hour has where the pool began later. The last "
        "step has just begun, and grows when the chunks in hand are stored"
    )


class ActorLoss(BaseModel):
    """A segmentation actor that died, stood still or crashed."""

    actor: str
    node: str | None
    video_id: str | None = Field(description="What it worked on")
    reason: str
    ago_s: float


class Pool(BaseModel):
    """The segmentation actors, as the pool reports them."""

    actors: list[PoolActor]
    wanted: int
    queued: int
    backlog_s: float | None = Field(None, description="Seconds of video not analysed, as the pool knows it")
    dispatch_ms: float | None = Field(
        None, description="What a task takes beyond its work once there is an actor for it"
    )
    history: PoolHistory | None = None
    losses: list[ActorLoss] = Field([], description="The last ones, newest first; for `admin` alone")


class ServerHealth(BaseModel):
    """One server behind the API."""

    name: str
    healthy: bool
    detail: str | None = None


class BacklogDocument(BaseModel):
    """How much there is to do."""

    seconds: float = Field(description="Of video that is not analysed; estimated where nobody has looked yet")
    videos: int


class QueueDocument(BaseModel):
    """What waits, and what is in hand, of one kind of work."""

    work: LeasedWork
    priority: Priority | None = Field(description="null: this work is not told apart by priority")
    waiting: int = Field(description="Counted up to 10,000")
    running: int
    oldest_s: float | None = Field(description="How long the oldest has waited; null where nothing waits")


class FailureCount(BaseModel):
    """How often one kind of work failed with one code."""

    work: LeasedWork
    code: str
    hour: int = Field(description="In the last hour")
    day: int = Field(description="In the last day; of each kind of work the newest 10,000 are counted")


class FailedWork(BaseModel):
    """Work that failed and was not tried again."""

    work: LeasedWork
    video_id: str
    filename: str
    code: str
    message: str
    finished_at: datetime


class FailuresDocument(BaseModel):
    """What failed lately."""

    counts: list[FailureCount]
    latest: list[FailedWork] = Field(
        description="The newest of the last day, at most 20; for `admin` alone, since they name videos"
    )


class Cluster(BaseModel):
    """The pool, the queue and the servers."""

    pool: Pool | None = Field(description="null when the pool does not answer; `pool_detail` says why")
    pool_detail: str | None
    queue_depth: int | None
    backlog: BacklogDocument | None = None
    queues: list[QueueDocument] | None = None
    failures: FailuresDocument | None = None
    filenames: dict[str, str] = Field(
        {}, description="Of the videos that the pool names, by their id; for `admin` alone"
    )
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
