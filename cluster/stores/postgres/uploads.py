"""Resumable uploads in PostgreSQL: how many bytes have arrived, how long they are kept, what they became.

The offset is the fence between two requests that write the same upload. Knows neither the tus protocol nor
where the bytes are.
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

EXPIRED_AT_ONCE = 1000  # bounds one list


@dataclass(frozen=True, slots=True)
class Upload:
    """One row of `uploads`. `video_id` is set once all bytes have arrived and a video was made of them."""

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
        """From a row of `uploads`; other columns are left aside."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})

    @property
    def is_complete(self) -> bool:
        """Every byte has arrived."""
        return self.offset_bytes == self.length_bytes


class Uploads:
    """Over the same pool as `Jobs` (reach it as `jobs.uploads`); raises UnavailableError like it."""

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
        """Begins an upload that is forgotten `expires_s` after its last part."""
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
        """The upload; NotFoundError if there is none or it has expired."""
        row = self._database.one(_SQL["get_upload"], {"id": upload_id})
        if row is None:
            raise no_such_upload(upload_id)
        return Upload.from_row(row)

    def owner_of(self, upload_id: str) -> str | None:
        """Whose the upload is, None for nobody's; NotFoundError if there is none or it has expired."""
        row = self._database.one(_SQL["owner_of_upload"], {"id": upload_id})
        if row is None:
            raise no_such_upload(upload_id)
        owner: str | None = row["owner"]
        return owner

    def advance(
        self, upload_id: str, expected_offset: int, new_offset: int, sha256_state: bytes | None = None
    ) -> bool:
        """Bytes up to `new_offset` are stored.

        False: the offset is not (any more) `expected_offset`, or the upload is finished, gone or expired:
        read it again and go on from where it stands.
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
        """Names the video made of it. False: bytes are missing, it is gone, or it became another video."""
        return self._database.changed(_SQL["finish_upload"], {"id": upload_id, "video_id": video_id})

    def delete(self, upload_id: str) -> bool:
        """Forgets the upload; whether there was one. Its bytes are the caller's to remove."""
        return self._database.changed(_SQL["delete_upload"], {"id": upload_id})

    def left_complete(self, quiet_s: float) -> list[str]:
        """The ids of uploads whose bytes are all here since so long and that are no video, the oldest first;
        EXPIRED_AT_ONCE at most.
        """
        values = {"quiet_s": quiet_s, "limit": EXPIRED_AT_ONCE}
        return [row["id"] for row in self._database.all(_SQL["left_complete"], values)]

    def expired(self) -> list[str]:
        """The ids of uploads past their time, the oldest first; EXPIRED_AT_ONCE at most."""
        return [row["id"] for row in self._database.all(_SQL["expired_uploads"], {"limit": EXPIRED_AT_ONCE})]

    def expire(self, upload_id: str, discard: Callable[[Upload], None]) -> bool:
        """Forgets an upload if it is past its time; whether it was.

        `discard`, called before the row is gone for good, is the place to remove the bytes: if it raises,
        the row stays for another call, so no bytes are orphaned. Under the upload's lock: one whose bytes
        have all arrived may be becoming a video.
        """
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["take_expired_upload"], {"id": upload_id}).fetchone()
            if row is not None:
                discard(Upload.from_row(row))
        return row is not None


def no_such_upload(upload_id: str) -> NotFoundError:
    """The error for an id that leads nowhere, or to what the asker may not know of."""
    return NotFoundError(f"There is no upload {upload_id}; it may have expired. Start a new one.")
