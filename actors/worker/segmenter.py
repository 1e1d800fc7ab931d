"""The segmentation actor: weights and one task at a time on its work lane, answers on its control lane.

Knows Ray's lanes (concurrency groups) and the stores' addresses; what a task is made of is in
`worker.handler`, what it is doing now in `worker.state`.
"""

from __future__ import annotations

import os
import socket
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import ray
import structlog

from actors.segmentation.limits import Limits
from actors.tasks import Outcome, Task
from actors.worker import memory
from actors.worker.analyser import Analyser, make_analyser
from actors.worker.clips import ClipMaker
from actors.worker.handler import Workshop
from actors.worker.state import WorkState
from cluster.settings import Settings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.telemetry import logs, tracing

LANES = {"work": 1, "control": 2}

log = structlog.get_logger(__name__)


class Segmenter:
    """One process, `num_gpus` of Ray's making. Cheap to construct; `setup` does what takes long."""

    def __init__(self, *, settings: Settings, analyser: str, device: str, threads: int) -> None:
        logs.configure(settings)
        tracing.configure(settings.tracing, "segmenter")
        self._settings = settings
        self._analyser_name = analyser
        self._device = device
        self._threads = threads
        self._state = WorkState()
        self._analyser: Analyser | None = None
        self._workshop: Workshop | None = None
        self._results: Results | None = None

    @ray.method(concurrency_group="work")
    def setup(self) -> None:
        """Load weights and open the stores. What it raises kills this actor's start, not a video."""
        self._analyser = make_analyser(
            self._analyser_name, device=self._device, threads=self._threads, limits=self._settings.limits
        )
        self._analyser.load()
        self._results = Results(self._settings.mongodb_url, self._settings.mongodb_database)
        media = MediaStore(self._settings.media_url)
        copies = MediaCache(self._settings.media_cache_dir, self._settings.media.cache_bytes)
        clips_dir = Path(self._settings.var_dir) / "cache" / "clips"
        limits = Limits(**self._settings.limits.model_dump())
        clips = ClipMaker(self._results, media, copies, clips_dir, limits=limits, threads=self._threads)
        self._workshop = Workshop(self._analyser, self._results, media, copies, clips)
        self._workshop.device = "cpu" if self._device == "cpu" else "gpu"
        self._state.ready()
        log.info("segmenter ready", pid=os.getpid(), device=self._device, threads=self._threads)

    @ray.method(concurrency_group="work")
    def work(self, task: dict[str, Any]) -> dict[str, Any]:
        """A Task as dict in, an Outcome as dict and `took_s` out; everything large goes to the stores."""
        assert self._workshop is not None, "setup comes first"
        began = time.monotonic()
        wanted = Task.from_dict(task)
        if not self._state.begin(wanted):
            return Outcome.unavailable("This segmenter is being retired.").to_dict()
        try:
            outcome = self._workshop.do(wanted, self._state)
            return {**outcome.to_dict(), "took_s": time.monotonic() - began}
        finally:
            self._state.end()

    @ray.method(concurrency_group="control")
    def ping(self) -> dict[str, Any]:
        """Who and where, and what it is doing; answers while it works."""
        glance = self._state.glance()
        gpus = ray.get_gpu_ids()
        return {
            "pid": os.getpid(),
            "node": socket.gethostname(),
            "node_id": ray.get_runtime_context().get_node_id(),
            "device": f"gpu {','.join(str(gpu) for gpu in gpus)}" if gpus else "cpu",
            "state": glance.state.value,
            "video_id": glance.video_id,
            "kind": glance.kind,
            "chunk": glance.chunk,
            "frames_done": glance.frames_done,
            "beat": glance.beat,
            "since_s": glance.since_s,
            **memory.measured(),
        }

    @ray.method(concurrency_group="control")
    def cancel(self, video_id: str, epoch: int) -> bool:
        """Give up the work in hand if it is for this lease of this video, or an older one."""
        return self._state.cancel(video_id, epoch)

    @ray.method(concurrency_group="control")
    def drain(self) -> None:
        """Finish what is in hand and take nothing new."""
        self._state.drain()

    @ray.method(concurrency_group="control")
    def destroy(self, timeout_s: float) -> bool:
        """Give up what is in hand and close; False when the work did not end within `timeout_s`."""
        ended = self._state.stop(timeout_s)
        if ended and self._analyser is not None:
            self._analyser.close()
        if ended and self._results is not None:
            self._results.close()
        tracing.shutdown()
        return ended


@lru_cache(maxsize=1)
def segmenter_class() -> Any:
    """The Ray actor class: one thread for work, two for control."""
    options: dict[str, Any] = {"concurrency_groups": LANES}
    return ray.remote(**options)(Segmenter)
