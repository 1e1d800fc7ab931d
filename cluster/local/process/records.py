"""Which processes belong to the stack of a var directory, even when those who started them are gone.

Each process we start is written down (pid and start time) before anything waits for it. What it starts in
turn is found by three signs, since no single one holds for every server: the mark in the environment (lost
where a server overwrites it for its title), the session (left by PostgreSQL's processes), and PostgreSQL's
habit of working in its data directory.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from cluster.local.layout import Layout, write_private
from cluster.local.process.spawning import (
    SAME_START_S,
    Identity,
    is_alive,
    marked,
    with_descendants,
    working_in,
)

POSTGRES = "postgres"


@dataclass(frozen=True, slots=True)
class Record:
    """A process that was started for a part, leader of its session."""

    part: str
    process: str
    identity: Identity


class Records:
    """The written-down processes of one stack: a small file each, so that writers never meet."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.run_dir / "processes"

    def add(self, record: Record) -> None:
        """Write it down."""
        self._folder.mkdir(exist_ok=True)
        content = {
            "part": record.part,
            "pid": record.identity.pid,
            "create_time": record.identity.create_time,
        }
        write_private(self._path(record.process), json.dumps(content), durable=False)

    def remove(self, process: str) -> None:
        """Forget it."""
        self._path(process).unlink(missing_ok=True)

    def all(self) -> list[Record]:
        """What is written down; damaged files are passed over."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
                identity = Identity(int(content["pid"]), float(content["create_time"]))
                found.append(Record(str(content["part"]), path.stem, identity))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def _path(self, process: str) -> Path:
        return self._folder / f"{process}.json"


def belongings(layout: Layout, part: str | None = None) -> list[psutil.Process]:
    """All living processes of the stack, or of one part of it; never the calling process."""
    found = set(marked(layout.stack_id, part))
    for record in Records(layout).all():
        if part in (None, record.part):
            found.update(_session(record.identity))
    if part in (None, POSTGRES):
        found.update(working_in(layout.data_dir(POSTGRES).resolve(), POSTGRES))
    for process in list(found):
        found.update(with_descendants(process))
    return [process for process in found if process.pid != os.getpid() and is_alive(process)]


def _session(leader: Identity) -> list[psutil.Process]:
    """The living members of the session that `leader` opened, itself included, even if it is gone.

    The number of a session is not given to another process while a member lives. If a process with that pid
    exists and is not the leader, the session had died out before.
    """
    if psutil.pid_exists(leader.pid):
        now = Identity.of(leader.pid)
        if now is not None and abs(now.create_time - leader.create_time) >= SAME_START_S:
            return []
    members = []
    for process in psutil.process_iter():
        try:
            same = os.getsid(process.pid) == leader.pid
            if same and process.create_time() > leader.create_time - SAME_START_S and is_alive(process):
                members.append(process)
        except (OSError, psutil.Error):
            continue  # ended meanwhile, or hidden from us
    return members
