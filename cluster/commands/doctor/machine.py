"""Checks this machine: disk space, rights in var/, shared memory, limit of open files, the HTTP port.

Knows the local stack's directories and the API's liveness probe; starts nothing.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from cluster.commands.doctor.findings import Finding, ok, problem, warning
from cluster.contract.protocol import API_PREFIX
from cluster.local.free_space import free_spaces
from cluster.local.layout import Layout
from cluster.local.parts.ray import OBJECT_STORE_BYTES
from cluster.local.plan import local_api_url
from cluster.local.ports import is_free
from cluster.local.state import read
from cluster.settings import Settings

FULL_BYTES = 1 << 30
"""Less free disk space is a problem: databases stop writing before the disk is full."""

SCARCE_BYTES = 10 << 30
"""Less free disk space is a warning."""

FILES_NEEDED = 1024
"""A lower limit of open files is a problem: PostgreSQL, RabbitMQ and Ray complain."""

FILES_WANTED = 4096
"""A lower limit is a warning: each event stream of a client takes one, each of Ray's workers about twenty."""

PORT_TIMEOUT_S = 3.0
"""For the API's liveness probe."""

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the system's, not a file of ours
"""Where Ray keeps its object store."""


def check_var(settings: Settings) -> Iterator[Finding]:
    """Whether var/ can be written to, and the free space for media, var/ and temporary files."""
    var_dir = Layout.at(settings.var_dir).var_dir
    existing = next(path for path in (var_dir, *var_dir.parents) if path.exists())
    try:
        if not existing.is_dir():
            raise NotADirectoryError(f"{existing} is no directory")
        with tempfile.TemporaryFile(dir=existing):
            yield ok("var", f"{var_dir} can be written to")
    except OSError as error:
        yield problem(
            "var",
            f"{var_dir} cannot be written to: {error.strerror or error}",
            f"Give this user ({_user()}) rights there, or choose another place with SCENESTREAM_VAR_DIR.",
        )
    for space in free_spaces(settings):
        yield disk(space.path, space.free_bytes)


def disk(where: Path, free_bytes: int) -> Finding:
    """The finding for so much free disk space."""
    told = f"{free_bytes / (1 << 30):.1f} GiB are free at {where}"
    advice = "Delete videos that are no longer needed, or set SCENESTREAM_VAR_DIR to a larger disk."
    if free_bytes < FULL_BYTES:
        return problem("disk", told, advice)
    return warning("disk", told, advice) if free_bytes < SCARCE_BYTES else ok("disk", told)


def check_shared_memory(path: Path = SHARED_MEMORY) -> Iterator[Finding]:
    """Whether Ray's object store fits into shared memory; otherwise Ray uses slow files."""
    if not path.is_dir():
        return  # macOS has none and needs none
    total_bytes = shutil.disk_usage(path).total
    told = f"{total_bytes >> 20} MiB at {path}"
    if total_bytes < OBJECT_STORE_BYTES:
        yield warning(
            "shared memory",
            f"{told}, and Ray wants {OBJECT_STORE_BYTES >> 20} MiB",
            "Start the container with --shm-size=2g (Docker), or mount a larger tmpfs there.",
        )
    else:
        yield ok("shared memory", told)


def check_open_files() -> Iterator[Finding]:
    """The limit of open files and connections of a process."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or limit >= FILES_WANTED:
        yield ok("open files", "unlimited" if limit == resource.RLIM_INFINITY else f"{limit} a process")
        return
    advice = "Raise it before starting: `ulimit -n 65536`, or LimitNOFILE=65536 in the unit of systemd."
    make = problem if limit < FILES_NEEDED else warning
    yield make("open files", f"only {limit} a process", advice)


def check_port(settings: Settings) -> Iterator[Finding]:
    """Whether the HTTP port is free, or our own API listens on it."""
    http = settings.http
    file = read(Layout.at(settings.var_dir))
    if file is not None and file.is_alive:
        yield ok("port", f"the stack listens at {file.api_url}")
    elif is_free(http.port, http.host):
        yield ok("port", f"{http.port} on {http.host} is free")
    elif _is_api(settings):
        yield ok("port", f"the API listens at {http.port} on {http.host}")
    else:
        yield problem(
            "port",
            f"{http.port} on {http.host} is taken by another program",
            "Start with `scenestream up --port P`, set SCENESTREAM_HTTP__PORT, or end that program.",
        )


def _is_api(settings: Settings) -> bool:
    """Whether our API listens on the port; on a node of a cluster, Serve's proxy does."""
    where = f"{local_api_url(settings)}{API_PREFIX}/healthz"
    try:
        told: Any = httpx.get(where, timeout=PORT_TIMEOUT_S, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return bool(told == {"status": "ok"})


def _user() -> str:
    return f"uid {os.getuid()}"
