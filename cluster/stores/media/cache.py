"""Copies of media on this machine's disk: bounded, shared by its processes, the least recently used go first.

One file an entry, and nothing else that could disagree with it. Locks are the operating system's (flock), on
the entries themselves: who reads one holds it shared, who removes one must get it alone, and a process that
dies, however it dies, lets go. An entry is fetched under another name by whoever holds that one alone; the
others wait for it.

What is in use is never removed, so files in use may for a time take more than the bound; the same goes for a
single file larger than it, for which everything else makes room. A copy of something that was deleted is not
asked for again and goes in time, as the oldest.

Copies are whole, because a decoder seeks back and forth, and every chunk of a video begins with its
container's index: to read those by ranges from afar costs more than one sequential download a machine. Does
not know what is in a file nor where it comes from.
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

_POLL_S = 0.05
_UNFINISHED = ".part"
_GUARD = ".guard"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # some file systems

Fill = Callable[[int, Callable[[], None]], None]
"""Writes the whole content into an open file (its descriptor) and calls back as it gets on."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    bytes: int
    used_at_ns: int


class MediaCache:
    """Entries in `directory`, of at most `max_bytes` together. Safe between threads and processes."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    @contextmanager
    def lease(
        self, name: str, size: int, fill: Fill, progress: Callable[[], None] = lambda: None
    ) -> Iterator[Path]:
        """The path of the entry `name` of `size` bytes, fetched with `fill` if it is not here; it stays put.

        `name` is a plain file name, another one for every content. `progress` is called while this gets on or
        waits for another process that fetches the same; what it raises ends the wait. UnavailableError
        (`storage_full`) when the disk has no room although everything that is not in use was removed.
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
        """A descriptor of the entry that keeps it from being removed; None when it is not here."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if _locked(descriptor, fcntl.LOCK_SH, path, progress):
                if os.fstat(descriptor).st_size == size:
                    os.utime(descriptor)
                    return descriptor
                path.unlink(missing_ok=True)  # not what was put there
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _fetched(self, path: Path, size: int, fill: Fill, progress: Callable[[], None]) -> int | None:
        """As `_held`, for what is fetched now; None when another process did it meanwhile."""
        unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if _locked(descriptor, fcntl.LOCK_EX, unfinished, progress):
                try:
                    if not path.exists():
                        self._make_room(descriptor, unfinished, size)
                        fill(descriptor, progress)
                        os.fdatasync(
                            descriptor
                        )  # a size that is right must mean a content that is, ever after
                        unfinished.replace(path)
                finally:
                    if _is_at(descriptor, unfinished):  # by now it may be somebody else's of this name
                        unfinished.unlink(missing_ok=True)
                # Letting go of the one lock comes before getting the other: the entry may just have gone.
                if _locked(descriptor, fcntl.LOCK_SH, path, progress):
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _make_room(self, descriptor: int, unfinished: Path, size: int) -> None:
        """Removes what has not been used for longest until `size` bytes fit, and takes them."""
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
        """All files in the order they go in; what a process that died left unfinished is the first."""
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
    """Waits for the lock; False when the file is no longer the one of this path."""
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
    """How many bytes are free now: none when somebody holds the file."""
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
    """Takes the bytes on disk now: two downloads must not count on the same space. OSError when full."""
    try:
        if size:
            os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise
        os.ftruncate(descriptor, size)
