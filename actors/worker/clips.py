"""Task handler for CLIP: cuts one clip out of a video and puts the file into the media store.

The clip is written to a local file first and copied to the store when it is complete, under the key that the
task names; a task that is executed twice overwrites its own result. Knows the stores and the cutting library
(`actors.clips`); imports no Ray, no message queue and nothing of the leases.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import psutil
import structlog

from actors.clips import ClipError, CutOptions, Piece, cut
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan
from actors.tasks import CODE_PLAN_MISSING, Outcome, Task
from actors.worker.media import local_media
from actors.worker.state import WorkState
from cluster.errors import UnavailableError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results

_COPY_BLOCK_BYTES = 1 << 20
"""Bytes read and hashed at a time; every block counts as progress. 1 MiB, no measurement: large enough that
the loop costs nothing, small enough that a slow store still reports progress within the pool's patience."""

log = structlog.get_logger(__name__)


class ClipHandler:
    """Cuts one clip at a time.

    `task.clip`: {"video_id", "key" (in the media store), "start_frame", "end_frame"}; `task.settings`: the
    fields of `CutOptions`. The outcome's result: {"bytes", "sha256", "cut": CutReport as dict}.
    """

    def __init__(
        self,
        results: Results,
        media: MediaStore,
        copies: MediaCache,
        work_dir: Path,
        *,
        limits: Limits,
        threads: int,
    ) -> None:
        self._results = results
        self._media = media
        self._copies = copies
        self._limits = limits
        self._threads = threads
        self._work_dir = work_dir / f"{socket.gethostname()}-{os.getpid()}"
        self._last_plan: tuple[tuple[str, str], Plan] | None = None

    def do(self, task: Task, state: WorkState) -> Outcome:
        """The clip, stored. MediaError, Cancelled, NotFoundError and errors of the stores are left to the
        caller (`TaskHandler`), which turns them into outcomes."""
        with state.at_store():
            plan = self._plan_of(task.tracks_key, task.tracks_hash)
        if plan is None:
            return Outcome.error(
                CODE_PLAN_MISSING,
                "What was measured of this video is not stored any more. Segment it again, then cut it.",
            )
        with local_media(self._media, self._copies, task.media_key, state) as source:
            return self._made(source, plan, task, state)

    def _made(self, source: Path, plan: Plan, task: Task, state: WorkState) -> Outcome:
        try:
            target, told = self._written(source, plan, task, state)
        except ClipError as error:
            return Outcome.error(error.code, error.message)
        try:
            stored = self._store(target, str(task.clip["key"]), state)
        finally:
            target.unlink(missing_ok=True)
        return Outcome.done(**stored, **told)

    def _written(
        self, source: Path, plan: Plan, task: Task, state: WorkState
    ) -> tuple[Path, dict[str, object]]:
        """The clip as a local file, and what else the outcome tells."""
        piece = Piece(int(task.clip["start_frame"]), int(task.clip["end_frame"]))
        options = CutOptions(**task.settings)
        target = self._fresh_target(options.container)
        report = cut(
            source,
            plan,
            piece,
            options,
            target,
            threads=self._threads,
            limits=self._limits,
            on_frames=state.frames,
            should_stop=state.should_stop,
        )
        return target, {"cut": report.to_dict()}

    def _store(self, path: Path, key: str, state: WorkState) -> dict[str, object]:
        sha256 = hashlib.sha256()

        def blocks(file: BinaryIO) -> Iterator[bytes]:
            while block := file.read(_COPY_BLOCK_BYTES):
                sha256.update(block)
                state.step()
                yield block

        with path.open("rb") as file, state.at_store():
            size = self._media.put_stream(key, blocks(file))
        return {"bytes": size, "sha256": sha256.hexdigest()}

    def _plan_of(self, tracks_key: str, tracks_hash: str) -> Plan | None:
        name = (tracks_key, tracks_hash)
        if self._last_plan is None or self._last_plan[0] != name:
            payload = self._results.get_plan(tracks_key, tracks_hash)
            if payload is None:
                return None
            try:
                self._last_plan = (name, Plan.from_bytes(payload))
            except ValueError as error:
                log.warning("stored plan unreadable", video_id=tracks_key, reason=str(error))
                return None
        return self._last_plan[1]

    def _fresh_target(self, suffix: str) -> Path:
        """Path of the next clip in this process's own folder. When the folder is first made, folders of dead
        processes of this host are deleted: an actor that was killed could not delete its own."""
        if not self._work_dir.is_dir():
            host = f"{socket.gethostname()}-"
            for left in self._work_dir.parent.glob(f"{host}*"):
                pid = left.name.removeprefix(host)
                if pid.isdecimal() and not psutil.pid_exists(int(pid)):
                    shutil.rmtree(left, ignore_errors=True)
            try:
                self._work_dir.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UnavailableError(f"{self._work_dir} cannot be written: {error.strerror}.") from error
        return self._work_dir / f"clip.{suffix}"
