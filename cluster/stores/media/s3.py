"""Media store in S3 and compatible servers (MinIO, Ceph, SeaweedFS …).

An S3 object appears whole or not at all, cannot be changed, and is renamed by a copy within the store. So a
stream, an upload in parts and a copy are each one multipart upload, and no byte passes through this process
twice. The exceptions are parts that do not fit the grid of `cells.py`, see `resumable.py`.

`delete` also aborts uploads that a dead process left unfinished. A lifecycle rule of the bucket
(AbortIncompleteMultipartUpload) removes those whose key is never deleted. Does not know the rules for keys.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.errors import NotFoundError, ScenestreamError, UnavailableError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.cells import cell_at
from cluster.stores.media.errors import media_not_found
from cluster.stores.media.multipart import Multipart
from cluster.stores.media.resumable import ResumableUploads
from cluster.stores.media.s3_requests import DRIVER_ERRORS, ObjectHead, S3Requests, error_code
from cluster.stores.media.stored_file import StoredFile

_PIECE_BYTES = 1 << 20  # of one piece that `read_range` yields, as `MediaStore` promises
_BLOCK_BYTES = 8 << 20  # of one ranged request of `read_range` or of a download
_DOWNLOADS_AT_ONCE = 4  # requests of one download: a single one rarely fills a node's connection to the store
_SENT_AT_ONCE = 3  # parts of one stream being sent: each takes a cell's bytes of memory
_COPIED_AT_ONCE = 8  # parts of one copy at once: they take no memory
COPY_BYTES = 256 << 20  # of one copied part; the protocol allows 5 GiB, which takes minutes
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 60,  # seconds: 32 MiB on a slow connection, or a copy, which is answered when it is done
    "retries": {"mode": "standard", "max_attempts": 3},
}
TRIES = 2  # tries where botocore gave up after its own retries, for the errors in `s3_requests._AGAIN`


class S3Media:
    """Media store in `s3://bucket/prefix`. Credentials, region and endpoint: from the usual AWS_… sources."""

    def __init__(self, url: str) -> None:
        self._bucket, _, prefix = url.split("://", 1)[1].partition("/")
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._requests = S3Requests(self._bucket, PATIENCE, TRIES)
        self._uploads = ResumableUploads(self._requests, self._size_of)
        self._bucket_seen = False

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool) -> int:
        """Stores the stream by one multipart upload, or one request if it is small; it appears whole or not
        at all.
        """
        waiting = bytearray()
        stream = iter(chunks)
        for chunk in stream:
            waiting += chunk
            if len(waiting) >= cell_at(0).bytes:
                break
        else:
            with self._translated(key):
                self._requests.put(self._name(key), bytes(waiting))
            return len(waiting)
        return self._put_large(key, waiting, stream)

    def write_at(self, key: str, offset: int, data: bytes) -> None:
        """See `ResumableUploads.write_at`."""
        with self._translated(key):
            self._uploads.write_at(self._name(key), offset, data)

    def finish_parts(self, key: str, total: int) -> None:
        """Completes the upload. Only the bytes of the last, partial cell pass through this process."""
        with self._translated(key):
            self._uploads.finish(self._name(key), total)

    def size(self, key: str) -> int:
        """Size of the object in bytes."""
        return self._describe(key).bytes

    def exists(self, key: str) -> bool:
        """Whether there is an object with exactly this key."""
        try:
            self._describe(key)
        except NotFoundError:
            return False
        return True

    def move(self, source: str, target: str) -> None:
        """Copies within the store, then removes the source: readers of `target` never see a part of it."""
        try:
            size = self.size(source)
        except NotFoundError:
            if self.exists(target):
                return
            raise
        with self._translated(source):
            self._copy(self._name(source), self._name(target), size)
            self._requests.delete([self._name(source)])

    def delete(self, prefix: str) -> None:
        """Removes the object, its pieces and every object below, and aborts their unfinished uploads."""
        name = self._name(prefix)
        with self._translated(prefix):
            self._uploads.abort_below(name)
            below = self._requests.listed(f"{name}/")
            self._requests.delete([*below, *self._uploads.pieces(name), name])

    @contextmanager
    def local_copy(self, key: str, cache: MediaCache, progress: Callable[[], None]) -> Iterator[Path]:
        """The path of the copy in the cache, kept there until the block ends."""
        found = self._describe(key)

        def fill(descriptor: int, step: Callable[[], None]) -> None:
            self._download(key, found.bytes, descriptor, step)
            if self._describe(key) != found:
                raise UnavailableError("The file was replaced while it was fetched. Try again.")

        content = f"{self._bucket}/{self._name(key)}\n{found.etag}"
        with cache.lease(hashlib.sha256(content.encode()).hexdigest(), found.bytes, fill, progress) as path:
            yield path

    def beginning(self, key: str, most: int) -> bytes:
        """Reads the first bytes with one ranged request."""
        return self._block(key, 0, most)

    def read_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Reads with one ranged request for each 8 MiB."""
        for at in range(start, end, _BLOCK_BYTES):
            block = self._block(key, at, min(at + _BLOCK_BYTES, end))
            for begin in range(0, len(block), _PIECE_BYTES):
                yield block[begin : begin + _PIECE_BYTES]

    def files(self, prefix: str) -> Iterator[StoredFile]:
        """Lists the objects below, a page of the protocol at a time."""
        with self._translated(prefix):
            for found in self._requests.objects(self._name(f"{prefix}/" if prefix else "")):
                key = found["Key"].removeprefix(self._prefix)
                yield StoredFile(key, int(found["Size"]), found["LastModified"].timestamp())

    def remove(self, file: StoredFile) -> None:
        """Removes one object."""
        with self._translated(file.key):
            self._requests.delete([self._name(file.key)])

    def _put_large(self, key: str, waiting: bytearray, stream: Iterable[bytes]) -> int:
        with self._translated(key):
            upload = Multipart(self._requests, self._name(key), _SENT_AT_ONCE)
        with upload:
            at = self._put_full(key, upload, waiting, 0)
            for chunk in stream:
                waiting += chunk
                at = self._put_full(key, upload, waiting, at)
            with self._translated(key):
                if waiting:
                    upload.put(cell_at(at).number, bytes(waiting))
                upload.complete()
        return at + len(waiting)

    def _put_full(self, key: str, upload: Multipart, waiting: bytearray, at: int) -> int:
        """Sends every full cell of the waiting bytes; returns the offset up to which the stream is sent."""
        while len(waiting) >= (cell := cell_at(at)).bytes:
            with self._translated(key):
                upload.put(cell.number, bytes(waiting[: cell.bytes]))
            del waiting[: cell.bytes]
            at = cell.end
        return at

    def _copy(self, source: str, target: str, size: int) -> None:
        if size <= COPY_BYTES:
            self._requests.copy(source, target)
            return
        with Multipart(self._requests, target, _COPIED_AT_ONCE) as upload:
            for number, start in enumerate(range(0, size, COPY_BYTES), start=1):
                upload.copy(number, source, start, min(start + COPY_BYTES, size))
            upload.complete()

    def _download(self, key: str, size: int, descriptor: int, progress: Callable[[], None]) -> None:
        """Downloads the object's `size` bytes into an open local file, with a few requests at a time.

        Calls `progress` after each block; an exception from it ends the download. OSError comes from the
        local file.
        """

        def fetch(at: int) -> None:
            end = min(at + _BLOCK_BYTES, size)
            data = memoryview(self._block(key, at, end))
            if len(data) != end - at:
                raise UnavailableError("The file became shorter while it was fetched. Try again.")
            while data:
                written = os.pwrite(descriptor, data, at)
                data, at = data[written:], at + written

        pool = ThreadPoolExecutor(_DOWNLOADS_AT_ONCE)
        try:
            for _ in pool.map(fetch, range(0, size, _BLOCK_BYTES)):
                progress()
        finally:
            pool.shutdown(cancel_futures=True)

    def _block(self, key: str, start: int, end: int) -> bytes:
        with self._translated(key):
            return self._requests.get(self._name(key), start, end)

    def _describe(self, key: str) -> ObjectHead:
        with self._translated(key):
            return self._head(self._name(key))

    def _size_of(self, name: str) -> int | None:
        try:
            return self._head(name).bytes
        except FileNotFoundError as error:
            if error_code(error) == "NoSuchBucket":
                raise
            return None

    def _head(self, name: str) -> ObjectHead:
        try:
            return self._requests.head(name)
        except FileNotFoundError:
            # An answer to HEAD has no body that would say whether the key or the bucket is missing.
            if not self._bucket_seen:
                self._requests.check_bucket(self._prefix)
                self._bucket_seen = True
            raise

    def _name(self, key: str) -> str:
        return self._prefix + key

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise _not_found(key, error) from error
        except PermissionError as error:
            raise UnavailableError(
                f"The media store refuses the server's credentials ({error}). They need to read, write, list "
                "and delete below media_url."
            ) from error
        except DRIVER_ERRORS as error:
            raise UnavailableError(f"The media store does not answer ({error}). Try again.") from error


def _not_found(key: str, error: FileNotFoundError) -> ScenestreamError:
    if error_code(error) == "NoSuchBucket":
        return UnavailableError("The bucket that media_url names does not exist; make it, or mend the URL.")
    return media_not_found(key)
