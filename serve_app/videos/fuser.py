"""Asks the fuser for a task: to try settings, to make the timeline of corrections, to tell times of frames,
to make the vector of a question.

The fuser is a Ray actor that is found by its name and gets plain values; nothing of `actors` is imported. It
does one task at a time, so only a few requests may wait for it, on threads of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import ray
import structlog
from anyio import CapacityLimiter, to_thread

from cluster.contract.actor_names import FUSER_NAME
from cluster.errors import UnavailableError
from cluster.stores.postgres.video import Video
from serve_app.web.concurrency import MAX_PREVIEWS, ConcurrencyLimiter

_log = structlog.get_logger(__name__)

TIMEOUT_S = 30.0
"""Wait for the fuser. Far longer than a fusion of hours of film takes, others before it included."""

T = TypeVar("T")


class FuserThreads:
    """The threads on which requests wait for the fuser, at most MAX_PREVIEWS; `places` shares them out."""

    def __init__(self, places: ConcurrencyLimiter) -> None:
        self._places = places
        self._threads = CapacityLimiter(MAX_PREVIEWS)

    async def run(self, who: str, call: Callable[[], T]) -> T:
        """The result of `call`, which may block. Problem `busy` when too many requests wait."""
        async with self._places.enter(who):
            return await to_thread.run_sync(call, limiter=self._threads)


@dataclass(frozen=True, slots=True)
class FuserOutcome:
    """`result` of a task that is done; else `error_code` and `message`, why it never can be."""

    result: dict[str, Any] = field(default_factory=dict)
    error_code: str = ""
    message: str = ""


def ask_fuser(
    namespace: str,
    kind: Literal["preview", "fuse", "learn", "frames"],
    video: Video,
    settings: Mapping[str, Any],
    *,
    timeout_s: float = TIMEOUT_S,
    **more: Any,
) -> FuserOutcome:
    """Has the fuser do a task on the video's stored tracks. `more`: further fields of `actors.tasks.Task`.

    Blocks up to `timeout_s`. UnavailableError when the fuser does not answer, or not now.
    """
    task = {
        "kind": kind,
        "video_id": video.id,
        "epoch": video.lease_epoch,
        "media_key": video.media_key,
        "tracks_key": video.tracks_key,
        "tracks_hash": video.tracks_hash or "none",
        "settings": dict(settings),
        **more,
    }
    answer = call_fuser(namespace, task, timeout_s)
    if answer["status"] == "done":
        return FuserOutcome(answer["result"])
    error = answer["error"]
    if answer["status"] == "error":
        return FuserOutcome(error_code=str(error["code"]), message=str(error["message"]))
    _log.warning("no fusion", video_id=video.id, kind=kind, status=answer["status"], reason=error["message"])
    raise UnavailableError("The segments could not be computed just now; try again in a moment.")


def call_fuser(namespace: str, task: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """The outcome of a task, as a dict. Blocks up to `timeout_s`; UnavailableError without an answer."""
    if not ray.is_initialized():
        raise UnavailableError("This process is not connected to Ray, where segments are computed.")
    try:
        fuser: Any = ray.get_actor(FUSER_NAME, namespace=namespace)
        answer: Any = ray.get(fuser.run.remote(task), timeout=timeout_s)
    except (ValueError, ray.exceptions.RayError) as error:
        raise UnavailableError(
            f"The fuser, which computes segments, does not answer ({type(error).__name__}). Try again soon."
        ) from error
    return dict(answer)
