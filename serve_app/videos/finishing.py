"""Uploads whose bytes are all here, on their way to become videos: a few at a time, each once, whoever asks.

Of a long film in an object store that takes minutes: it is copied there, and read back where several replicas
took its parts. So it has threads of its own, away from those that write parts, and goes on without the
request that began it. Knows neither tus nor what is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from anyio import CapacityLimiter, to_thread

from cluster.stores.postgres.uploads import Upload
from serve_app.web.concurrency import MAX_FINISHERS

_log = structlog.get_logger(__name__)

WAIT_S = 45.0
"""A request waits so long for the video; proxies give up on one after a minute."""


class UploadFinisher:
    """`finish` blocks; it may be asked for what is finished elsewhere just now, and gives no video then.

    One event loop.
    """

    def __init__(self, finish: Callable[[str], Upload]) -> None:
        self._finish = finish
        self._threads = CapacityLimiter(MAX_FINISHERS)
        self._under_way: dict[str, asyncio.Task[Upload]] = {}

    def begin(self, upload: Upload) -> asyncio.Task[Upload] | None:
        """Have it become a video, if all of it is here and it is none yet."""
        if not upload.is_complete or upload.video_id is not None:
            return None
        task = self._under_way.get(upload.id)
        if task is None:
            task = asyncio.create_task(to_thread.run_sync(self._finish, upload.id, limiter=self._threads))
            self._under_way[upload.id] = task
            task.add_done_callback(lambda ended: self._ended(upload.id, ended))
        return task

    async def __call__(self, upload: Upload) -> Upload:
        """The upload, with its video if it has one within WAIT_S. What `finish` raises is raised."""
        task = self.begin(upload)
        if task is None:
            return upload
        await asyncio.wait([task], timeout=WAIT_S)
        return task.result() if task.done() else upload

    def close(self) -> None:
        """Wait for nothing any more; another replica goes on when it is asked, or after a while by itself."""
        for task in self._under_way.values():
            task.cancel()

    def _ended(self, upload_id: str, task: asyncio.Task[Upload]) -> None:
        del self._under_way[upload_id]
        error = None if task.cancelled() else task.exception()
        if error is not None:  # whoever asked hears of it, if somebody still does
            _log.warning("upload not finished", upload_id=upload_id, reason=str(error))
