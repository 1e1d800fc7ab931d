"""What the supervisor needs to know of a server: how it is prepared, started, asked and found again.

Knows no particular server.
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
from cluster.local.ports import PortBook
from cluster.local.process.records import belongings
from cluster.local.process.spawning import PART_MARK, STACK_MARK, ProcessSpec
from cluster.settings import PACKAGE_ROOT

# A server of the machine's own may be configured through these; ours must not hear of it.
FOREIGN_PREFIXES = ("PG", "RABBITMQ_", "ERL_", "EPMD_", "REDIS_", "MONGO", "RAY_", "NOTIFY_SOCKET")


def clean_environment() -> dict[str, str]:
    """`child_environment` without settings that are meant for other servers than ours."""
    return {
        name: value for name, value in child_environment().items() if not name.startswith(FOREIGN_PREFIXES)
    }


def child_environment() -> dict[str, str]:
    """This process's environment for a child that imports our packages, wherever it runs."""
    environment = dict(os.environ)
    for mark in (STACK_MARK, PART_MARK):
        environment.pop(mark, None)
    paths = [str(PACKAGE_ROOT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    environment["PYTHONUNBUFFERED"] = "1"
    bin_dir = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([bin_dir, environment.get("PATH", os.defpath)])
    return environment


class Part(ABC):
    """One server of the local stack. All methods may block; none may be called from two threads at once."""

    name: ClassVar[str]
    title: ClassVar[str]
    start_timeout_s: ClassVar[float] = 60.0
    stop_grace_s: ClassVar[float] = 10.0

    def __init__(self, layout: Layout, ports: PortBook) -> None:
        self.layout = layout
        self.ports = ports

    @property
    @abstractmethod
    def url(self) -> str:
        """How clients reach it, password included."""

    @property
    @abstractmethod
    def address(self) -> str:
        """How people are told where it is: without a password."""

    @abstractmethod
    def prepare(self) -> None:
        """Make directories, configuration and (once) the data; clear away what a killed process left.

        Raises MissingServerError or LocalStackError.
        """

    @abstractmethod
    def processes(self) -> Sequence[ProcessSpec]:
        """The processes in the order of their start. If one dies, all are started anew."""

    @abstractmethod
    def probe(self) -> str:
        """Ask the server something real. Returns a word on it, its version say; raises NotReadyError."""

    def leftovers(self) -> list[psutil.Process]:
        """Processes of this part that are alive, whoever started them."""
        return belongings(self.layout, self.name)
