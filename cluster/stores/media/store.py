"""Media store: videos, keyframes and partial uploads as files in a directory (file://) or objects in S3 (s3://).

Checks keys and ranges, and calls a backend: `directory.py` or `s3.py`. `keys.py` makes the keys. Does not
know the content of a file. Raises NotFoundError for a missing key and UnavailableError when the store is full
or away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from cluster.errors import InvalidSettingsError, UsageError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.directory import DirectoryMedia
from cluster.stores.media.stored_file import StoredFile

# Each component begins with a letter or digit: no '..', no absolute path, no hidden or temporary file.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}(/[A-Za-z0-9][A-Za-z0-9._-]{0,254})*")
_KEY_MAX_CHARS = 512


class MediaBackend(Protocol):
    """Interface of a backend; its keys have been checked before."""

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool) -> int: ...  # noqa: D102
    def write_at(self, key: str, offset: int, data: bytes) -> None: ...  # noqa: D102
    def finish_parts(self, key: str, total: int) -> None: ...  # noqa: D102
    def size(self, key: str) -> int: ...  # noqa: D102
    def move(self, source: str, target: str) -> None: ...  # noqa: D102
    def delete(self, prefix: str) -> None: ...  # noqa: D102
    def local_copy(  # noqa: D102
        self, key: str, cache: MediaCache, progress: Callable[[], None]
    ) -> AbstractContextManager[Path]: ...
    def read_range(self, key: str, start: int, end: int) -> Iterator[bytes]: ...  # noqa: D102
    def beginning(self, key: str, most: int) -> bytes: ...  # noqa: D102
    def exists(self, key: str) -> bool: ...  # noqa: D102
    def files(self, prefix: str) -> Iterator[StoredFile]: ...  # noqa: D102
    def remove(self, file: StoredFile) -> None: ...  # noqa: D102


class MediaStore:
    """Media store of the installation. Safe to share between threads and processes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
                raise InvalidSettingsError(
                    f"media_url must name an absolute path (file:///path), not {url!r}."
                )
            self._backend: MediaBackend = DirectoryMedia(Path(unquote(parts.path)))
        elif parts.scheme == "s3":
            self._backend = _s3(url)
        else:
            raise InvalidSettingsError(
                f"media_url must be like file:///path or s3://bucket/prefix, not {url!r}."
            )

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool = True) -> int:
        """Stores the chunks one after another and returns the number of bytes.

        Atomic: readers see the old content or all of the new one, and an exception from `chunks` leaves
        nothing behind. With `durable` it also survives a power loss; meant for files that cannot be made
        again.
        """
        return self._backend.put_stream(_check(key), chunks, durable=durable)

    def write_at(self, key: str, offset: int, data: bytes) -> None:
        """Stores a part of a growing file. The same part again is fine.

        The directory backend writes into the file itself; the S3 backend begins a multipart upload. Parts
        come in the order of their offsets.
        """
        if offset < 0:
            raise UsageError(f"A part cannot begin at {offset}.", code="bad_offset")
        self._backend.write_at(_check(key), offset, data)

    def finish_parts(self, key: str, total: int) -> None:
        """Joins the parts written so far into one file, on disk when this returns. Repeating it is fine.

        UsageError (`parts_missing`) unless the parts are `total` bytes without a gap.
        """
        self._backend.finish_parts(_check(key), total)

    def size(self, key: str) -> int:
        """Size of the file in bytes."""
        return self._backend.size(_check(key))

    def exists(self, key: str) -> bool:
        """Whether there is a file with exactly this key."""
        return self._backend.exists(_check(key))

    def move(self, source: str, target: str) -> None:
        """Renames a file and replaces `target`. Repeating it is fine, when the source is gone and the target
        exists.
        """
        self._backend.move(_check(source), _check(target))

    def delete(self, prefix: str) -> None:
        """Removes the file `prefix`, its parts, and all files below `prefix/`. Fine if there are none."""
        self._backend.delete(_check(prefix))

    def files(self, prefix: str | None = None) -> Iterator[StoredFile]:
        """Lists all files below `prefix/`, or all of the store, in no order, also temporary files of writers.

        What comes or goes meanwhile may be in it or not. Bytes of unfinished uploads that S3 holds as parts
        are no files.
        """
        return self._backend.files("" if prefix is None else _check(prefix))

    def remove(self, file: StoredFile) -> None:
        """Removes exactly this file of a listing, and directories that are empty then. Fine if it is gone."""
        self._backend.remove(file)

    def local_copy(
        self, key: str, cache: MediaCache, progress: Callable[[], None] = lambda: None
    ) -> AbstractContextManager[Path]:
        """A local path of the file, kept until the block ends: for readers that seek in the whole file.

        The stored file itself in a directory; from S3, a copy in `cache`, which all processes of the machine
        share. `progress` is called repeatedly during the download; an exception from it ends the wait.
        """
        return self._backend.local_copy(_check(key), cache, progress)

    def beginning(self, key: str, most: int) -> bytes:
        """Reads the first bytes of a file that is not empty, at most so many; one request on S3."""
        return self._backend.beginning(_check(key), most)

    def read_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Reads bytes `start` (inclusive) to `end` (exclusive), in pieces of at most 1 MiB.

        Errors are raised by this call, not at the first piece: NotFoundError, or UsageError (`bad_range`)
        beyond the file's size.
        """
        size = self.size(key)
        if not 0 <= start <= end <= size:
            raise UsageError(
                f"The range {start}-{end} does not lie within the file's {size} bytes.", code="bad_range"
            )
        return self._backend.read_range(key, start, end)


def _s3(url: str) -> MediaBackend:
    if not urlsplit(url).netloc:
        raise InvalidSettingsError(f"media_url must name a bucket (s3://bucket/prefix), not {url!r}.")
    try:
        from cluster.stores.media.s3 import S3Media

        return S3Media(url)
    except ImportError as error:
        raise InvalidSettingsError(
            f"media_url {url!r} needs the extra s3 ({error}): pip install 'scenestream[s3]'."
        ) from error


def _check(key: str) -> str:
    if len(key) > _KEY_MAX_CHARS or not _KEY.fullmatch(key):
        raise UsageError(f"{key[:100]!r} is not a name the media store takes.", code="bad_media_key")
    return key
