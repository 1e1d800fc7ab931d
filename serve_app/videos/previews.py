"""Settings tried on a video that is done: asked of the fuser, which stores nothing.

The fuser is found by its name in Ray and spoken to in plain values; nothing of `actors` is imported. It makes
one preview after the other, so few wait for it at a time, on threads of their own, and of one caller's
previews of a video only the newest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ray
import structlog
from anyio import CancelScope, CapacityLimiter, to_thread

from cluster.contract.actor_names import FUSER_NAME
from cluster.errors import ConflictError, UnavailableError
from cluster.stores.postgres.video import Video
from serve_app.web.concurrency import MAX_PREVIEWS, ConcurrencyLimiter
from serve_app.web.problems import Problem

_log = structlog.get_logger(__name__)

TIMEOUT_S = 30.0
"""Far beyond what hours of film take, also when some wait their turn."""


Segments = list[dict[str, Any]]
Ask = Callable[[Video, Mapping[str, Any]], Segments]


class Previews:
    """The previews of one replica. `ask` blocks, and is called on few threads."""

    def __init__(self, ask: Ask, places: ConcurrencyLimiter) -> None:
        self._ask = ask
        self._places = places
        self._threads = CapacityLimiter(MAX_PREVIEWS)
        self._newest: dict[tuple[str, str], CancelScope] = {}

    async def segments(self, who: str, video: Video, settings: Mapping[str, Any]) -> Segments:
        """What `ask` gives. Problem `busy` when too many are asked for, `conflict` for one that a newer one
        of the same caller and video has overtaken, at once if nobody was at it yet.
        """
        key = (who, video.id)
        with CancelScope() as scope:
            if key in self._newest:
                self._newest[key].cancel()
            self._newest[key] = scope
            try:
                async with self._places.enter(who):
                    ask = partial(self._ask, video, settings)
                    found = await to_thread.run_sync(ask, limiter=self._threads)
                    if not scope.cancel_called:  # meanwhile; a thread cannot be interrupted
                        return found
            finally:
                if self._newest.get(key) is scope:
                    del self._newest[key]
        raise Problem("conflict", "Other settings were tried on this video since; their answer counts.")


def preview_segments(namespace: str, video: Video, settings: Mapping[str, Any]) -> Segments:
    """The segments of all levels that these settings would give, in the shape the results keep them.

    ConflictError when that needs a decode; UnavailableError when the fuser does not answer.
    """
    task = {
        "kind": "preview",
        "video_id": video.id,
        "epoch": video.lease_epoch,
        "media_key": video.media_key,
        "tracks_key": video.tracks_key,
        "tracks_hash": video.tracks_hash or "none",
        "settings": dict(settings),
    }
    outcome = _ask(namespace, task)
    if outcome["status"] == "done":
        found: Segments = outcome["result"]["segments"]
        return found
    error = outcome["error"]
    if outcome["status"] == "error":
        raise ConflictError(str(error["message"]))
    _log.warning("no preview", video_id=video.id, status=outcome["status"], reason=error["message"])
    raise UnavailableError("The settings could not be tried just now; try again in a moment.")


def _ask(namespace: str, task: dict[str, Any]) -> dict[str, Any]:
    if not ray.is_initialized():
        raise UnavailableError("This process is not connected to Ray, where settings are tried.")
    try:
        fuser: Any = ray.get_actor(FUSER_NAME, namespace=namespace)
        answer: Any = ray.get(fuser.run.remote(task), timeout=TIMEOUT_S)
    except (ValueError, ray.exceptions.RayError) as error:
        raise UnavailableError(
            f"The fuser, which tries settings, does not answer ({type(error).__name__}). Try again soon."
        ) from error
    return dict(answer)
