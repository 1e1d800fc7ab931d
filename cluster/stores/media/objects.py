"""Media as objects behind whatever fsspec speaks: gs://, memory:// … (for s3:// see `s3.py`).

Objects appear whole or not at all, cannot be written into and are renamed by copying; partial uploads are
therefore kept as one object a part and joined at the end. Knows nothing of which keys are good.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from cluster.errors import InvalidSettingsError, ScenestreamError, UnavailableError, UsageError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.errors import media_not_found, parts_missing

_PIECE_BYTES = 1 << 20
_BLOCK_BYTES = 8 << 20  # what one request fetches of a range, of parts being joined or of a download
_DOWNLOADS_AT_ONCE = 4  # requests of one download: a single one rarely fills a node's line to the store
PART_MARK = ".part-"
_PART_DIGITS = 20  # enough for any 64-bit offset, so that parts sort by name


class ObjectMedia:
    """Objects below the URL's path. The driver comes from fsspec; credentials from its own environment."""

    _away: tuple[type[Exception], ...] = (OSError,)
    """What the driver raises when the store does not answer, or not as it should."""

    def __init__(self, url: str, **options: Any) -> None:
        try:
            # Other processes write too: a listing kept in memory would hide what they wrote.
            self._files, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False, **options)
        except ImportError as error:
            raise InvalidSettingsError(
                f"media_url {url!r} needs a driver that is not installed: {error}."
            ) from error
        except ValueError as error:
            raise InvalidSettingsError(f"media_url {url!r} cannot be used: {error}.") from error

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool) -> int:
        """As one (multipart) upload that is committed at the end and discarded on any exception."""
        path = self._path(key)
        existed = self.exists(key)
        with self._translated(key):
            file = self._files.open(path, "wb", autocommit=False)
        total = 0
        try:
            for chunk in chunks:
                with self._translated(key):
                    file.write(chunk)
                total += len(chunk)
            with self._translated(key):
                file.close()
                file.commit()
        except BaseException:
            file.discard()
            # Drivers without uploads to discard have made the object already.
            if not existed and self._files.exists(path):
                self._files.rm_file(path)
            raise
        return total

    def write_at(self, key: str, offset: int, data: bytes) -> None:
        """One object a part, named by its offset: the same part again replaces itself."""
        with self._translated(key):
            self._files.pipe_file(f"{self._path(key)}{part_suffix(offset)}", data)

    def finish_parts(self, key: str, total: int) -> None:
        """Joins the parts that follow on one another from 0; those of overtaken writers are left out."""
        with self._translated(key):
            sizes = self._part_sizes(key)
        if not sizes and total > 0 and self.exists(key) and self.size(key) == total:
            return  # joined before
        chain: list[str] = []
        at = 0
        while at < total:
            name = f"{self._path(key)}{part_suffix(at)}"
            if not sizes.get(name):
                raise parts_missing(at, total)
            chain.append(name)
            at += sizes[name]
        if at != total:
            raise UsageError(f"The parts are {at} bytes, not {total}.", code="parts_missing")
        self.put_stream(
            key, (piece for name in chain for piece in self._read(name, 0, sizes[name])), durable=True
        )
        with self._translated(key):
            for name in sizes:
                self._files.rm_file(name)

    def size(self, key: str) -> int:
        """Bytes."""
        if not self.exists(key):
            raise media_not_found(key)
        with self._translated(key):
            return int(self._files.size(self._path(key)))

    def exists(self, key: str) -> bool:
        """Whether there is an object of just this name."""
        with self._translated(key):
            return bool(self._files.isfile(self._path(key)))

    def move(self, source: str, target: str) -> None:
        """Copies, then removes: readers of `target` never see less than all of it."""
        if not self.exists(source) and self.exists(target):
            return
        with self._translated(source):
            self._files.cp_file(self._path(source), self._path(target))
            self._files.rm_file(self._path(source))

    def delete(self, prefix: str) -> None:
        """The object, its parts and every object below."""
        path = self._path(prefix)
        with self._translated(prefix):
            names = [*self._files.find(f"{path}/"), *self._part_sizes(prefix)]
            if self._files.isfile(path):
                names.append(path)
            for name in names:
                try:
                    self._files.rm_file(name)
                except FileNotFoundError:
                    continue  # someone else deletes the same

    @contextmanager
    def local_copy(self, key: str, cache: MediaCache, progress: Callable[[], None]) -> Iterator[Path]:
        """A lease of the cache's copy."""
        size, version = self.describe(key)

        def fill(descriptor: int, step: Callable[[], None]) -> None:
            self._download(key, size, descriptor, step)
            if self.describe(key) != (size, version):
                raise UnavailableError("The file was replaced while it was fetched. Try again.")

        name = hashlib.sha256(f"{self._path(key)}\n{version}".encode()).hexdigest()
        with cache.lease(name, size, fill, progress) as path:
            yield path

    def describe(self, key: str) -> tuple[int, str]:
        """Bytes, and a name for the present content: another one when that is replaced."""
        if not self.exists(key):
            raise media_not_found(key)
        with self._translated(key):
            return int(self._files.size(self._path(key))), str(self._files.ukey(self._path(key)))

    def beginning(self, key: str, most: int) -> bytes:
        """One ranged request."""
        with self._translated(key):
            return bytes(self._files.cat_file(self._path(key), start=0, end=most))

    def read_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """One ranged request for every few MiB."""
        return self._read(self._path(key), start, end)

    def _download(self, key: str, size: int, descriptor: int, progress: Callable[[], None]) -> None:
        """The object's `size` bytes into an open file of this machine, by a few requests at a time.

        Calls `progress` whenever some arrived; what that raises ends it. OSError is that of the local file.
        """
        name = self._path(key)

        def block(at: int) -> None:
            end = min(at + _BLOCK_BYTES, size)
            with self._translated(key):
                data = memoryview(self._files.cat_file(name, start=at, end=end))
            if len(data) != end - at:
                raise UnavailableError("The file became shorter while it was fetched. Try again.")
            while data:
                written = os.pwrite(descriptor, data, at)
                data, at = data[written:], at + written

        pool = ThreadPoolExecutor(_DOWNLOADS_AT_ONCE)
        try:
            for _ in pool.map(block, range(0, size, _BLOCK_BYTES)):
                progress()
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, _BLOCK_BYTES):
            with self._translated(name):
                block: bytes = self._files.cat_file(name, start=at, end=min(at + _BLOCK_BYTES, end))
            for begin in range(0, len(block), _PIECE_BYTES):
                yield block[begin : begin + _PIECE_BYTES]

    def _part_sizes(self, key: str) -> dict[str, int]:
        """Name → bytes of every part of `key`."""
        path = self._path(key)
        parent = path.rsplit("/", 1)[0]
        found: dict[str, Any] = self._files.find(parent, maxdepth=1, detail=True)
        return {name: int(info["size"]) for name, info in found.items() if name.startswith(path + PART_MARK)}

    def _not_found(self, key: str, error: FileNotFoundError) -> ScenestreamError:
        return media_not_found(key)

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise self._not_found(key, error) from error
        except PermissionError as error:
            raise UnavailableError(
                f"The media store refuses the server's credentials ({error}). They need to read, write, list "
                "and delete below media_url."
            ) from error
        except self._away as error:
            raise UnavailableError(f"The media store does not answer ({error}). Try again.") from error


def part_suffix(offset: int) -> str:
    """What follows a key in the name of its part that begins at `offset`."""
    return f"{PART_MARK}{offset:0{_PART_DIGITS}d}"
