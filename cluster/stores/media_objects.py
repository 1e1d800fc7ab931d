"""Media as objects behind whatever fsspec speaks: s3://, gs://, memory:// …

Objects appear whole or not at all, cannot be written into and are renamed by copying; partial uploads are
therefore kept as one object a part and joined at the end. Knows nothing of which keys are good.
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec

from cluster.errors import InvalidSettingsError, UnavailableError, UsageError
from cluster.stores.media_errors import media_not_found

_PIECE_BYTES = 1 << 20
_JOIN_BYTES = 8 << 20  # what one request fetches while parts are joined or an object is downloaded
_PART_DIGITS = 20  # enough for any 64-bit offset, so that parts sort by name


class ObjectMedia:
    """Objects below the URL's path. The driver comes from fsspec; credentials from its own environment."""

    def __init__(self, url: str) -> None:
        try:
            # Other processes write too: a listing kept in memory would hide what they wrote.
            self._files, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise InvalidSettingsError(
                f"media_url {url!r} needs a driver that is not installed ({error}). For s3:// install the "
                "extra: pip install 'scenestream[s3]'."
            ) from error
        except ValueError as error:
            raise InvalidSettingsError(f"media_url {url!r} cannot be used: {error}.") from error

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool) -> int:
        """As one (multipart) upload that is committed at the end and discarded on any exception."""
        path = self._path(key)
        existed = self.exists(key)
        with _translated(key):
            file = self._files.open(path, "wb", autocommit=False)
        total = 0
        try:
            for chunk in chunks:
                with _translated(key):
                    file.write(chunk)
                total += len(chunk)
            with _translated(key):
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
        with _translated(key):
            self._files.pipe_file(f"{self._path(key)}.part-{offset:0{_PART_DIGITS}d}", data)

    def finish_parts(self, key: str, total: int) -> None:
        """Joins the parts that follow on one another from 0; those of overtaken writers are left out."""
        with _translated(key):
            sizes = self._part_sizes(key)
        if not sizes and total > 0 and self.exists(key) and self.size(key) == total:
            return  # joined before
        chain: list[str] = []
        at = 0
        while at < total:
            name = f"{self._path(key)}.part-{at:0{_PART_DIGITS}d}"
            if not sizes.get(name):
                raise UsageError(f"The bytes from {at} on (of {total}) are missing.", code="parts_missing")
            chain.append(name)
            at += sizes[name]
        if at != total:
            raise UsageError(f"The parts are {at} bytes, not {total}.", code="parts_missing")
        self.put_stream(
            key, (piece for name in chain for piece in self._read(name, 0, sizes[name])), durable=True
        )
        with _translated(key):
            for name in sizes:
                self._files.rm_file(name)

    def open(self, key: str) -> BinaryIO:
        """Seekable; read in blocks as it is asked for."""
        with _translated(key):
            return cast(BinaryIO, self._files.open(self._path(key), "rb"))

    def size(self, key: str) -> int:
        """Bytes."""
        if not self.exists(key):
            raise media_not_found(key)
        with _translated(key):
            return int(self._files.size(self._path(key)))

    def exists(self, key: str) -> bool:
        """Whether there is an object of just this name."""
        with _translated(key):
            return bool(self._files.isfile(self._path(key)))

    def move(self, source: str, target: str) -> None:
        """Copies, then removes: readers of `target` never see less than all of it."""
        if not self.exists(source) and self.exists(target):
            return
        with _translated(source):
            self._files.cp_file(self._path(source), self._path(target))
            self._files.rm_file(self._path(source))

    def delete(self, prefix: str) -> None:
        """The object, its parts and every object below."""
        path = self._path(prefix)
        with _translated(prefix):
            names = [*self._files.find(f"{path}/"), *self._part_sizes(prefix)]
            if self._files.isfile(path):
                names.append(path)
            for name in names:
                try:
                    self._files.rm_file(name)
                except FileNotFoundError:
                    continue  # someone else deletes the same

    def local_path(self, key: str) -> Path | None:
        """An object has none."""
        return None

    def fetch(self, key: str, cache_dir: Path) -> Path:
        """Downloaded once; the lock makes other processes of this machine wait for that one copy."""
        target = cache_dir / key
        target.parent.mkdir(parents=True, exist_ok=True)
        size = self.size(key)
        with target.with_name(f".{target.name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if target.is_file() and target.stat().st_size == size:
                return target
            temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
            try:
                with temporary.open("xb") as file:
                    for piece in self._read(self._path(key), 0, size):
                        file.write(piece)
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        return target

    def read_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """One ranged request for every few MiB."""
        return self._read(self._path(key), start, end)

    def _read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, _JOIN_BYTES):
            with _translated(name):
                block: bytes = self._files.cat_file(name, start=at, end=min(at + _JOIN_BYTES, end))
            for begin in range(0, len(block), _PIECE_BYTES):
                yield block[begin : begin + _PIECE_BYTES]

    def _part_sizes(self, key: str) -> dict[str, int]:
        """Name → bytes of every part of `key`."""
        path = self._path(key)
        parent = path.rsplit("/", 1)[0]
        found: dict[str, Any] = self._files.find(parent, maxdepth=1, detail=True)
        return {name: int(info["size"]) for name, info in found.items() if name.startswith(f"{path}.part-")}

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise media_not_found(key) from error
    except OSError as error:
        raise UnavailableError(f"The media store does not answer ({error}). Try again.") from error
