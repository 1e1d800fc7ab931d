"""Arithmetic and readings of the simulation: fairness, percentiles, and what servers and processes used.

Knows PostgreSQL's statistics and the process table; not what is simulated.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.benchmarks.scale.stubs import Done

DATABASE_SQL = b"""SELECT xact_commit + xact_rollback AS transactions, active_time AS active_ms,
    tup_inserted + tup_updated + tup_deleted AS rows_written
    FROM pg_stat_database WHERE datname = current_database()"""
DOORBELLS_SQL = (
    b"SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')::regclass), 0)"
)
SERVERS = {"postgres": "postgres", "beam": "rabbitmq", "nx": "mongodb", "mongod": "mongodb", "redis": "redis"}


def jain(shares: Sequence[float]) -> float:
    """Jain's index (Jain, Chiu, Hawe, 1984): 1 when all have the same, 1/n when one has everything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that `part` (0..1) of them do not exceed; NaN of none."""
    if not values:
        return float("nan")
    ranked = sorted(values)
    return ranked[min(int(part * len(ranked)), len(ranked) - 1)]


def share_while_all_wait(done: Iterable[Done], demand_s: Mapping[str, float]) -> dict[str, float]:
    """Seconds of video done for each owner until the first of them had 95 % of what it asked for: as long as
    all have work waiting, fairness is to give them the same.
    """
    got: dict[str, float] = defaultdict(float, dict.fromkeys(demand_s, 0.0))
    for chunk in sorted(done, key=lambda one: one.ended_at):
        got[chunk.owner] += chunk.cost_s
        if got[chunk.owner] >= 0.95 * demand_s[chunk.owner]:
            break
    return dict(got)


def busy_share(done: Sequence[Done], actors: int) -> float:
    """How much of the actors' time was work, in the middle half of the run, where nothing begins or ends."""
    began, ended = min(one.began_at for one in done), max(one.ended_at for one in done)
    since, until = began + (ended - began) / 4, ended - (ended - began) / 4
    worked = sum(max(min(one.ended_at, until) - max(one.began_at, since), 0.0) for one in done)
    return worked / (actors * (until - since))


def latencies(values: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and mean."""
    mean = statistics.fmean(values) if values else float("nan")
    return {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "mean": mean}


@dataclass(frozen=True)
class Used:
    """Counters that only grow."""

    transactions: int
    active_ms: float
    rows_written: int
    doorbells: int
    cpu_s: dict[str, float]

    def since(self, earlier: Used) -> Used:
        """What was used between the two."""
        cpu_s = {name: spent - earlier.cpu_s.get(name, 0.0) for name, spent in self.cpu_s.items()}
        return Used(
            self.transactions - earlier.transactions,
            self.active_ms - earlier.active_ms,
            self.rows_written - earlier.rows_written,
            self.doorbells - earlier.doorbells,
            cpu_s,
        )


def read(postgres_url: str, var_dir: Path, actors: Mapping[str, int]) -> Used:
    """As it is now. `actors`: processes by name; the servers are found by their directory."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        database = connection.execute(DATABASE_SQL).fetchone()
        doorbells = connection.execute(DOORBELLS_SQL).fetchone()
    assert database is not None
    assert doorbells is not None
    cpu_s: dict[str, float] = defaultdict(float)
    for name, pid in actors.items():
        cpu_s[name] += _cpu_s(psutil.Process(pid))
    for process in _servers(var_dir):
        cpu_s[_server_name(process)] += _cpu_s(process)
    return Used(int(database[0]), float(database[1]), int(database[2]), int(doorbells[0]), dict(cpu_s))


def _servers(var_dir: Path) -> list[psutil.Process]:
    """The processes this one started that are a server, with their descendants."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if str(var_dir) in " ".join(process.cmdline()):
                found[process.pid] = process
                found.update({child.pid: child for child in process.children(recursive=True)})
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return list(found.values())


def _server_name(process: psutil.Process) -> str:
    try:
        words = " ".join(process.cmdline()[:3]).lower()
    except psutil.NoSuchProcess:
        return "other"
    return next((name for word, name in SERVERS.items() if word in words), "other")


def _cpu_s(process: psutil.Process) -> float:
    """Its own, and that of children it has seen end (PostgreSQL's backends come and go)."""
    try:
        spent = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(spent.user + spent.system + spent.children_user + spent.children_system)
