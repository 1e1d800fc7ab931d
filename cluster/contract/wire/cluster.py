"""The installation: the pool's actors, as the pool tells them to the API, and all that the API adds."""

from __future__ import annotations

from typing import TypedDict

from cluster.contract.vocabulary import LeasedWork, Priority


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


class PoolHistory(TypedDict):
    """Frames a second in each step of the last hour, the oldest first."""

    step_s: float
    frames_per_s: list[float]


class ActorLoss(TypedDict):
    """A segmentation actor that died, stood still or crashed, and what it worked on."""

    actor: str
    node: str | None
    video_id: str | None
    reason: str
    ago_s: float


class Pool(TypedDict):
    """The segmentation actors; `queued` counts tasks that wait for one."""

    actors: list[PoolActor]
    wanted: int
    queued: int
    backlog_s: float | None
    dispatch_ms: float | None
    history: PoolHistory | None
    losses: list[ActorLoss]


class ServerHealth(TypedDict):
    """One server behind the API."""

    name: str
    healthy: bool
    detail: str | None


class Backlog(TypedDict):
    """How much there is to do, in seconds of video that is not analysed."""

    seconds: float
    videos: int


class Queue(TypedDict):
    """What waits, and what is in hand, of one kind of work; `oldest_s`: how long the oldest has waited."""

    work: LeasedWork
    priority: Priority | None
    waiting: int
    running: int
    oldest_s: float | None


class FailureCount(TypedDict):
    """How often one kind of work failed with one code, in the last hour and in the last day."""

    work: LeasedWork
    code: str
    hour: int
    day: int


class FailedWork(TypedDict):
    """Work that failed and was not tried again."""

    work: LeasedWork
    video_id: str
    filename: str
    code: str
    message: str
    finished_at: str


class Failures(TypedDict):
    """What failed lately. Only keys with the scope `admin` see `latest`, which names videos."""

    counts: list[FailureCount]
    latest: list[FailedWork]


class Cluster(TypedDict):
    """The pool, the queue and the servers. What is not known is None; `pool_detail` says why.

    `filenames`: of the videos that the pool names, by their id.
    """

    pool: Pool | None
    pool_detail: str | None
    queue_depth: int | None
    backlog: Backlog | None
    queues: list[Queue] | None
    failures: Failures | None
    filenames: dict[str, str]
    videos: dict[str, int] | None
    servers: list[ServerHealth]
    versions: dict[str, str]
