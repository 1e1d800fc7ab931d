"""Base class of a part of the stack: preparation, command lines, health probe, finding of leftover processes.

Also the environment of child processes. Knows no particular server.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import psutil

from cluster.local.layout import Layout
from cluster.local.ports import LOOPBACK, PortBook
from cluster.local.process.records import belongings
from cluster.local.process.spawning import PART_NAME_VARIABLE, STACK_ID_VARIABLE, ProcessSpec
from cluster.settings import PACKAGE_ROOT

FOREIGN_PREFIXES = ("PG", "RABBITMQ_", "ERL_", "EPMD_", "REDIS_", "MONGO", "RAY_", "NOTIFY_SOCKET")
"""Variables that configure other servers on this machine; our own servers must not read them."""


def clean_environment() -> dict[str, str]:
    """`child_environment` without FOREIGN_PREFIXES."""
    return {
        name: value for name, value in child_environment().items() if not name.startswith(FOREIGN_PREFIXES)
    }


def child_environment() -> dict[str, str]:
    """This process's environment for a child process that imports our packages, in any working directory."""
    environment = dict(os.environ)
    for variable in (STACK_ID_VARIABLE, PART_NAME_VARIABLE):
        environment.pop(variable, None)
    paths = [str(PACKAGE_ROOT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    environment["PYTHONUNBUFFERED"] = "1"
    bin_dir = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([bin_dir, environment.get("PATH", os.defpath)])
    return environment


class StackPart(ABC):
    """One server of the local stack. All methods may block. Not thread-safe: one thread at a time."""

    name: ClassVar[str]
    title: ClassVar[str]
    start_timeout_s: ClassVar[float] = 180.0  # some seconds; on a busy machine a minute and more
    stop_grace_s: ClassVar[float] = 10.0

    def __init__(self, layout: Layout, ports: PortBook) -> None:
        self.layout = layout
        self.ports = ports

    @property
    @abstractmethod
    def url(self) -> str:
        """URL for clients, with the password."""

    @property
    def address(self) -> str:
        """Address to show to people, without the password: here the loopback address and the part's port."""
        return f"{LOOPBACK}:{self.ports.port(self.name)}"

    @abstractmethod
    def prepare(self) -> None:
        """Make directories, configuration and, at the first start, data; delete files of a killed process.

        Raises MissingServerError or LocalStackError.
        """

    @abstractmethod
    def processes(self) -> Sequence[ProcessSpec]:
        """The processes in the order of their start. If one dies, all are restarted."""

    @abstractmethod
    def probe(self) -> str:
        """Health probe by a real request. Returns the server's name and version; raises NotReadyError."""

    def leftovers(self) -> list[psutil.Process]:
        """Living processes of this part, also those that an earlier supervisor started."""
        return belongings(self.layout, self.name)
