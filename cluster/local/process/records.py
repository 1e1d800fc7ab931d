"""Finds the processes of a var directory's stack, also after the supervisor that started them has died.

Every process we start is recorded in a file (pid and start time). Its descendants are found in three ways,
since none works for every server: by a variable in their environment (some servers overwrite it with their
process title), by their session (PostgreSQL's processes open new ones), and by the working directory of
PostgreSQL's processes.
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
    tagged,
    with_descendants,
    working_in,
)

POSTGRES = "postgres"


@dataclass(frozen=True, slots=True)
class Record:
    """A process that was started for a part. It leads a session of its own."""

    part: str
    process: str
    identity: Identity


class Records:
    """The recorded processes of one stack, one file each, so that threads never write to the same file."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.run_dir / "processes"

    def add(self, record: Record) -> None:
        """Record a process."""
        self._folder.mkdir(exist_ok=True)
        content = {
            "part": record.part,
            "pid": record.identity.pid,
            "create_time": record.identity.create_time,
        }
        write_private(self._path(record.process), json.dumps(content), durable=False)

    def remove(self, process: str) -> None:
        """Delete the record of a process, if there is one."""
        self._path(process).unlink(missing_ok=True)

    def all(self) -> list[Record]:
        """All records; damaged files are skipped."""
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
    found = set(tagged(layout.stack_id, part))
    for record in Records(layout).all():
        if part in (None, record.part):
            found.update(_session(record.identity))
    if part in (None, POSTGRES):
        found.update(working_in(layout.data_dir(POSTGRES).resolve(), POSTGRES))
    for process in list(found):
        found.update(with_descendants(process))
    return [process for process in found if process.pid != os.getpid() and is_alive(process)]


def _session(leader: Identity) -> list[psutil.Process]:
    """The living processes of the session that `leader` opened, also when the leader itself has ended.

    The kernel does not reuse a session's number as a pid while the session has a process. So if another
    process has the leader's pid, the session has none.
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
            continue  # it has ended, or it is another user's
    return members
