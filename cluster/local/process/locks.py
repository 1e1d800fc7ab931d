"""One owner of a var directory at a time, by a lock that ends with its process however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cluster.local.errors import StackBusyError

PATIENCE_S = 5.0
POLL_S = 0.1


class DirectoryLock:
    """flock on a file: taken at once or soon refused; kill -9 releases it, too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, give_up: Callable[[], bool] = lambda: False) -> None:
        """Take the lock, or raise StackBusyError.

        Asks for a few seconds, at most until `give_up` says so: the lock of a process that was killed is
        free only when its last thread came out of the kernel (from writing to a slow disk, say).
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
        """Give it back."""
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
