"""Runs the step that makes a video of a complete upload: in the background, once for each upload.

For a long film in an object store the step takes minutes: the file is copied there, and read back for its
hash where several replicas took its parts. So it has threads of its own, apart from those that write parts,
and goes on after the request that began it. Knows neither tus nor the step itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from anyio import CapacityLimiter, to_thread

from cluster.stores.postgres.intake.uploads import Upload
from serve_app.web.concurrency import MAX_FINISHERS

_log = structlog.get_logger(__name__)

WAIT_S = 45.0
"""Time for which a request waits for the video. Proxies commonly give up after a minute."""


class UploadFinisher:
    """Calls `finish` on at most MAX_FINISHERS threads; requests for the same upload share one call.

    `finish` blocks. It returns the upload without a video while another replica finishes it. One event loop.
    """

    def __init__(self, finish: Callable[[str], Upload]) -> None:
        self._finish = finish
        self._threads = CapacityLimiter(MAX_FINISHERS)
        self._under_way: dict[str, asyncio.Task[Upload]] = {}

    def begin(self, upload: Upload) -> asyncio.Task[Upload] | None:
        """Start the step unless it runs. None if the upload is incomplete or has its video already."""
        if not upload.is_complete or upload.video_id is not None:
            return None
        task = self._under_way.get(upload.id)
        if task is None:
            task = asyncio.create_task(to_thread.run_sync(self._finish, upload.id, limiter=self._threads))
            self._under_way[upload.id] = task
            task.add_done_callback(lambda ended: self._ended(upload.id, ended))
        return task

    async def __call__(self, upload: Upload) -> Upload:
        """The upload after the step, or as it was if the step takes longer than WAIT_S.

        Raises what `finish` raises.
        """
        task = self.begin(upload)
        if task is None:
            return upload
        await asyncio.wait([task], timeout=WAIT_S)
        return task.result() if task.done() else upload

    def close(self) -> None:
        """Cancel the tasks. Another replica finishes the uploads at the next request or in its sweep."""
        for task in self._under_way.values():
            task.cancel()

    def _ended(self, upload_id: str, task: asyncio.Task[Upload]) -> None:
        del self._under_way[upload_id]
        error = None if task.cancelled() else task.exception()
        if error is not None:  # logged as well, because the request that would report it may have ended
            _log.warning("upload not finished", upload_id=upload_id, reason=str(error))
