"""Computes the values that `scenestream top` shows from documents of the HTTP API; draws nothing.

Uses the client and no store, so it works on any machine that reaches the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from cluster.client import Client, Video
from cluster.client.types import Cluster, PoolActor
from cluster.contract.vocabulary import INTERACTIVE

RUNNING_SHOWN = 20
FAILURES_SHOWN = 5
"""Rows of the two lists of videos."""

_WORKING = frozenset({"working", "draining"})


@dataclass(frozen=True, slots=True)
class Actor:
    """A segmentation actor. `frames_per_s`: in its present chunk; `video_s_per_s`: over the last minutes."""

    name: str
    node: str | None
    device: str | None
    state: str
    video_id: str | None
    kind: str | None
    chunk: int | None
    frames_per_s: float | None
    video_s_per_s: float | None
    rss_bytes: int | None
    gpu_bytes: int | None
    replaced: int


@dataclass(frozen=True, slots=True)
class RunningVideo:
    """A video that is being processed; `fraction` of the work done, 0..1."""

    id: str
    filename: str
    state: str
    priority: str
    fraction: float
    chunks_done: int
    chunks_total: int | None
    eta_s: float | None
    attempt: int


@dataclass(frozen=True, slots=True)
class FailedVideo:
    """A video that failed."""

    id: str
    filename: str
    code: str
    message: str
    finished_at: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits of one kind of work; `oldest_s`: how long the oldest has waited."""

    work: str
    priority: str | None
    waiting: int
    running: int
    oldest_s: float | None


@dataclass(frozen=True, slots=True)
class View:
    """All values. None: the API does not know it. `throughput` is in seconds of video per second.

    `frames_per_s`: of each minute of the last hour, oldest first. `failed_hour`, `failed_day`: work of all
    kinds that failed in the last hour and day.
    """

    servers: dict[str, str | None]
    queue_depth: int | None
    backlog_s: float | None
    backlog_videos: int | None
    videos: dict[str, int]
    pool_detail: str | None
    wanted: int | None
    queued: int | None
    dispatch_ms: float | None
    throughput: float
    frames_per_s: tuple[float, ...] | None = None
    failed_hour: int | None = None
    failed_day: int | None = None
    queues: tuple[Queue, ...] = ()
    actors: tuple[Actor, ...] = ()
    running: tuple[RunningVideo, ...] = ()
    failed: tuple[FailedVideo, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def drained_in_s(self) -> float | None:
        """Seconds until the backlog is done at the present throughput; None if unknown."""
        if self.backlog_s is None or self.throughput <= 0:
            return None
        return self.backlog_s / self.throughput

    def to_dict(self) -> dict[str, Any]:
        """The document of `--json`."""
        return {**asdict(self), "drained_in_s": self.drained_in_s}


def look(client: Client) -> View:
    """Read the API once. Raises the client's ScenestreamErrors."""
    running = [*islice(client.videos(state="running"), RUNNING_SHOWN)]
    running += islice(client.videos(state="finalizing"), RUNNING_SHOWN - len(running))
    failed = islice(client.videos(state="failed"), FAILURES_SHOWN)
    return view_of(client.cluster(), running, [*failed])


def view_of(cluster: Cluster, running: Sequence[Video], failed: Sequence[Video]) -> View:
    """Make the view of the API's documents. A server that is older lacks some of the keys."""
    pool = cluster["pool"]
    actors = tuple(_actor(row) for row in pool["actors"]) if pool else ()
    backlog, failures = cluster.get("backlog"), cluster.get("failures")
    history = pool.get("history") if pool else None
    known_by_pool_s = pool.get("backlog_s") if pool else None
    return View(
        servers={
            one["name"]: None if one["healthy"] else one["detail"] or "does not answer"
            for one in cluster["servers"]
        },
        queue_depth=cluster["queue_depth"],
        backlog_s=backlog["seconds"] if backlog else known_by_pool_s,
        backlog_videos=backlog["videos"] if backlog else None,
        videos=cluster["videos"] or {},
        pool_detail=cluster["pool_detail"],
        wanted=pool["wanted"] if pool else None,
        queued=pool["queued"] if pool else None,
        dispatch_ms=pool.get("dispatch_ms") if pool else None,
        throughput=sum(actor.video_s_per_s or 0.0 for actor in actors if actor.state in _WORKING),
        frames_per_s=tuple(history["frames_per_s"]) if history else None,
        failed_hour=sum(count["hour"] for count in failures["counts"]) if failures else None,
        failed_day=sum(count["day"] for count in failures["counts"]) if failures else None,
        queues=tuple(
            Queue(queue["work"], queue["priority"], queue["waiting"], queue["running"], queue["oldest_s"])
            for queue in cluster.get("queues") or ()
        ),
        actors=actors,
        running=tuple(_running(video) for video in running),
        failed=tuple(_failed(video) for video in failed),
        versions=cluster["versions"],
    )


def _actor(row: PoolActor) -> Actor:
    frames, since_s = row["frames_done"], row["since_s"]
    return Actor(
        name=row["actor"],
        node=row["node"],
        device=row["device"],
        state=row["state"],
        video_id=row["video_id"],
        kind=row["kind"],
        chunk=row["chunk"],
        frames_per_s=frames / since_s if frames and since_s else None,
        video_s_per_s=row.get("video_s_per_s"),
        rss_bytes=row.get("rss_bytes"),
        gpu_bytes=row.get("gpu_bytes"),
        replaced=row.get("replaced", 0),
    )


def _running(video: Video) -> RunningVideo:
    progress = video["progress"]
    return RunningVideo(
        id=video["id"],
        filename=video["filename"],
        state=video["state"],
        priority=video.get("priority", INTERACTIVE),
        fraction=progress["fraction"],
        chunks_done=progress["chunks_done"],
        chunks_total=progress["chunks_total"],
        eta_s=progress["eta_s"],
        attempt=video["attempt"],
    )


def _failed(video: Video) -> FailedVideo:
    error = video["error"] or {"code": "", "message": ""}
    return FailedVideo(video["id"], video["filename"], error["code"], error["message"], video["finished_at"])
