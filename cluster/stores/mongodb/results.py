"""Facade of the results in MongoDB: plans, chunks, timelines and transcripts of videos.

Plans and chunks are in chunks.py, timelines and their segments in timelines.py, words in transcripts.py, long
byte strings in payloads.py. Does not know which caller may write: the lease in PostgreSQL decides whose
timeline becomes visible.
"""

from __future__ import annotations

from cluster.stores.closing import Closing
from cluster.stores.mongodb.chunks import Chunks
from cluster.stores.mongodb.connection import DEFAULT_TIMEOUT_S, make_client, translated_errors
from cluster.stores.mongodb.payloads import Payloads
from cluster.stores.mongodb.timelines import Timelines
from cluster.stores.mongodb.transcripts import Transcripts


class Results(Chunks, Timelines, Transcripts, Closing):
    """Facade of the results. Safe to share between threads, not across a fork; connects at the first call.

    Every method raises UnavailableError after `timeout_s` while MongoDB is away.
    """

    def __init__(self, url: str, database: str, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._client = make_client(url, timeout_s)
        self._database = self._client[database]
        payloads = Payloads(self._database)
        Chunks.__init__(self, self._database, payloads)
        Timelines.__init__(self, self._database, payloads)
        Transcripts.__init__(self, self._database, payloads)
        self._payloads = payloads

    def close(self) -> None:
        """Closes every connection; the object cannot be used afterwards."""
        self._client.close()

    def ping(self) -> None:
        """Checks that MongoDB answers; UnavailableError otherwise."""
        with translated_errors():
            self._client.admin.command("ping")

    def ensure_indexes(self) -> None:
        """Creates missing indexes; several processes may do so at the same time."""
        with translated_errors():
            self._ensure_chunk_indexes()
            self._ensure_timeline_indexes()
            self._ensure_transcript_indexes()

    def delete_video(self, video_id: str) -> None:
        """Deletes all documents under a video's id: its timelines, and its tracks; removal.py calls it only
        if no other video uses those. A writer that does not know of the deletion may add more: call it again
        after it.
        """
        self.delete_timelines(video_id)
        with translated_errors():
            self._delete_chunks(video_id)
            self._delete_transcripts(video_id)
            self._payloads.delete_video(video_id)
