"""What a segmenter says of itself, and what makes it give up its work."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import psutil
import pytest

from actors.tasks import Task, TaskKind
from actors.worker.state import SegmenterState, WorkState


def task(epoch: int = 3) -> Task:
    return Task(TaskKind.CHUNK, "film", epoch, "key", tracks_hash="h", chunk=7)


def working(epoch: int = 3) -> WorkState:
    state = WorkState()
    state.ready()
    assert state.begin(task(epoch))
    return state


def test_a_snapshot_tells_the_work_in_hand() -> None:
    state = working()
    state.frames(25)
    snapshot = state.snapshot()
    assert (snapshot.state, snapshot.video_id, snapshot.kind, snapshot.chunk, snapshot.frames_done) == (
        SegmenterState.WORKING,
        "film",
        "chunk",
        7,
        25,
    )
    state.end()
    assert state.snapshot().state is SegmenterState.IDLE
    assert state.snapshot().video_id is None


def test_the_beat_changes_with_frames_and_steps_and_not_without(monkeypatch: pytest.MonkeyPatch) -> None:
    # A look itself reads a few hundred bytes: once in some thousand times that makes the MiB full.
    nothing_read = SimpleNamespace(read_chars=0, read_bytes=0)
    monkeypatch.setattr(psutil.Process, "io_counters", lambda _: nothing_read)
    state = working()
    seen = [state.snapshot().beat for _ in range(3)]
    assert len(set(seen)) == 1
    state.frames(1)
    seen.append(state.snapshot().beat)
    state.step()
    seen.append(state.snapshot().beat)
    assert len(set(seen)) == 3


def test_reading_a_file_is_progress() -> None:
    state = working()
    before = state.snapshot().beat
    with open("/dev/zero", "rb") as file:
        file.read(4 << 20)
    assert state.snapshot().beat > before


def test_a_cancellation_meets_its_lease_and_older_ones_only() -> None:
    state = working(epoch=3)
    assert not state.cancel("film", 2)
    assert not state.cancel("clip", 9)
    assert not state.should_stop()
    assert state.cancel("film", 3)
    assert state.should_stop()


def test_the_next_task_is_not_cancelled_with_the_one_before() -> None:
    state = working()
    state.cancel("film", 3)
    state.end()
    assert state.begin(task(epoch=4))
    assert not state.should_stop()


def test_a_draining_segmenter_ends_its_work_and_takes_no_other() -> None:
    state = working()
    state.drain()
    assert state.snapshot().state is SegmenterState.WORKING
    assert not state.should_stop()
    state.end()
    assert state.snapshot().state is SegmenterState.DRAINING
    assert not state.begin(task())


def test_stopping_waits_for_the_work_to_end_but_not_for_ever() -> None:
    state = working()
    assert not state.stop(0.01)
    assert state.should_stop()
    ender = threading.Thread(target=state.end)
    ender.start()
    assert state.stop(30.0)
    ender.join()
