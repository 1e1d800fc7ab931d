"""Settings tried on a video that is done: asked of the fuser, which stores nothing.

The fuser is found by its name in Ray and spoken to in plain values; nothing of `actors` is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ray
import structlog

from cluster.errors import ConflictError, UnavailableError
from cluster.stores.video import Video

_log = structlog.get_logger(__name__)

FUSER_NAME = "fuser"
TIMEOUT_S = 30.0
"""Far beyond what hours of film take, also when some wait their turn."""


def preview_segments(namespace: str, video: Video, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
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
        found: list[dict[str, Any]] = outcome["result"]["segments"]
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
