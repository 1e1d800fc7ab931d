"""Paths of the local stack: data, logs and state below var/, Unix sockets in a directory with a short path.

Also writes private files. Knows paths and their permissions; knows no server and starts nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from cluster.local.errors import LocalStackError

SOCKET_BASE = Path("/tmp")  # noqa: S108 - the directory in it is checked for its owner, see `_own_directory`
"""A Unix socket's path (`sun_path`) holds 108 bytes on Linux and 104 on macOS, with the closing zero, and the
names of Ray's sockets take about 70. A checkout's path or macOS's $TMPDIR may be too long for that.
"""

PRIVATE_MODE = 0o700
"""Directories that only their owner may enter."""

TRAVERSABLE_MODE = 0o711
"""Directories that others may pass through but not list: PostgreSQL may run as another user."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one stack. `var_dir` is absolute and without symbolic links: one stack id each."""

    var_dir: Path

    def __post_init__(self) -> None:
        if not self.var_dir.is_absolute():
            raise ValueError(f"var_dir must be absolute, not {self.var_dir}")

    @classmethod
    def at(cls, var_dir: Path | str) -> Layout:
        """The layout of `var_dir`; relative paths, `~` and symbolic links are resolved."""
        return cls(Path(var_dir).expanduser().resolve())

    @property
    def stack_id(self) -> str:
        """Ten hexadecimal digits that identify this var directory on this machine."""
        return hashlib.sha256(str(self.var_dir).encode()).hexdigest()[:10]

    @property
    def run_dir(self) -> Path:
        """Directory of the running stack's state: stack.json, ports.json, the lock."""
        return self.var_dir / "run"

    @property
    def log_dir(self) -> Path:
        """Directory of the logs, one file for each process."""
        return self.var_dir / "log"

    @property
    def media_dir(self) -> Path:
        """The media store of the embedded default."""
        return self.var_dir / "media"

    @property
    def state_file(self) -> Path:
        """stack.json; only the supervisor writes it."""
        return self.run_dir / "stack.json"

    @property
    def ports_file(self) -> Path:
        """The ports chosen at the first start."""
        return self.run_dir / "ports.json"

    @property
    def lock_file(self) -> Path:
        """The file that the process running servers in this var directory has locked (flock)."""
        return self.run_dir / "lock"

    @property
    def socket_dir(self) -> Path:
        """Directory with a short path for Unix sockets and Ray's sessions."""
        return SOCKET_BASE / f"scenestream-{self.stack_id}"

    def log_file(self, process: str) -> Path:
        """The log of one process."""
        return self.log_dir / f"{process}.log"

    def data_dir(self, part: str) -> Path:
        """The data directory of one part."""
        return self.var_dir / part

    def create(self) -> None:
        """Make the directories that all parts share. Raises LocalStackError if that is not possible."""
        try:
            self.var_dir.mkdir(parents=True, exist_ok=True)
            for directory in (self.run_dir, self.log_dir):
                directory.mkdir(mode=PRIVATE_MODE, exist_ok=True)
            self.media_dir.mkdir(mode=PRIVATE_MODE, exist_ok=True)
            if self.media_dir.stat().st_uid == os.getuid():  # else a place that somebody has chosen for it
                self.media_dir.chmod(PRIVATE_MODE)
        except OSError as error:
            raise LocalStackError(
                f"Cannot make directories in {self.var_dir}: {error}. Give a writable place "
                "with SCENESTREAM_VAR_DIR=/some/where."
            ) from error
        _own_directory(self.socket_dir)

    def tidy(self) -> None:
        """Remove the sockets' directories if they are empty; the logs of Ray's last session stay."""
        for directory in (self.socket_dir / "pg", self.socket_dir):
            with contextlib.suppress(OSError):
                directory.rmdir()


def _own_directory(path: Path) -> None:
    """Make `path`, or check that it is ours: in /tmp another user may have made it to read our files."""
    try:
        path.mkdir(mode=TRAVERSABLE_MODE, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise LocalStackError(f"Cannot make {path}, which the servers' sockets need: {error}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LocalStackError(
            f"{path} belongs to another user. Remove it, or choose another var directory "
            "with SCENESTREAM_VAR_DIR=/some/where."
        )
    path.chmod(TRAVERSABLE_MODE)


def secret(path: Path) -> str:
    """The password in `path` (mode 0600); the first call generates it."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        value = secrets.token_hex(24)
        write_private(path, value)
        return value


def write_private(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace `path` atomically by a file that only its owner may read (mode 0600).

    `durable`: wait until the disk has it (fsync), for files that must survive a power failure. State of
    running processes is worthless after one and does not wait.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
