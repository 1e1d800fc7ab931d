"""The Ray actor "fuser": fuses tracks while the pool's actors decode.

A fusion takes about a second, a chunk many seconds: in the pool's queue a fusion would wait until a chunk
ends. So it runs in a process of its own, which keeps the tracks of the last videos in memory, and of all
weights loads only the model of meaning, when something is searched by it or made ready for that. The fuser
may be away or full at any time; bridges then send the fusion to the pool. Knows Ray and the stores'
addresses; the work itself is in `worker.fusing` and `worker.embedding`.
"""

from __future__ import annotations

import os
import threading
from functools import lru_cache, partial
from typing import Any

import ray
import structlog

from actors.detached import find_or_create
from actors.meaning_model import meaning_model
from actors.oom_score import spare_this_process
from actors.tasks import Outcome, Task, TaskKind
from actors.version import POOL, version_of
from actors.worker.analyser import LIBRARY, make_analyser
from actors.worker.embedding import EmbeddingHandler
from actors.worker.fusing import FusionHandler
from actors.worker.state import WorkState
from cluster.contract.actor_names import FUSER_NAME
from cluster.settings import Settings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.telemetry import logs, tracing

CALLS = 64
"""Calls that Ray runs at once (threads): one fuses, the others wait for it or only look a plan up. No
measurement; well above FUSIONS_WAITING, so that a previous one never keeps a look-up from its thread."""
CONTROL_CALLS = 4
"""Threads of the concurrency group "control", apart from CALLS: ping, cancel and stop are answered however
many fusions wait. No measurement; a cancel blocks its thread until the fusion has ended."""
FUSIONS_WAITING = 8
"""Fusions that may wait at most; a further one is UNAVAILABLE and goes to the pool. No measurement: beyond
some seconds of waiting, the pool's many actors are done sooner."""
WITHOUT_TURN = (TaskKind.PLAN, TaskKind.FRAMES, TaskKind.EMBED)
"""Look-ups in the store, and vectors of texts, which wait for no fusion."""

log = structlog.get_logger(__name__)


class Fuser:
    """Executes PLAN, FUSE, PREVIEW, LEARN, FRAMES and EMBED tasks, one fusion at a time. Its methods are
    called like the pool's: `run`, `cancel`, `ping`, `stop`.

    Thread-safe: Ray calls it from many threads. `_working` is held by the one that fuses, `_changing` guards
    the list of those that wait.
    """

    def __init__(self, settings: Settings, analyser: str = LIBRARY) -> None:
        logs.configure(settings)
        spare_this_process()
        tracing.configure(settings.tracing, "fuser")
        self._version = version_of(POOL, settings)
        self._working = threading.Lock()
        self._changing = threading.Lock()
        self._waiting: dict[int, Task] = {}
        self._ended = threading.Event()  # set when the fusion in hand has ended
        self._state = WorkState()
        self._results = Results(settings.mongodb_url, settings.mongodb_database)
        library = make_analyser(analyser, device="cpu", threads=1, limits=settings.limits)
        media = MediaStore(settings.media_url)
        copies = MediaCache(settings.media_cache_dir, settings.media.cache_bytes)
        embedding = EmbeddingHandler(partial(meaning_model, settings, threads=1))
        self._handler = FusionHandler(library, self._results, media, copies, embedding)
        self._state.ready()
        log.info("fuser ready", pid=os.getpid())

    def run(self, task: dict[str, Any]) -> dict[str, Any]:
        """Execute a Task (as dict), return its Outcome (as dict); that of a PREVIEW holds the segments.

        Blocks while another fusion is in hand.
        """
        wanted = Task.from_dict(task)
        if wanted.kind in WITHOUT_TURN:
            return self._handler.do(wanted, self._state).to_dict()
        with self._changing:
            if wanted.kind is TaskKind.FUSE and len(self._waiting) >= FUSIONS_WAITING:
                return Outcome.unavailable("Enough fusions wait for the fuser.").to_dict()
            self._waiting[id(wanted)] = wanted
        with self._working:
            refused = self._refused(wanted)
            if refused is not None:
                return refused.to_dict()
            try:
                return self._handler.do(wanted, self._state).to_dict()
            finally:
                self._state.end()
                self._ended.set()

    def _refused(self, wanted: Task) -> Outcome | None:
        """Outcome of a task that is not begun although its turn has come; None: it has begun."""
        with self._changing:  # atomic: a cancel finds the task either waiting or begun
            if self._waiting.pop(id(wanted), None) is None:
                return Outcome.cancelled()
            if not self._state.begin(wanted):
                return Outcome.unavailable("The fuser is being stopped.")
            self._ended = threading.Event()
        return None

    @ray.method(concurrency_group="control")
    def cancel(self, video_id: str, epoch: int) -> bool:
        """Drop the waiting and stop the running fusion of this lease epoch of the video or an older one.

        Returns when they have ended.
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
        """Process id and version. `wanted`, as in the pool's ping: how many actors do tasks, here one."""
        return {"pid": os.getpid(), "version": self._version, "wanted": 1}

    @ray.method(concurrency_group="control")
    def stop(self) -> bool:
        """Take nothing new and end the fusion in hand; False when that takes more than 5 s."""
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
    """Handle of the detached actor "fuser" in the settings' Ray namespace; created if there is none."""
    return find_or_create(_fuser_class(), FUSER_NAME, settings.ray_namespace, settings, analyser)
