"""Results in MongoDB: plans, chunks and timelines of videos behind one face.

Chunks and plans are in chunks.py, timelines and their segments in timelines.py, bytes of any length in
payloads.py. Does not know who may write: PostgreSQL's lease says whose timeline becomes visible.
"""

from __future__ import annotations

from cluster.stores.closing import Closing
from cluster.stores.mongodb.chunks import Chunks
from cluster.stores.mongodb.connection import DEFAULT_TIMEOUT_S, make_client, translated_errors
from cluster.stores.mongodb.payloads import Payloads
from cluster.stores.mongodb.timelines import Timelines


class Results(Chunks, Timelines, Closing):
    """Safe to share between threads, not across a fork; connects at the first call.

    Every method raises UnavailableError after `timeout_s` while MongoDB is away.
    """

    def __init__(self, url: str, database: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._client = make_client(url, timeout_s)
        self._database = self._client[database]
        payloads = Payloads(self._database)
        Chunks.__init__(self, self._database, payloads)
        Timelines.__init__(self, self._database, payloads)
        self._payloads = payloads

    def close(self) -> None:
        """Closes every connection; the object cannot be used again."""
        self._client.close()

    def ping(self) -> None:
        """Returns if MongoDB answers."""
        with translated_errors():
            self._client.admin.command("ping")

    def ensure_indexes(self) -> None:
        """Creates whatever index is missing; several processes at once are fine."""
        with translated_errors():
            self._ensure_chunk_indexes()
            self._ensure_timeline_indexes()

    def delete_video(self, video_id: str) -> None:
        """Removes all that is kept under a video's id: its timelines, and tracks that no video uses any more
        (removal.py knows). A writer that has not heard may leave more: call it again after it.
        """
        self.delete_timelines(video_id)
        with translated_errors():
            self._delete_chunks(video_id)
            self._payloads.delete_video(video_id)
