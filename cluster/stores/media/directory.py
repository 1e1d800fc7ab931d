"""Media store in a directory: plain files, local or on a file system that the nodes share.

Positional writes, fsync and atomic renames of the operating system keep readers from seeing half a file. Does
not know the rules for keys.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cluster.errors import NotFoundError, UnavailableError, UsageError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.errors import media_not_found
from cluster.stores.media.stored_file import StoredFile

_PIECE_BYTES = 1 << 20  # 1 MiB of a file in memory at a time; no measurement
# Another process wrote or removed a file between two calls of ours. Unlinking a directory is EISDIR on Linux
# and EPERM elsewhere.
_CHANGED_MEANWHILE = (errno.ENOTEMPTY, errno.ENOENT, errno.EISDIR, errno.EPERM)
_DELETE_TRIES = 5  # a writer that does not know of the deletion may add files meanwhile; no measurement
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DirectoryMedia:
    """Media store in the directory `root`, which is made if it is missing: for this account alone.

    One that is there keeps its permissions, so that several accounts can share it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_stream(self, key: str, chunks: Iterable[bytes], *, durable: bool) -> int:
        """Writes to a temporary file beside the target, and renames it when it is complete."""
        target = self._path(key)
        # Keys have no leading dot, so the temporary file cannot be read by key.
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        with _translated(key):
            target.parent.mkdir(parents=True, exist_ok=True)
            file = temporary.open("xb", buffering=0)
        total = 0
        try:
            with file:
                for chunk in chunks:
                    with _translated(key):
                        _write_all(file.fileno(), chunk)
                    total += len(chunk)
                if durable:
                    with _translated(key):  # where room is found out late, this is where it is missing
                        os.fsync(file.fileno())
            with _translated(key):
                temporary.replace(target)
                if durable:
                    _sync_directory(target.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return total

    def write_at(self, key: str, offset: int, data: bytes) -> None:
        """Writes into the file itself and syncs it to disk, so that an acknowledged part is never lost."""
        path = self._path(key)
        with _translated(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.lseek(descriptor, offset, os.SEEK_SET)
                _write_all(descriptor, data)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)

    def finish_parts(self, key: str, total: int) -> None:
        """Cuts the file to `total` bytes: a writer that was overtaken may have left a tail."""
        path = self._path(key)
        with _translated(key):
            if total == 0:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            with path.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                if size < total:
                    raise UsageError(f"{total - size} of {total} bytes are missing.", code="parts_missing")
                file.truncate(total)
                os.fsync(file.fileno())
            _sync_directory(path.parent)

    def size(self, key: str) -> int:
        """Size of the file in bytes."""
        if not self.exists(key):
            raise media_not_found(key)
        with _translated(key):
            return self._path(key).stat().st_size

    def exists(self, key: str) -> bool:
        """Whether the key names a regular file."""
        return self._path(key).is_file()

    def move(self, source: str, target: str) -> None:
        """Renames the file; the rename is on disk when this returns."""
        source_path, target_path = self._path(source), self._path(target)
        if not source_path.exists() and target_path.is_file():
            return
        with _translated(source):
            target_path.parent.mkdir(parents=True, exist_ok=True)
            source_path.replace(target_path)
            _sync_directory(target_path.parent)
            _sync_directory(source_path.parent)

    def delete(self, prefix: str) -> None:
        """Removes a file, or a directory with its content."""
        path = self._path(prefix)
        for tries_left in reversed(range(_DELETE_TRIES)):
            try:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
                return
            except OSError as error:
                if tries_left == 0 or error.errno not in _CHANGED_MEANWHILE:
                    raise

    @contextmanager
    def local_copy(self, key: str, cache: MediaCache, progress: Callable[[], None]) -> Iterator[Path]:
        """The path of the file itself; nothing is copied."""
        if not self.exists(key):
            raise media_not_found(key)
        yield self._path(key)

    def beginning(self, key: str, most: int) -> bytes:
        """Reads the first bytes."""
        with self._open(key) as file:
            return file.read(most)

    def read_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """Opens the file now and reads it piece by piece."""
        return _pieces(self._open(key), start, end)

    def files(self, prefix: str) -> Iterator[StoredFile]:
        """Walks the directories below; a name with a leading dot is a temporary file."""
        for folder, _, names in os.walk(self._path(prefix)):
            for name in names:
                path = Path(folder) / name
                try:
                    found = path.lstat()
                except FileNotFoundError:  # renamed or removed since the directory was read
                    continue
                # a rename keeps the time of the last write, and changes that of the inode
                changed_at = max(found.st_mtime, found.st_ctime)
                key = path.relative_to(self._root).as_posix()
                yield StoredFile(key, found.st_size, changed_at, name.startswith("."))

    def remove(self, file: StoredFile) -> None:
        """Unlinks the file, then the directories above it that are empty."""
        path = self._path(file.key)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._root or not folder.is_relative_to(self._root):
                return
            try:
                folder.rmdir()
            except OSError as error:
                if error.errno not in _CHANGED_MEANWHILE:
                    raise
                return

    def _open(self, key: str) -> BinaryIO:
        with _translated(key):
            return self._path(key).open("rb")

    def _path(self, key: str) -> Path:
        return self._root / key


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left > 0:
            piece = file.read(min(left, _PIECE_BYTES))
            if not piece:
                raise NotFoundError("The file became shorter while it was read.")
            left -= len(piece)
            yield piece


def _sync_directory(path: Path) -> None:
    """A rename is durable only once its directory is on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise media_not_found(key) from error
    except OSError as error:
        if error.errno in _FULL:
            raise UnavailableError(
                "The media store is full; free some space and try again.", code="storage_full"
            ) from error
        raise
