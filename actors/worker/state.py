"""State of a segmenter's current task: written by the thread that works, read by those that answer pings.

Thread-safe. `beat` is the number by which the pool tells a slow task from a hung one: it changes whenever the
task advances, by frames or, before the first frame, by bytes read from the file. Imports no Ray and nothing
of the segmentation library.
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
"""Bytes read that change `beat` by one. Not every byte counts, because answering a ping reads a few hundred
bytes of /proc itself, and a hung task would look alive. 1 MiB, no measurement: reached in 60 s (the pool's
`stuck_after_s`) by anything faster than 17 kB/s."""

STORE_TICK_S = 1.0
"""Seconds of waiting for a store that change `beat` by one: below the pool's `ping_interval_s`, 2 s, so that
every ping of a waiting task sees another number."""
STORE_PATIENCE_S = 600.0
"""Seconds for which waiting for a store counts as progress. The stores' clients give up by themselves, after
some minutes in all, and the task becomes UNAVAILABLE; if the pool declared the actor hung before, the failure
would be counted against the video."""


class SegmenterState(StrEnum):
    """STARTING: loads weights. IDLE: waits for a task. WORKING: executes one. DRAINING: takes no new one."""

    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class WorkSnapshot:
    """The state at one moment. `beat`: see the module. `since_s`: seconds in this state or at this task."""

    state: SegmenterState
    video_id: str | None
    kind: str | None
    chunk: int | None
    frames_done: int
    beat: int
    since_s: float


class WorkState:
    """One task at a time, its progress, and whether it has been cancelled. Thread-safe."""

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
        """The weights are loaded: tasks may come."""
        with self._changed:
            self._enter(SegmenterState.DRAINING if self._draining else SegmenterState.IDLE, None)

    def begin(self, task: Task) -> bool:
        """A task begins; False, and it does not, while draining."""
        with self._changed:
            if self._draining:
                return False
            self._frames_done = 0
            self._cancelled = False
            self._enter(SegmenterState.WORKING, task)
            return True

    def end(self) -> None:
        """The task has ended, whatever its outcome."""
        with self._changed:
            self._enter(SegmenterState.DRAINING if self._draining else SegmenterState.IDLE, None)
            self._changed.notify_all()

    def frames(self, count: int) -> None:
        """`count` frames of the task are done by now."""
        with self._changed:
            self._frames_done = count
            self._steps += 1

    def step(self) -> None:
        """Progress that is not a frame: a stage begins, a keyframe is stored. Within `at_store`, the patience
        begins again."""
        with self._changed:
            self._steps += 1
            self._wait_anew(waiting=self._store_since is not None)

    @contextmanager
    def at_store(self) -> Iterator[None]:
        """Around a call that waits for a store: waiting counts as progress for STORE_PATIENCE_S."""
        with self._changed:
            self._wait_anew(waiting=True)
        try:
            yield
        finally:
            with self._changed:
                self._wait_anew(waiting=False)

    def should_stop(self) -> bool:
        """Whether the task in hand is cancelled."""
        return self._cancelled

    def cancel(self, video_id: str, epoch: int) -> bool:
        """Cancel the task in hand if it belongs to this lease epoch of the video or an older one.

        True if it does.
        """
        with self._changed:
            task = self._task
            if task is None or task.video_id != video_id or task.epoch > epoch:
                return False
            self._cancelled = True
            return True

    def drain(self) -> None:
        """Take no new task."""
        with self._changed:
            self._draining = True
            if self._state is SegmenterState.IDLE:
                self._enter(SegmenterState.DRAINING, None)

    def stop(self, timeout_s: float) -> bool:
        """Take no new task, cancel the one in hand and wait for its end; False when `timeout_s` is over."""
        with self._changed:
            self._draining = True
            self._cancelled = True
            return self._changed.wait_for(lambda: self._task is None, timeout_s)

    def snapshot(self) -> WorkSnapshot:
        """All that a ping tells, as one consistent view."""
        read = self._bytes_read() // READ_STEP_BYTES
        with self._changed:
            task = self._task
            return WorkSnapshot(
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
        if io_counters is None:  # psutil 7 has none on macOS: there, only frames and steps change `beat`
            return 0
        try:
            counters = io_counters()
        except psutil.AccessDenied:  # hardened kernels hide /proc/self/io: only frames and steps then
            return 0
        return int(getattr(counters, "read_chars", counters.read_bytes))
