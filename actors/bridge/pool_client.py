"""The bridge's way to the pool, and to the fuser, which answers alike: tasks as futures, and a watch over it.

The pool may die and come back (Ray restarts it), be gone altogether (it is created anew) or stand still (it
is killed, so that Ray restarts it). Whoever waits for a task then hears UNAVAILABLE and asks again.
Knows Ray; no store, no lease.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import ray
import structlog
from ray.exceptions import ActorDiedError, GetTimeoutError, RayError, RayTaskError

from actors.bridge.threads import Periodic
from actors.tasks import Outcome, Task
from cluster.settings import ActorSettings

WINDOW_PER_ACTOR = 2  # one chunk in work and one waiting for each actor keeps them all busy
POOL_TASKS = 8_000  # asked for at once by all; the pool takes some more than that
SMALLEST_WINDOW = 2
CANCEL_TIMEOUT_S = 15.0

log = structlog.get_logger(__name__)


class PoolClient:
    """Safe to share between threads. `find` returns the pool's handle, creating it if there is none;
    `sharers` how many videos and orders of clips share the pool, about.
    """

    def __init__(
        self, find: Callable[[], Any], settings: ActorSettings, sharers: Callable[[], int] = lambda: 1
    ) -> None:
        self._find = find
        self._settings = settings
        self._sharers = sharers
        self._lock = threading.Lock()
        self._handle: Any = None
        self._wanted = 1
        self._answered_at = time.monotonic()
        self._watch = Periodic("pool-watch", settings.ping_interval_s, self._ping)

    def start(self) -> None:
        """Begin watching the pool."""
        self._watch.start()

    def stop(self) -> None:
        """End the watch."""
        self._watch.stop()

    @property
    def wanted(self) -> int:
        """How many actors the pool wants to have, as last heard; at least 1."""
        return self._wanted

    @property
    def window(self) -> int:
        """How many chunks of one video to have under way at once: so many that it can use every actor, but
        of many videos only so many together as the pool takes.
        """
        share = POOL_TASKS // max(1, self._sharers())
        return max(SMALLEST_WINDOW, min(WINDOW_PER_ACTOR * self._wanted, share))

    def submit(self, task: Task) -> Future[Outcome]:
        """Have the pool do a task. The future never holds an exception: a lost pool is UNAVAILABLE."""
        answer: Future[Outcome] = Future()
        try:
            call: Future[Any] = self._pool().run.remote(task.to_dict()).future()
        except (RayError, ValueError) as error:
            answer.set_result(self._lost(error))
            return answer

        call.add_done_callback(lambda done: answer.set_result(self._outcome(done)))
        return answer

    def cancel(self, video_id: str, epoch: int) -> None:
        """Give up the work under this lease and wait a while for its end. A lost pool has done so already."""
        try:
            ray.get(self._pool().cancel.remote(video_id, epoch), timeout=CANCEL_TIMEOUT_S)
        except (RayError, ValueError) as error:
            self._lost(error)

    def report_backlog(self, backlog: dict[str, Any]) -> None:
        """Say how much there is to do; nobody waits for an answer. A lost pool hears it the next time."""
        try:
            self._pool().report_backlog.remote(backlog)
        except (RayError, ValueError) as error:
            self._lost(error)

    def _outcome(self, done: Future[Any]) -> Outcome:
        """Whatever it is that came back: who waits for it must hear of it."""
        try:
            answer = done.result()
        except BaseException as error:  # noqa: BLE001 - CancelledError too: this is the call's, not ours
            return self._lost(error)
        try:
            return Outcome.from_dict(answer)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning("answer cannot be read", reason=f"{type(error).__name__}: {error}")
            return Outcome.unavailable("The pool's answer cannot be read; it may be of another version.")

    def _pool(self) -> Any:
        with self._lock:
            if self._handle is None:
                self._handle = self._find()
            return self._handle

    def _lost(self, error: BaseException) -> Outcome:
        if isinstance(error, RayTaskError):  # the pool's own fault, e.g. a task of another version
            log.error("pool refused the call", reason=str(error.cause))
            return Outcome.crashed(f"{type(error.cause).__name__}: {error.cause}")
        if isinstance(error, (ActorDiedError, ValueError)):
            with self._lock:
                self._handle = None
        return Outcome.unavailable(
            f"The pool of segmentation actors does not answer ({type(error).__name__})."
        )

    def _ping(self) -> None:
        try:
            pool = self._pool()
            answer = ray.get(pool.ping.remote(), timeout=self._settings.stuck_after_s)
        except GetTimeoutError:
            self._replace(pool)
        except (RayError, ValueError) as error:
            log.warning("pool does not answer", reason=type(error).__name__)
            self._lost(error)
        else:
            self._wanted = max(1, int(answer["wanted"]))

    def _replace(self, pool: Any) -> None:
        """It stands still: end its process. Ray starts it anew, its segmenters end with the old one."""
        log.error("pool stands still, replacing it", stuck_after_s=self._settings.stuck_after_s)
        ray.kill(pool, no_restart=False)
