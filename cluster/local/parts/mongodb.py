"""The part "mongodb": `mongod` if it is on the PATH, else nx-27017, MongoDB's protocol over SQLite.

Each of the two has a data directory of its own, so that installing mongod later damages nothing.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from cluster.local import probes
from cluster.local.errors import MissingServerError
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.ports import LOOPBACK
from cluster.local.process.spawning import ProcessSpec

MONGOD_CACHE_GB = "0.25"
"""WiredTiger's cache; mongod's default is half of the machine's memory."""

NX_PROGRAM = (
    "import logging, sys; logging.getLogger('nx_27017').setLevel('WARNING'); "
    "from nx_27017.nx_27017 import main; sys.exit(main())"
)
"""Starts nx-27017 with log level WARNING: at INFO it logs several lines a command, with its arguments."""


class MongoDB(StackPart):
    """Stores the results."""

    name: ClassVar[str] = "mongodb"
    title: ClassVar[str] = "MongoDB"

    @property
    def url(self) -> str:
        """A mongodb URL; with directConnection the driver does not search for a replica set."""
        return f"mongodb://{self.address}/?directConnection=true"

    def prepare(self) -> None:
        """Make the data directory; delete an old pid file, which nx-27017 would take for a running server."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if shutil.which("mongod") is None and importlib.util.find_spec("nx_27017") is None:
            raise MissingServerError(
                "No MongoDB: install mongod or the package nx-27017, or give SCENESTREAM_MONGODB_URL."
            )
        self._pid_file.unlink(missing_ok=True)

    def processes(self) -> Sequence[ProcessSpec]:
        """The server, in the foreground."""
        mongod = shutil.which("mongod")
        argv = self._mongod(mongod) if mongod else self._nx()
        return [ProcessSpec(self.name, argv, self._data_dir, clean_environment())]

    def probe(self) -> str:
        """Send a ping."""
        version = probes.mongodb(self.url)
        return version if shutil.which("mongod") else f"{version} (nx-27017)"

    @property
    def _data_dir(self) -> Path:
        return self.layout.data_dir(self.name) / ("mongod" if shutil.which("mongod") else "nx")

    @property
    def _pid_file(self) -> Path:
        return self.layout.run_dir / "mongodb.pid"

    def _mongod(self, program: str) -> tuple[str, ...]:
        port = str(self.ports.port(self.name))
        place = ("--dbpath", str(self._data_dir), "--bind_ip", LOOPBACK, "--port", port)
        return (program, *place, "--nounixsocket", "--wiredTigerCacheSizeGB", MONGOD_CACHE_GB)

    def _nx(self) -> tuple[str, ...]:
        port = str(self.ports.port(self.name))
        place = ("--data-dir", str(self._data_dir), "--host", LOOPBACK, "--port", port)
        files = ("--pid-file", str(self._pid_file), "--log-file", str(self.layout.log_file("mongodb-nx")))
        return (sys.executable, "-c", NX_PROGRAM, *place, *files)
