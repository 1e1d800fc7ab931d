"""Metrics of bridge, pool, fuser and segmenters: the one table of their names, and helpers that set them.

All go through `cluster.telemetry.metering`, so nothing is recorded outside Ray. A test compares the dashboard
and the alerts in configs/ with this table. Knows no store; it is called with plain values.
"""

from __future__ import annotations

import os
import socket
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache

from cluster.contract.vocabulary import ACTOR_STATES
from cluster.contract.wire.cluster import PoolActor
from cluster.telemetry.metering import Counter, Gauge, Histogram, Instrument

_SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Upper bounds of histogram buckets, in seconds: for calls between processes."""
_WORK_S = (0.05, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 600.0)
"""The same for tasks and their stages, up to 10 minutes."""
_WAIT_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""The same for whole videos, up to a day."""

POOL_ACTORS = Gauge("scenestream_pool_actors", "Segmentation actors by state", ("state",))
POOL_WANTED = Gauge("scenestream_pool_wanted", "Segmentation actors that are wanted")
POOL_QUEUED = Gauge("scenestream_pool_queued_tasks", "Tasks that wait for an actor")
POOL_BACKLOG_S = Gauge("scenestream_pool_backlog_seconds", "Seconds of video that are not analysed yet")
ACTOR_SPEED = Gauge("scenestream_actor_video_speed", "Seconds of video per second of work", ("actor",))
ACTOR_RSS = Gauge("scenestream_actor_rss_bytes", "Memory of a segmentation actor", ("actor",))
ACTOR_GPU = Gauge("scenestream_actor_gpu_bytes", "GPU memory that its torch has reserved", ("actor",))
ACTORS_LOST = Counter("scenestream_actors_lost", "Segmentation actors that died, stood still or crashed")
TASKS = Counter("scenestream_tasks", "Tasks by outcome", ("kind", "status"))
TASKS_LOST = Counter("scenestream_tasks_lost", "Tasks whose actor was lost; done again elsewhere", ("kind",))
DISPATCH_S = Histogram(
    "scenestream_dispatch_seconds",
    "Overhead of a task: from the moment an actor is free for it to its outcome, less the work",
    _SHORT_S,
)

TASK_S = Histogram("scenestream_task_seconds", "Duration of a task on its actor", _WORK_S, ("kind",))
STAGE_S = Histogram("scenestream_stage_seconds", "Duration of a stage of a task", _WORK_S, ("stage",))
FRAMES = Counter("scenestream_frames", "Frames analysed", ("actor", "device"))
VIDEO_S = Counter("scenestream_analysed_video_seconds", "Seconds of video analysed", ("device",))

LEASES_HELD = Gauge(
    "scenestream_leases_held", "Videos, orders of clips and imports in hand on a bridge", ("bridge", "work")
)
LEASES_LOST = Counter(
    "scenestream_leases_lost", "Leases that went to another holder, or ran out, by kind of work", ("work",)
)
LEASED_ENDED = Counter(
    "scenestream_leased_work_ended",
    "Videos, orders of clips and imports whose lease holder said how they ended",
    ("work", "state"),
)
VIDEOS_ENDED = Counter("scenestream_videos_ended", "Videos by how their work ended", ("state", "code"))
TASKS_RETURNED = Counter("scenestream_tasks_returned", "Tasks a bridge has to ask for again", ("status",))
QUEUED_S = Histogram(
    "scenestream_queued_seconds", "From submission to the first claim", _WAIT_S, ("priority",)
)
FIRST_SEGMENT_S = Histogram(
    "scenestream_first_segment_seconds", "From submission to the first segments", _WAIT_S, ("priority",)
)
JOB_S = Histogram("scenestream_job_seconds", "From the claim of a video to the end of that work", _WAIT_S)

TABLE: tuple[Instrument, ...] = tuple(value for value in globals().values() if isinstance(value, Instrument))
"""Every metric above."""


@lru_cache(maxsize=1)
def this_process() -> str:
    """The value of the label `actor` or `bridge` for this process: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def pool_seen(rows: Sequence[PoolActor], *, wanted: int, queued: int, backlog_s: float) -> None:
    """Set the gauges of the pool, about every second; `rows` are those of its snapshot."""
    states = Tally(row["state"] for row in rows)
    for state in ACTOR_STATES:
        POOL_ACTORS.set(states[state], state=state)
    POOL_WANTED.set(wanted)
    POOL_QUEUED.set(queued)
    POOL_BACKLOG_S.set(backlog_s)
    for row in rows:
        if row["pid"] is None:
            continue
        actor = f"{row['node']}:{row['pid']}"
        for gauge, value in (
            (ACTOR_SPEED, row["video_s_per_s"]),
            (ACTOR_RSS, row["rss_bytes"]),
            (ACTOR_GPU, row["gpu_bytes"]),
        ):
            if value is not None:
                gauge.set(value, actor=actor)


def chunk_done(frames: int, video_s: float, device: str) -> None:
    """Count a chunk that has been analysed and stored."""
    FRAMES.add(frames, actor=this_process(), device=device)
    VIDEO_S.add(video_s, device=device)


def job_began(created_at: datetime, priority: str) -> None:
    """Observe how long a new video was queued, when a bridge claims it for the first time."""
    QUEUED_S.observe(_since(created_at), priority=priority)


def first_segments(created_at: datetime, priority: str) -> None:
    """Observe how long a new video took until its first chunk was stored."""
    FIRST_SEGMENT_S.observe(_since(created_at), priority=priority)


def video_ended(state: str, code: str = "") -> None:
    """Count a video whose work ended: done, failed (with the code of its error) or cancelled."""
    VIDEOS_ENDED.add(state=state, code=code)


@contextmanager
def timed(histogram: Histogram, **tags: str) -> Iterator[None]:
    """Observe how long the block takes, also when it raises."""
    began = time.monotonic()
    try:
        yield
    finally:
        histogram.observe(time.monotonic() - began, **tags)


def _since(moment: datetime) -> float:
    return (datetime.now(UTC) - moment).total_seconds()
