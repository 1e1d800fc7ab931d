"""Authorization by owner: answers 404 for videos and uploads of other owners.

A FastAPI dependency of every route. It reads the parameters that the route itself names, so no spelling of a
path avoids it. The 404 has the same text as for an id that does not exist.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from anyio import to_thread
from cachetools import LRUCache, cached
from fastapi import Request

from cluster.stores.postgres.intake.uploads import no_such_upload
from cluster.stores.postgres.jobs import Jobs, no_such_video
from serve_app.access.callers import Caller, caller_of

VIDEO_ID = "^[A-Za-z0-9][A-Za-z0-9_-]{7,127}$"
UPLOAD_ID = "^[0-9a-f]{32}$"
_OWNERS_KEPT = 10_000
"""Owners in the LRU cache of each kind of id."""


def _remembered(ask: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """`ask` behind an LRU cache. An answer stays right: owners never change and ids are not used again."""
    return cached(LRUCache(_OWNERS_KEPT), lock=threading.Lock())(ask)


def check_visible(owner_of: Callable[[str], str | None], caller: Caller, video_id: str) -> None:
    """For a video that a route takes outside of its path. NotFoundError if there is none, or the caller may
    not see it.
    """
    owner = owner_of(video_id)
    if not caller.sees_all and owner != caller.owner:
        raise no_such_video(video_id)


class Visibility:
    """FastAPI dependency that raises NotFoundError for a video or upload that the caller does not own."""

    def __init__(self, jobs: Jobs) -> None:
        self._kinds = (
            ("video_id", re.compile(VIDEO_ID), _remembered(jobs.owner_of), no_such_video),
            ("upload_id", re.compile(UPLOAD_ID), _remembered(jobs.uploads.owner_of), no_such_upload),
        )

    async def __call__(self, request: Request) -> None:
        """Runs before the route. Ids of a wrong form are skipped; the route refuses them."""
        caller = caller_of(request)
        if caller.sees_all or caller.way == "link":
            return
        for name, pattern, owner_of, no_such in self._kinds:
            id_ = str(request.path_params.get(name, ""))
            if pattern.fullmatch(id_) and await to_thread.run_sync(owner_of, id_) != caller.owner:
                raise no_such(id_)
