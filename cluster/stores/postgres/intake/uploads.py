"""Resumable uploads in PostgreSQL: the offset of each, its expiry, and the video made from it.

The offset is the fence between two requests that write to the same upload. Knows neither the tus protocol nor
the place of the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cluster.errors import NotFoundError
from cluster.stores.postgres.database import Database
from cluster.stores.postgres.sql_files import load_statements

_SQL = load_statements("uploads.sql")

EXPIRED_AT_ONCE = 1000  # uploads of one list, so that a long outage does not make a huge one; no measurement


@dataclass(frozen=True, slots=True)
class Upload:
    """One row of `uploads`. `video_id` is set once all bytes have arrived and the video was made."""

    id: str
    filename: str
    length_bytes: int
    offset_bytes: int
    metadata: dict[str, Any]
    sha256_state: bytes | None
    video_id: str | None
    created_at: datetime
    expires_at: datetime
    owner: str | None = None  # whose the video will be

    def __post_init__(self) -> None:
        if not 0 <= self.offset_bytes <= self.length_bytes:
            raise ValueError("an upload's offset lies between 0 and its length")

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Upload:
        """Makes it from a row of `uploads`; other columns are ignored."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def is_complete(self) -> bool:
        """Whether every byte has arrived."""
        return self.offset_bytes == self.length_bytes


class Uploads:
    """The table `uploads`. Shares the pool of `Jobs` (as `jobs.uploads`); raises UnavailableError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        upload_id: str,
        filename: str,
        length_bytes: int,
        metadata: Mapping[str, Any],
        expires_s: float,
        owner: str | None = None,
    ) -> Upload:
        """Begins an upload that expires `expires_s` after its last part."""
        row = self._database.one(
            _SQL["create_upload"],
            {
                "id": upload_id,
                "filename": filename,
                "length_bytes": length_bytes,
                "metadata": Jsonb(dict(metadata)),
                "owner": owner,
                "lifetime_s": expires_s,
            },
        )
        assert row is not None  # INSERT … RETURNING gives its row or raises
        return Upload.from_row(row)

    def get(self, upload_id: str) -> Upload:
        """Reads an upload; NotFoundError if there is none or it has expired."""
        row = self._database.one(_SQL["get_upload"], {"id": upload_id})
        if row is None:
            raise no_such_upload(upload_id)
        return Upload.from_row(row)

    def owner_of(self, upload_id: str) -> str | None:
        """The owner of an upload, None without one; NotFoundError if there is no upload or it has expired."""
        row = self._database.one(_SQL["owner_of_upload"], {"id": upload_id})
        if row is None:
            raise no_such_upload(upload_id)
        owner: str | None = row["owner"]
        return owner

    def advance(
        self, upload_id: str, expected_offset: int, new_offset: int, sha256_state: bytes | None = None
    ) -> bool:
        """Records that the bytes up to `new_offset` are stored.

        False: the offset is not `expected_offset` (any more), or the upload is finished, gone or expired. The
        caller then reads it again and goes on from its offset.
        """
        return self._database.changed(
            _SQL["advance_upload"],
            {
                "id": upload_id,
                "expected_offset": expected_offset,
                "new_offset": new_offset,
                "sha256_state": sha256_state,
            },
        )

    def finish(self, upload_id: str, video_id: str) -> bool:
        """Records the video made from it. False: bytes are missing, it is gone, or it has another video."""
        return self._database.changed(_SQL["finish_upload"], {"id": upload_id, "video_id": video_id})

    def delete(self, upload_id: str) -> bool:
        """Deletes the upload and returns whether there was one. The caller removes its bytes."""
        return self._database.changed(_SQL["delete_upload"], {"id": upload_id})

    def left_complete(self, quiet_s: float) -> list[str]:
        """The ids of uploads that have been complete for so long and have no video, the oldest first;
        EXPIRED_AT_ONCE at most.
        """
        values = {"quiet_s": quiet_s, "limit": EXPIRED_AT_ONCE}
        return [row["id"] for row in self._database.all(_SQL["left_complete"], values)]

    def expired(self) -> list[str]:
        """The ids of expired uploads, the oldest first; EXPIRED_AT_ONCE at most."""
        return [row["id"] for row in self._database.all(_SQL["expired_uploads"], {"limit": EXPIRED_AT_ONCE})]

    def expire(self, upload_id: str, discard: Callable[[Upload], None]) -> bool:
        """Deletes an upload if it has expired; returns whether it had.

        `discard` removes the bytes, before the row is deleted for good: if it raises, the row stays for
        another call, so no bytes are orphaned. Call it under the upload's lock: a complete upload may be
        becoming a video.
        """
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["take_expired_upload"], {"id": upload_id}).fetchone()
            if row is not None:
                discard(Upload.from_row(row))
        return row is not None


def no_such_upload(upload_id: str) -> NotFoundError:
    """The error for an id without an upload, or with one that the caller may not see."""
    return NotFoundError(f"There is no upload {upload_id}; it may have expired. Start a new one.")
