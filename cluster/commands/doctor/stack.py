"""Checks the stack on this machine: whether it runs, leftovers of a crash, and the answer of its API.

Ends no process: `scenestream down` and `up` do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from cluster.client import Client
from cluster.client.types import Cluster, Pool
from cluster.commands.doctor.findings import Finding, ok, problem, warning
from cluster.errors import ScenestreamError
from cluster.local.layout import Layout
from cluster.local.process.records import Records, belongings
from cluster.local.state import PartHealth, Phase, StackFile, read
from cluster.settings import Settings

API_TIMEOUT_S = 15.0
"""For the API's answer, which asks all servers and the pool."""

API_PATIENCE_S = 20.0
"""How long a server or the pool is asked again before its silence is a finding.

The API gives each of them two to three seconds. On a machine whose processors are all taken, a healthy pool
now and then takes longer; one that is down stays silent for all of this time.
"""

_ASK_AGAIN_S = 1.0

_DISK = "disk"
"""What the API calls its disks among its servers."""

_FEW = 5
"""Leftover processes that are listed."""


def check_stack(settings: Settings) -> Iterator[Finding]:
    """Unhealthy parts of a running stack; processes and files that a crashed supervisor has left."""
    layout = Layout.at(settings.var_dir)
    file = read(layout)
    if file is not None and file.is_alive:
        yield from _parts(file)
        return
    left = belongings(layout) if layout.run_dir.is_dir() else []
    if left:
        some = ", ".join(f"{process.pid} {process.name()}" for process in left[:_FEW])
        more = ", …" if len(left) > _FEW else ""
        yield warning(
            "stack",
            f"its supervisor is gone and left {len(left)} processes ({some}{more})",
            "Run `scenestream down`, which ends them, or `scenestream up`, which starts anew.",
        )
    elif file is not None and file.phase is Phase.FAILED:
        yield problem("stack", f"the last start failed: {file.error}", "Mend that, then `scenestream up`.")
    elif file is not None or Records(layout).all():
        yield warning(
            "stack",
            f"its supervisor ended without tidying up {layout.run_dir}",
            "Run `scenestream down`, or `scenestream up` to go on; data are not affected.",
        )
    else:
        yield ok("stack", "does not run on this machine")


def _parts(file: StackFile) -> Iterator[Finding]:
    unwell = {name: part for name, part in file.parts.items() if part.state is not PartHealth.HEALTHY}
    for name, part in unwell.items():
        where = f" See {part.log}." if part.log else ""
        yield problem(
            "stack",
            f"{name} is {part.state.value}: {part.detail or 'no reason was told'}",
            f"It is tried again by itself.{where}",
        )
    if not unwell:
        yield ok("stack", f"all {len(file.parts)} parts are healthy")


def check_api(address: str, api_key: str | None, *, patience_s: float = API_PATIENCE_S) -> Iterator[Finding]:
    """The health of the servers behind the API and of the pool, as the API reports it."""
    try:
        with Client(address, api_key=api_key, timeout_s=API_TIMEOUT_S) as client:
            cluster = _settled(client, patience_s)
    except ScenestreamError as error:
        yield problem(
            "api",
            f"{address}: {error.message}",
            "Look at `scenestream status` and at the log of the API; if it asks for a key, give one with "
            "--api-key or SCENESTREAM_API_KEY.",
        )
        return
    unhealthy = _silent(cluster)
    if unhealthy:
        yield problem(
            "api",
            f"{address} answers and does not reach {', '.join(unhealthy)}",
            "See that those run and that the API's machine reaches them; its settings may differ from yours.",
        )
    else:
        yield ok("api", f"{address} answers, and so do the servers behind it")
    for server in cluster["servers"]:
        if server["name"] == _DISK and not server["healthy"]:
            yield problem(
                "api-disk",
                f"The API's machine: {server['detail']}",
                "media.least_free_bytes is the limit; uploads fail when nothing is left.",
            )
    yield _pool(cluster["pool"], cluster["pool_detail"])


def _settled(client: Client, patience_s: float) -> Cluster:
    """The API's answer, asked again for `patience_s` while a server or the pool is silent in it."""
    until_s = time.monotonic() + patience_s
    while True:
        cluster = client.cluster()
        silent = cluster["pool"] is None or bool(_silent(cluster))
        if not silent or time.monotonic() >= until_s:
            return cluster
        time.sleep(_ASK_AGAIN_S)


def _silent(cluster: Cluster) -> list[str]:
    """The servers that the API does not reach. A disk is none: it is full, and asking again does not help."""
    return [one["name"] for one in cluster["servers"] if not one["healthy"] and one["name"] != _DISK]


def _pool(pool: Pool | None, why: str | None) -> Finding:
    if pool is None:
        return problem(
            "pool",
            why or "does not answer",
            "Wait a minute: it is started again by itself. Then see Ray's logs.",
        )
    rows = pool["actors"]
    waiting = [row for row in rows if row["state"] == "waiting"]
    ready = [row for row in rows if row["state"] in ("idle", "working", "draining")]
    if waiting and not ready:
        return warning(
            "pool",
            f"none of {len(rows)} actors has found a place on a node",
            "Ray has no node with room for them: look at `ray status`, at actors.gpus_per_actor and at the "
            "autoscaler.",
        )
    lost = sum(row.get("replaced", 0) for row in rows)
    told = f"{len(ready)} of {pool['wanted']} actors are ready"
    if lost:
        return warning(
            "pool", f"{told}; {lost} were lost since it began", "The pool's log says why each was lost."
        )
    return ok("pool", told)
