"""What a segmenter is doing right now: written by its work lane, read by its control lane.

Thread-safe; knows no Ray and no library. `beat` is what the pool watches: a number that changes whenever
the work advances, be it by frames or, before the first frame, by bytes read from the file.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import psutil

from actors.tasks import Task

READ_STEP_BYTES = 1 << 20
"""Reading counts as progress by the MiB: answering a ping reads a few hundred bytes of /proc itself."""


STORE_TICK_S = 1.0
STORE_PATIENCE_S = 600.0
"""Waiting for a store counts as progress for so long: its client has time limits of its own, some minutes in
all, after which it says that the store is away. A work lane that stood still would be its video's fault."""


class SegmenterState(StrEnum):
    """STARTING: loading weights; DRAINING: finishes what it has and takes nothing new."""

    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Glance:
    """A consistent view of the work. `since_s`: seconds in this state or at this task."""

    state: SegmenterState
    video_id: str | None
    kind: str | None
    chunk: int | None
    frames_done: int
    beat: int
    since_s: float


class WorkState:
    """One task at a time, and whether it shall be given up."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state = SegmenterState.STARTING
        self._task: Task | None = None
        self._since = time.monotonic()
        self._frames_done = 0
        self._steps = 0
        self._cancelled = False
        self._draining = False
        self._store_since: float | None = None
        self._process = psutil.Process()

    def ready(self) -> None:
        """Weights are loaded."""
        with self._changed:
            self._enter(SegmenterState.DRAINING if self._draining else SegmenterState.IDLE, None)

    def begin(self, task: Task) -> bool:
        """Take a task; False when draining."""
        with self._changed:
            if self._draining:
                return False
            self._frames_done = 0
            self._cancelled = False
            self._enter(SegmenterState.WORKING, task)
            return True

    def end(self) -> None:
        """The task has an outcome."""
        with self._changed:
            self._enter(SegmenterState.DRAINING if self._draining else SegmenterState.IDLE, None)
            self._changed.notify_all()

    def frames(self, count: int) -> None:
        """`count` frames of this task are done by now."""
        with self._changed:
            self._frames_done = count
            self._steps += 1

    def step(self) -> None:
        """Some progress that is not a frame: a stage begins, a keyframe is stored."""
        with self._changed:
            self._steps += 1
            self._wait_anew(waiting=self._store_since is not None)

    @contextmanager
    def at_store(self) -> Iterator[None]:
        """For a block that waits for a store; steps within it begin its patience anew."""
        with self._changed:
            self._wait_anew(waiting=True)
        try:
            yield
        finally:
            with self._changed:
                self._wait_anew(waiting=False)

    def should_stop(self) -> bool:
        """Whether the task in hand was cancelled."""
        return self._cancelled

    def cancel(self, video_id: str, epoch: int) -> bool:
        """Give up the task in hand if it belongs to this lease of this video or to an older one."""
        with self._changed:
            task = self._task
            if task is None or task.video_id != video_id or task.epoch > epoch:
                return False
            self._cancelled = True
            return True

    def drain(self) -> None:
        """Take nothing new."""
        with self._changed:
            self._draining = True
            if self._state is SegmenterState.IDLE:
                self._enter(SegmenterState.DRAINING, None)

    def stop(self, timeout_s: float) -> bool:
        """Take nothing new, give up what is in hand, wait for its end; False when that takes longer."""
        with self._changed:
            self._draining = True
            self._cancelled = True
            return self._changed.wait_for(lambda: self._task is None, timeout_s)

    def glance(self) -> Glance:
        """Everything a ping tells."""
        read = self._bytes_read() // READ_STEP_BYTES
        with self._changed:
            task = self._task
            return Glance(
                state=self._state,
                video_id=task.of_video if task else None,
                kind=task.kind.value if task else None,
                chunk=task.chunk if task and task.chunk >= 0 else None,
                frames_done=self._frames_done,
                beat=self._steps + self._store_ticks() + read,
                since_s=time.monotonic() - self._since,
            )

    def _wait_anew(self, *, waiting: bool) -> None:
        self._steps += self._store_ticks()
        self._store_since = time.monotonic() if waiting else None

    def _store_ticks(self) -> int:
        if self._store_since is None:
            return 0
        return int(min(time.monotonic() - self._store_since, STORE_PATIENCE_S) / STORE_TICK_S)

    def _enter(self, state: SegmenterState, task: Task | None) -> None:
        self._state = state
        self._task = task
        self._since = time.monotonic()
        self._steps += 1

    def _bytes_read(self) -> int:
        io_counters = getattr(self._process, "io_counters", None)
        if io_counters is None:  # macOS has none: frames alone tell of progress there
            return 0
        try:
            counters = io_counters()
        except psutil.AccessDenied:  # hardened kernels hide /proc/self/io: frames alone tell then
            return 0
        return int(getattr(counters, "read_chars", counters.read_bytes))
