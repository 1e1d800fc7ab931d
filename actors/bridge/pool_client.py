"""Client of the pool, and of the fuser, which takes the same calls: tasks as futures, and a liveness probe.

The actor may die and come back (Ray restarts it), be gone altogether (it is created again) or stand still (it
is killed, so that Ray restarts it). Tasks under way then have the outcome UNAVAILABLE, and the caller submits
them again. Knows Ray; knows no store and no lease.
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
from cluster.work_settings import ActorSettings

WINDOW_PER_ACTOR = 2
"""Chunks of one video under way for each worker: one that runs and one that waits keep it busy."""
POOL_TASKS = 8_000
"""Tasks of all videos in the pool at once, which the windows share. Below the pool's own limit (MAX_TASKS),
so that the limit refuses nothing."""
SMALLEST_WINDOW = 2
"""Chunks of one video under way at least, however many videos share the pool: one runs, one waits."""
CANCEL_TIMEOUT_S = 15.0
"""Longer than the pool itself waits for cancelled tasks to end (CANCEL_WAIT_S)."""

log = structlog.get_logger(__name__)


class PoolClient:
    """Safe to share between threads. `find` returns the actor's handle, and creates the actor if there is
    none. `sharers` returns about how many videos, orders of clips and transcripts share the pool.
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
        """Start the liveness probe."""
        self._watch.start()

    def stop(self) -> None:
        """End the liveness probe."""
        self._watch.stop()

    @property
    def wanted(self) -> int:
        """The wanted size of the pool's fleet, as of the last ping; at least 1."""
        return self._wanted

    @property
    def window(self) -> int:
        """Back-pressure: how many chunks of one video may be under way at once.

        Enough for one video to keep every worker busy, but of many videos no more together than POOL_TASKS.
        """
        share = POOL_TASKS // max(1, self._sharers())
        return max(SMALLEST_WINDOW, min(WINDOW_PER_ACTOR * self._wanted, share))

    def submit(self, task: Task) -> Future[Outcome]:
        """Have the pool do a task. The future never holds an exception: if the pool is lost, the outcome is
        UNAVAILABLE.
        """
        answer: Future[Outcome] = Future()
        try:
            call: Future[Any] = self._pool().run.remote(task.to_dict()).future()
        except (RayError, ValueError) as error:
            answer.set_result(self._lost(error))
            return answer

        call.add_done_callback(lambda done: answer.set_result(self._outcome(done)))
        return answer

    def cancel(self, video_id: str, epoch: int) -> None:
        """Cancel the tasks of this lease and wait, within bounds, for their end. A lost pool has none
        left.
        """
        try:
            ray.get(self._pool().cancel.remote(video_id, epoch), timeout=CANCEL_TIMEOUT_S)
        except (RayError, ValueError) as error:
            self._lost(error)

    def report_backlog(self, backlog: dict[str, Any]) -> None:
        """Send a backlog report, without waiting. If the pool is lost, the next report replaces this one."""
        try:
            self._pool().report_backlog.remote(backlog)
        except (RayError, ValueError) as error:
            self._lost(error)

    def _outcome(self, done: Future[Any]) -> Outcome:
        """The outcome of a call that has ended in any way: the task's future must always be resolved."""
        try:
            answer = done.result()
        except BaseException as error:  # noqa: BLE001 - CancelledError too: the call was cancelled, not this
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
        """Kill an actor that stands still. Ray restarts it; its segmenters end with the old process."""
        log.error("pool stands still, replacing it", stuck_after_s=self._settings.stuck_after_s)
        ray.kill(pool, no_restart=False)
