"""Computes a preview: the segments of a finished video under other settings. Nothing is stored.

The fuser computes it. Of one client's previews of a video only the newest is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from anyio import CancelScope

from cluster.errors import ConflictError
from cluster.stores.postgres.video import Video
from serve_app.videos.fuser import FuserThreads, ask_fuser
from serve_app.web.problems import Problem

Segments = list[dict[str, Any]]
Ask = Callable[[Video, Mapping[str, Any], Mapping[str, Any]], Segments]


class Previews:
    """The previews of one replica. `ask` blocks; it is called on `threads`."""

    def __init__(self, ask: Ask, threads: FuserThreads) -> None:
        self._ask = ask
        self._threads = threads
        self._newest: dict[tuple[str, str], CancelScope] = {}

    async def segments(
        self, who: str, video: Video, settings: Mapping[str, Any], corrections: Mapping[str, Any]
    ) -> Segments:
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
                found = await self._threads.run(who, partial(self._ask, video, settings, corrections))
                if not scope.cancel_called:  # meanwhile; a thread cannot be interrupted
                    return found
            finally:
                if self._newest.get(key) is scope:
                    del self._newest[key]
        raise Problem("conflict", "Other settings were tried on this video since; their answer counts.")


def preview_segments(
    namespace: str,
    words_of: Callable[[Video, Mapping[str, Any]], dict[str, Any]],
    video: Video,
    settings: Mapping[str, Any],
    corrections: Mapping[str, Any],
) -> Segments:
    """The segments of all levels under these settings, as dicts of the result store's form.

    `words_of(video, settings)`: where the video's words are stored, empty where there are none.
    `corrections`: those by hand that are respected.

    Blocks as `ask_fuser` does. ConflictError when the settings need the video decoded again;
    UnavailableError when the fuser does not answer.
    """
    outcome = ask_fuser(
        namespace, "preview", video, settings, words=words_of(video, settings), corrections=corrections
    )
    if outcome.error_code:
        raise ConflictError(outcome.message)
    found: Segments = outcome.result["segments"]
    return found
