"""What the simulation has in place of segmenters: the real task handler around an analyser that sleeps.

Plans, chunks and timelines are written to the real stores as segmenters write them; only decoding and
networks are left out, and keyframes, which go to the media store. Many stubs live in one process, a thread
for each, because 200 processes would be this machine's memory and not the pool's affair.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import ray
from pymongo import monitoring

from actors.tasks import Task, TaskKind
from actors.worker.analyser import AnalysedChunk, JoinedTracks
from actors.worker.handler import TaskHandler
from actors.worker.state import WorkState
from cluster.settings import Settings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from tests.support.stack.stub_analyser import RATE, StubAnalyser, segment

NAME = "tests.benchmarks.scale.stubs:SleepingAnalyser"
UNEVENNESS = 0.3  # chunks differ by so much of their length up or down, as pictures do
WRITES = frozenset({"insert", "update", "delete"})


def script(seconds: float, *, chunk_s: float, speed: float, payload_bytes: int) -> bytes:
    """A "video" of so many seconds, in chunks. `speed`: seconds of video an actor does in a second."""
    lengths = [chunk_s] * int(seconds // chunk_s)
    if seconds % chunk_s:
        lengths.append(seconds % chunk_s)
    chunks = [[max(int(length * RATE), 1), length] for length in lengths]
    return json.dumps({"chunks": chunks, "speed": speed, "payload_bytes": payload_bytes}).encode()


class SleepingAnalyser(StubAnalyser):
    """A chunk takes its length over the speed its video says, give or take `UNEVENNESS`."""

    def chunk(
        self,
        path: Path,
        plan: bytes,
        index: int,
        *,
        on_frames: Callable[[int], None],
        should_stop: Callable[[], bool],
        keyframe_sink: Callable[[int, bytes], None],
    ) -> AnalysedChunk:
        """Nothing is read; a shot as long as the chunk is found."""
        told = json.loads(plan)
        spec = self.planned(plan).chunks[index]
        time.sleep(spec.duration_s / told["speed"] * random.uniform(1 - UNEVENNESS, 1 + UNEVENNESS))
        shot = segment("shot", 0, spec.start_frame, spec.end_frame, "stub")
        payload = json.dumps(shot).encode().ljust(told["payload_bytes"])
        return AnalysedChunk(spec.start_frame, spec.end_frame, payload, [shot])

    def join(self, plan: bytes, chunks: Iterable[bytes]) -> JoinedTracks:
        """The size is that of what was kept, not of the padding."""
        shots = [{**json.loads(payload), "index": index} for index, payload in enumerate(chunks)]
        return JoinedTracks((self.planned(plan).media, shots), size_bytes=len(plan))


class Done(NamedTuple):
    """A chunk that was done, with the wall clock's seconds."""

    video_id: str
    owner: str
    priority: str
    cost_s: float
    began_at: float
    ended_at: float


class WriteCounter(monitoring.CommandListener):
    """Counts the commands that write, of every client this process opens later."""

    def __init__(self) -> None:
        self.writes = 0
        self.commands = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """One more."""
        self.commands += 1
        self.writes += event.command_name in WRITES

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Counted when it was started."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Counted when it was started."""


class StubHost:
    """Many stub segmenters in one process, told apart by a number (see `tests.benchmarks.scale.overhead`)."""

    def __init__(self, settings: Settings, stubs: int) -> None:
        self._counter = WriteCounter()
        monitoring.register(self._counter)
        self._settings = settings
        self._results = Results(settings.mongodb_url, settings.mongodb_database)
        self._media = MediaStore(settings.media_url)
        self._copies = MediaCache(settings.media_cache_dir, settings.media.cache_bytes)
        self._threads = ThreadPoolExecutor(stubs)
        self._handlers: dict[int, tuple[TaskHandler, WorkState, asyncio.Lock]] = {}
        self._done: list[Done] = []
        self._beat = 0

    async def setup(self, stub: int) -> None:
        analyser = SleepingAnalyser(device="cpu", threads=1, limits=self._settings.limits)
        handler = TaskHandler(analyser, self._results, self._media, self._copies)
        self._handlers[stub] = (handler, WorkState(), asyncio.Lock())

    async def ping(self, stub: int) -> dict[str, Any]:
        self._beat += 1
        node_id = ray.get_runtime_context().get_node_id()
        return {"pid": os.getpid(), "node": "stub", "node_id": node_id, "device": "cpu", "beat": self._beat}

    async def work(self, stub: int, task: dict[str, Any]) -> dict[str, Any]:
        handler, state, turn = self._handlers[stub]
        async with turn:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._do, handler, state, Task.from_dict(task))

    async def cancel(self, stub: int, video_id: str, epoch: int) -> bool:
        return self._handlers[stub][1].cancel(video_id, epoch)

    async def destroy(self, stub: int, timeout_s: float) -> bool:
        return True

    async def seen(self) -> dict[str, Any]:
        """What was done since the last call, and the commands MongoDB got from here in all."""
        done, self._done = self._done, []
        return {"done": done, "writes": self._counter.writes, "commands": self._counter.commands}

    def _do(self, handler: TaskHandler, state: WorkState, task: Task) -> dict[str, Any]:
        began, began_at = time.monotonic(), time.time()
        state.begin(task)
        try:
            outcome = handler.do(task, state).to_dict()
        finally:
            state.end()
        if task.kind is TaskKind.CHUNK:
            whose = (task.video_id, task.owner, task.priority, task.cost_s)
            self._done.append(Done(*whose, began_at, time.time()))
        return {**outcome, "took_s": time.monotonic() - began}
