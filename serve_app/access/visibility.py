"""Whose video it is: what belongs to others does not exist for a key.

A dependency of every route. It looks at the parameters the route itself names, so no spelling of a path gets
around it, and answers 404 in the words of an id that leads nowhere.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from anyio import to_thread
from cachetools import LRUCache, cached
from fastapi import Request

from cluster.stores.postgres.jobs import Jobs, no_such_video
from cluster.stores.postgres.uploads import no_such_upload
from serve_app.access.callers import caller_of

VIDEO_ID = "^[A-Za-z0-9][A-Za-z0-9_-]{7,127}$"
UPLOAD_ID = "^[0-9a-f]{32}$"
_OWNERS_KEPT = 10_000


def _remembered(ask: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """`ask` behind an LRU cache: owners never change and ids are not used again, so no answer gets old."""
    return cached(LRUCache(_OWNERS_KEPT), lock=threading.Lock())(ask)


class Visibility:
    """The dependency: NotFoundError unless the request's caller may see what the route's parameters name."""

    def __init__(self, jobs: Jobs) -> None:
        self._kinds = (
            ("video_id", re.compile(VIDEO_ID), _remembered(jobs.owner_of), no_such_video),
            ("upload_id", re.compile(UPLOAD_ID), _remembered(jobs.uploads.owner_of), no_such_upload),
        )

    async def __call__(self, request: Request) -> None:
        """Called before the route. Ids that cannot be any are left to the route to refuse."""
        caller = caller_of(request)
        if caller.sees_all or caller.way == "link":
            return
        for name, pattern, owner_of, no_such in self._kinds:
            id_ = str(request.path_params.get(name, ""))
            if pattern.fullmatch(id_) and await to_thread.run_sync(owner_of, id_) != caller.owner:
                raise no_such(id_)
