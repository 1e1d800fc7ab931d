"""LRU cache of media files on this machine's disk: bounded in bytes, shared by all processes of the machine.

Each entry is one file; there is no index beside the files that could differ from them. Locks are the
operating system's (flock) on the files themselves: a reader holds a shared lock, a removal needs the
exclusive one, and the kernel releases the locks of a process that dies. A download goes to a temporary name,
by the one process that holds the exclusive lock on that name; the other processes wait for it.

An entry in use is never removed. So entries in use, or a single file larger than the bound, may take more
than the bound for a time. The copy of a deleted video is not read again and is removed in time, as the
oldest.

Copies are whole files. A decoder seeks back and forth, and each chunk of a video begins with its container's
index: reading those by ranges over the network costs more than one sequential download a machine. Does not
know the content of a file nor its source.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import UnavailableError

_POLL_S = 0.05  # seconds between tries for a lock: flock has no timeout, and `progress` must be called
_UNFINISHED = ".part"
_GUARD = ".guard"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # some file systems

Fill = Callable[[int, Callable[[], None]], None]
"""Writes the whole content into an open file (a file descriptor), and calls the given function meanwhile."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    bytes: int
    used_at_ns: int


class MediaCache:
    """LRU cache of files in `directory`, bounded by `max_bytes`. Safe between threads and processes."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    @contextmanager
    def lease(
        self, name: str, size: int, fill: Fill, progress: Callable[[], None] = lambda: None
    ) -> Iterator[Path]:
        """The path of the entry `name` of `size` bytes; fetched with `fill` if missing, kept until the block
        ends.

        `name` is a plain file name, a different one for every content. `progress` is called during the
        download and while another process downloads the same entry; an exception from it ends the wait.
        UnavailableError (`storage_full`) when the disk is full although every entry that is not in use was
        removed.
        """
        with self._translated():
            self._directory.mkdir(parents=True, exist_ok=True)
            path = self._directory / name
            descriptor = None
            while descriptor is None:
                descriptor = self._held(path, size, progress)
                if descriptor is None:
                    descriptor = self._fetched(path, size, fill, progress)
        try:
            yield path
        finally:
            os.close(descriptor)

    def _held(self, path: Path, size: int, progress: Callable[[], None]) -> int | None:
        """A file descriptor with a shared lock that keeps the entry; None when the entry is missing."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if _locked(descriptor, fcntl.LOCK_SH, path, progress):
                if os.fstat(descriptor).st_size == size:
                    os.utime(descriptor)
                    return descriptor
                path.unlink(missing_ok=True)  # damaged: it has another size than when it was stored
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _fetched(self, path: Path, size: int, fill: Fill, progress: Callable[[], None]) -> int | None:
        """Fetches the entry and locks it as `_held` does; None when another process fetched it meanwhile."""
        unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if _locked(descriptor, fcntl.LOCK_EX, unfinished, progress):
                try:
                    if not path.exists():
                        self._make_room(descriptor, unfinished, size)
                        fill(descriptor, progress)
                        # Content before name: after a power loss, a right size must mean a right content.
                        os.fdatasync(descriptor)
                        unfinished.replace(path)
                finally:
                    if _is_at(descriptor, unfinished):  # else another process's file has this name by now
                        unfinished.unlink(missing_ok=True)
                # flock releases the exclusive lock before it grants the shared one, so the entry may be
                # removed in between.
                if _locked(descriptor, fcntl.LOCK_SH, path, progress):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _make_room(self, descriptor: int, unfinished: Path, size: int) -> None:
        """Removes the least recently used entries until `size` bytes fit, and reserves them on disk."""
        with (self._directory / _GUARD).open("wb") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            os.ftruncate(descriptor, 0)
            entries = self._entries(but=unfinished)
            total = sum(entry.bytes for entry in entries)
            while True:
                while entries and total + size > self._max_bytes:
                    total -= _removed(entries.pop(0))
                try:
                    _reserve(descriptor, size)
                    return
                except OSError as error:
                    if error.errno not in _FULL or not entries:
                        raise
                    total -= _removed(entries.pop(0))

    def _entries(self, but: Path) -> list[_Entry]:
        """All files in the order of removal: unfinished ones of dead processes first, then by last use."""
        found = []
        with os.scandir(self._directory) as listing:
            for item in listing:
                if item.name == _GUARD or item.name == but.name or not item.is_file(follow_symlinks=False):
                    continue
                with suppress(FileNotFoundError):
                    stat = item.stat()
                    used_at_ns = 0 if item.name.endswith(_UNFINISHED) else stat.st_mtime_ns
                    found.append(_Entry(Path(item.path), stat.st_size, used_at_ns))
        return sorted(found, key=lambda entry: entry.used_at_ns)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise UnavailableError(
                    f"There is no room for a copy of the video in {self._directory}: free some space, or let "
                    "media.cache_dir be on a larger disk.",
                    code="storage_full",
                ) from error
            raise UnavailableError(
                f"Videos cannot be copied to {self._directory} ({error.strerror or error}). Mend that, or "
                "set media.cache_dir to another folder."
            ) from error


def _locked(descriptor: int, kind: int, path: Path, progress: Callable[[], None]) -> bool:
    """Waits for the lock; False when another file, or none, has this path by then."""
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _is_at(descriptor, path):
                return False
            progress()
            time.sleep(_POLL_S)
        else:
            return _is_at(descriptor, path)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _removed(entry: _Entry) -> int:
    """Removes the entry unless it is in use; returns the bytes that are free now."""
    try:
        descriptor = os.open(entry.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return entry.bytes
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(descriptor, entry.path):
            entry.path.unlink(missing_ok=True)
    except BlockingIOError:
        return 0
    finally:
        os.close(descriptor)
    return entry.bytes


def _reserve(descriptor: int, size: int) -> None:
    """Allocates the bytes on disk now, so that two downloads do not count on the same space. OSError when
    full.
    """
    try:
        if size:
            os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise
        os.ftruncate(descriptor, size)
