"""The installation: the pool's actors, as the pool tells them to the API, and all that the API adds."""

from __future__ import annotations

from typing import TypedDict


class PoolActor(TypedDict):
    """One segmentation actor. `frames_done` and `since_s` are of the chunk in hand."""

    actor: str
    node: str | None
    node_id: str | None
    pid: int | None
    device: str | None
    state: str
    video_id: str | None
    kind: str | None
    chunk: int | None
    frames_done: int | None
    since_s: float | None
    video_s_per_s: float | None
    rss_bytes: int | None
    gpu_bytes: int | None
    replaced: int
    error: str | None


class Pool(TypedDict):
    """The segmentation actors; `queued` counts tasks that wait for one."""

    actors: list[PoolActor]
    wanted: int
    queued: int
    backlog_s: float | None
    dispatch_ms: float | None


class ServerHealth(TypedDict):
    """One server behind the API."""

    name: str
    healthy: bool
    detail: str | None


class Backlog(TypedDict):
    """How much there is to do, in seconds of video that is not analysed."""

    seconds: float
    videos: int


class Cluster(TypedDict):
    """The pool, the queue and the servers. What is not known is None; `pool_detail` says why."""

    pool: Pool | None
    pool_detail: str | None
    queue_depth: int | None
    backlog: Backlog | None
    videos: dict[str, int] | None
    servers: list[ServerHealth]
    versions: dict[str, str]
