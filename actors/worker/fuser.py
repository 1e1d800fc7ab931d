"""The Ray actor "fuser": settings tried and applied while the pool decodes.

A fusion takes a second, a chunk of video many: behind chunks it would wait for one to end. So it has a
process of its own, without weights, that keeps the tracks of the last videos in memory. It may be away at any
time, or have enough to do: bridges then go to the pool. Knows Ray; what it does is in `worker.fusing`.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import Any

import ray
import structlog

from actors.detached import find_or_create
from actors.tasks import Kind, Outcome, Task
from actors.version import POOL, version_of
from actors.worker.analyser import LIBRARY, make_analyser
from actors.worker.fusing import FusingShop
from actors.worker.state import WorkState
from cluster.contract.actor_names import FUSER_NAME
from cluster.settings import Settings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.telemetry import logs, tracing

CALLS = 64
"""At once: one works, the others wait for it or are answered beside it."""
CONTROL_CALLS = 4  # beside these: who is asked how it is must answer, however many wait
FUSIONS_WAITING = 8  # at most; with more, the pool's many actors are sooner done

log = structlog.get_logger(__name__)


class Fuser:
    """Speaks the pool's language: `run`, `cancel`, `ping`, `stop`."""

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        tracing.configure(settings.tracing, "fuser")
        self._version = version_of(POOL, settings)
        self._working = threading.Lock()
        self._changing = threading.Lock()
        self._waiting: dict[int, Task] = {}
        self._ended = threading.Event()  # of what is in hand
        self._state = WorkState()
        self._results = Results(settings.mongodb_url, settings.mongodb_database)
        library = make_analyser(analyser, device="cpu", threads=1, limits=settings.limits)
        media = MediaStore(settings.media_url)
        copies = MediaCache(settings.media_cache_dir, settings.media.cache_bytes)
        self._shop = FusingShop(library, self._results, media, copies)
        self._state.ready()
        log.info("fuser ready", pid=os.getpid())

    def run(self, task: dict[str, Any]) -> dict[str, Any]:
        """A Task as dict in, an Outcome as dict out; that of a PREVIEW holds the segments."""
        wanted = Task.from_dict(task)
        if wanted.kind is Kind.PLAN:  # looked up, which waits for nobody's fusion
            return self._shop.do(wanted, self._state).to_dict()
        with self._changing:
            if wanted.kind is Kind.FUSE and len(self._waiting) >= FUSIONS_WAITING:
                return Outcome.unavailable("Enough fusions wait for the fuser.").to_dict()
            self._waiting[id(wanted)] = wanted
        with self._working:
            refused = self._refused(wanted)
            if refused is not None:
                return refused.to_dict()
            try:
                return self._shop.do(wanted, self._state).to_dict()
            finally:
                self._state.end()
                self._ended.set()

    def _refused(self, wanted: Task) -> Outcome | None:
        """Why it is not done now that it is its turn; None: it has begun."""
        with self._changing:  # a cancellation meets it either waiting or begun
            if self._waiting.pop(id(wanted), None) is None:
                return Outcome.cancelled()
            if not self._state.begin(wanted):
                return Outcome.unavailable("The fuser is being stopped.")
            self._ended = threading.Event()
        return None

    @ray.method(concurrency_group="control")
    def cancel(self, video_id: str, epoch: int) -> bool:
        """Give up what waits or is in hand for this lease of the video or an older one; returns when it has
        ended.
        """
        with self._changing:
            for number, task in list(self._waiting.items()):
                if task.video_id == video_id and task.epoch <= epoch:
                    del self._waiting[number]
            ended = self._ended if self._state.cancel(video_id, epoch) else None
        if ended is not None:
            ended.wait()
            log.info("fusion given up", video_id=video_id)
        return True

    @ray.method(concurrency_group="control")
    def ping(self) -> dict[str, Any]:
        """Who this is; `wanted` as the pool's."""
        return {"pid": os.getpid(), "version": self._version, "wanted": 1}

    @ray.method(concurrency_group="control")
    def stop(self) -> bool:
        """Take nothing new and end what is in hand; False when that takes long."""
        ended = self._state.stop(timeout_s=5.0)
        if ended:
            self._results.close()
        tracing.shutdown()
        return ended


@lru_cache(maxsize=1)
def _fuser_class() -> Any:
    options: dict[str, Any] = {"max_concurrency": CALLS, "concurrency_groups": {"control": CONTROL_CALLS}}
    return ray.remote(**options)(Fuser)


def find_or_create_fuser(settings: Settings, analyser: str) -> Any:
    """The handle of the fuser of this namespace, created if there is none."""
    return find_or_create(_fuser_class(), FUSER_NAME, settings.ray_namespace, settings, analyser)
