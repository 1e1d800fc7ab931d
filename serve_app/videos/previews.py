"""Computes a preview: the segments of a finished video under other settings. Nothing is stored.

The fuser computes it, a Ray actor that is found by its name and gets plain values; nothing of `actors` is
imported. It makes one preview at a time, so only a few requests may wait for it, on threads of their own. Of
one client's previews of a video only the newest is answered.
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
"""Wait for the fuser. Far longer than a preview of hours of film takes, others before it included."""


Segments = list[dict[str, Any]]
Ask = Callable[[Video, Mapping[str, Any]], Segments]


class Previews:
    """The previews of one replica. `ask` blocks; it is called on at most MAX_PREVIEWS threads."""

    def __init__(self, ask: Ask, places: ConcurrencyLimiter) -> None:
        self._ask = ask
        self._places = places
        self._threads = CapacityLimiter(MAX_PREVIEWS)
        self._newest: dict[tuple[str, str], CancelScope] = {}

    async def segments(self, who: str, video: Video, settings: Mapping[str, Any]) -> Segments:
        """The result of `ask`. Only the newest request of the client `who` for a video is answered.

        Raises Problem `busy` when too many requests wait; `conflict` for a request that a newer one replaced:
        at once while it waits, after `ask` has returned when it runs.
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
    """The segments of all levels under these settings, as dicts of the result store's form.

    Blocks up to TIMEOUT_S. ConflictError when the settings need the video decoded again; UnavailableError
    when the fuser does not answer.
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
