"""Lock of a var directory (flock): one owner at a time. The kernel releases it when its process ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cluster.local.errors import StackBusyError

PATIENCE_S = 5.0
"""How long a taken lock is tried again."""

POLL_S = 0.1


class DirectoryLock:
    """An exclusive flock on a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, give_up: Callable[[], bool] = lambda: False) -> None:
        """Take the lock. StackBusyError if it stays taken for PATIENCE_S, or as soon as `give_up` is true.

        The lock of a process that was killed is released only when its last thread has left the kernel, which
        takes a while if it writes to a slow disk.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if time.monotonic() < deadline and not give_up():
                    time.sleep(POLL_S)
                    continue
                os.close(descriptor)
                raise StackBusyError(
                    f"Another process runs, starts or stops servers in {self._path.parent.parent}."
                ) from error
            self._descriptor = descriptor
            return

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> DirectoryLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
