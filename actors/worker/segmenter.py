"""The Ray actor "segmenter": executes one task at a time on one thread, answers questions on others.

The threads are Ray concurrency groups: "work" loads the weights and executes tasks, "control" answers pings
and cancels meanwhile. Knows Ray and the stores' addresses; how a task is executed is in `worker.handler`, the
state that both groups share in `worker.state`.
"""

from __future__ import annotations

import os
import socket
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
import structlog

from actors.meaning_model import meaning_model
from actors.segmentation.limits import Limits
from actors.speech_model import speech_model
from actors.tasks import Outcome, Task
from actors.worker import memory
from actors.worker.analyser import Analyser, make_analyser
from actors.worker.clips import ClipHandler
from actors.worker.handler import TaskHandler
from actors.worker.proxies import ProxyHandler
from actors.worker.state import WorkState
from cluster.settings import Settings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.words.job import SCREEN, SPEECH
from cluster.telemetry import logs, tracing

LANES = {"work": 1, "control": 2}
"""Threads of each concurrency group. One for work, since a device and its weights serve one task at a time;
two for control, so that a `destroy`, which blocks until the task has ended, does not silence the pings."""

if TYPE_CHECKING:
    from actors.worker.words.recognition import Recognition

log = structlog.get_logger(__name__)


class Segmenter:
    """One process of the pool, with the share of a GPU that Ray assigns. `setup` does what takes long."""

    def __init__(self, *, settings: Settings, analyser: str, device: str, threads: int) -> None:
        logs.configure(settings)
        tracing.configure(settings.tracing, "segmenter")
        self._settings = settings
        self._analyser_name = analyser
        self._device = device
        self._threads = threads
        self._state = WorkState()
        self._analyser: Analyser | None = None
        self._handler: TaskHandler | None = None
        self._results: Results | None = None

    @ray.method(concurrency_group="work")
    def setup(self) -> None:
        """Load the weights and open the stores. An exception makes this actor's start fail, not a video."""
        self._analyser = make_analyser(
            self._analyser_name, device=self._device, threads=self._threads, limits=self._settings.limits
        )
        self._analyser.load()
        self._results = Results(self._settings.mongodb_url, self._settings.mongodb_database)
        media = MediaStore(self._settings.media_url)
        copies = MediaCache(self._settings.media_cache_dir, self._settings.media.cache_bytes)
        clips_dir = Path(self._settings.var_dir) / "cache" / "clips"
        limits = Limits(**self._settings.limits.model_dump())
        read_from = (self._results, media, copies, clips_dir)
        clips = ClipHandler(*read_from, limits=limits, threads=self._threads)
        proxies = ProxyHandler(*read_from, limits=limits, threads=self._threads)
        find_model = partial(speech_model, self._settings, device=self._device, threads=self._threads)
        # imported here: they need torch, and pool and bridges, which start segmenters, import this module
        from actors.worker.words.handler import WordsHandler
        from actors.worker.words.screen import ScreenRecognition
        from actors.worker.words.speech import SpeechRecognition

        recognitions: dict[str, Recognition] = {
            SPEECH: SpeechRecognition(
                find_model, limits, partial(meaning_model, self._settings, threads=self._threads)
            ),
            SCREEN: ScreenRecognition(limits, threads=self._threads),
        }
        words = WordsHandler(self._results, media, copies, recognitions)
        self._handler = TaskHandler(
            self._analyser,
            self._results,
            media,
            copies,
            clips=clips,
            words=words,
            proxies=proxies,
            memory_bytes=self._settings.actors.memory_bytes or memory.share_bytes(self._threads),
        )
        self._handler.device = "cpu" if self._device == "cpu" else "gpu"
        self._state.ready()
        log.info("segmenter ready", pid=os.getpid(), device=self._device, threads=self._threads)

    @ray.method(concurrency_group="work")
    def work(self, task: dict[str, Any]) -> dict[str, Any]:
        """Execute a Task (as dict); return its Outcome (as dict) and `took_s`.

        Large results go to the stores, not through Ray.
        """
        assert self._handler is not None, "setup comes first"
        began = time.monotonic()
        wanted = Task.from_dict(task)
        if not self._state.begin(wanted):
            return Outcome.unavailable("This segmenter is being retired.").to_dict()
        try:
            outcome = self._handler.do(wanted, self._state)
            return {**outcome.to_dict(), "took_s": time.monotonic() - began}
        finally:
            self._state.end()

    @ray.method(concurrency_group="control")
    def ping(self) -> dict[str, Any]:
        """Process, node, device, task in hand, progress (`beat`) and memory; answered while a task runs."""
        snapshot = self._state.snapshot()
        gpus = ray.get_gpu_ids()
        return {
            "pid": os.getpid(),
            "node": socket.gethostname(),
            "node_id": ray.get_runtime_context().get_node_id(),
            "device": f"gpu {','.join(str(gpu) for gpu in gpus)}" if gpus else "cpu",
            "state": snapshot.state.value,
            "video_id": snapshot.video_id,
            "kind": snapshot.kind,
            "chunk": snapshot.chunk,
            "frames_done": snapshot.frames_done,
            "beat": snapshot.beat,
            "since_s": snapshot.since_s,
            **memory.usage(),
        }

    @ray.method(concurrency_group="control")
    def cancel(self, video_id: str, epoch: int) -> bool:
        """Stop the task in hand if it belongs to this lease epoch of the video or an older one.

        True if it does.
        """
        return self._state.cancel(video_id, epoch)

    @ray.method(concurrency_group="control")
    def drain(self) -> None:
        """Finish the task in hand and take no other."""
        self._state.drain()

    @ray.method(concurrency_group="control")
    def destroy(self, timeout_s: float) -> bool:
        """Stop the task in hand and close; False when the task did not end within `timeout_s`."""
        ended = self._state.stop(timeout_s)
        if ended and self._analyser is not None:
            self._analyser.close()
        if ended and self._results is not None:
            self._results.close()
        tracing.shutdown()
        return ended


@lru_cache(maxsize=1)
def segmenter_class() -> Any:
    """The Ray actor class, made on first use: decorating needs no Ray cluster, but LANES as options."""
    options: dict[str, Any] = {"concurrency_groups": LANES}
    return ray.remote(**options)(Segmenter)
