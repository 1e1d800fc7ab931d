"""An order of clips against a pool and stores that answer as told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.clips.work import COPY_COST, ClipWork
from actors.bridge.control import Control, Reason
from actors.tasks import Outcome, Task
from cluster.errors import NotFoundError
from cluster.stores.postgres.clips.job import ClipFile, ClipState
from tests.support.bridge import AnsweringPool, Remembering, row

EPOCH = 2
HELD = ("order-1", EPOCH)
TIMES = ("start_frame", "end_frame", "start_s", "end_s", "start_pts", "end_pts")


def wanted(number: int) -> dict[str, Any]:
    return {
        "name": f"clip-{number}.mp4", "start_s": 10.0 * number, "end_s": 10.0 * number + 15.0,
        "start_frame": 250 * number, "end_frame": 250 * number + 375, "level": "shot", "index": number,
        "label": "music", "start_boundary": {"kind": "cut", "confidence": 0.9}, "start_pts": 0, "end_pts": 1,
    }  # fmt: skip


def cut(task: Task) -> Outcome:
    made = dict.fromkeys((*TIMES, "frames", "repeated", "width", "height", "sound"), 1)
    return Outcome.done(cut=made, bytes=10, sha256="0" * 64)


class Setting:
    def __init__(self, mode: str = "exact", clips: int = 2, recorded: tuple[int, ...] = ()) -> None:
        self.pool = AnsweringPool(cut)
        self.files = {place: ClipFile(place, True, {"name": f"clip-{place}.mp4"}) for place in recorded}
        self.stored_row: Any = SimpleNamespace(state=ClipState.RUNNING, lease_epoch=EPOCH)
        self.writes = dict.fromkeys(("put_file", "finish", "fail", "acknowledge_cancel", "release"), True)
        self.clips = Remembering(
            get=self._get, files=lambda _: [self.files[place] for place in sorted(self.files)],
            put_file=self._put, **{name: self._write(name) for name in self.writes if name != "put_file"},
        )  # fmt: skip
        self.media = Remembering()
        video = row(
            "video-1", filename="film.mp4", sha256="1" * 64, media={"duration_s": 40.0}, priority="batch",
            owner=None, traceparent=None,
        )  # fmt: skip
        self.job = SimpleNamespace(
            id="order-1", video_id="video-1", lease_epoch=EPOCH, total=clips, revision=1, media_key="m",
            tracks_key="video-1", tracks_hash="t", wanted=[wanted(number) for number in range(clips)],
            options={"mode": mode}, clip_order={"pattern": "{index}", "select": {}},
            priority="batch",
            key=lambda name: f"clips/{name}", prefix="videos/video-1/clips/order-1",
        )  # fmt: skip
        jobs = SimpleNamespace(clips=self.clips, get=lambda _: video)
        services = SimpleNamespace(jobs=jobs, media=self.media, pool=self.pool)
        self.work = ClipWork(self.job, services)  # type: ignore[arg-type]

    def _write(self, name: str) -> Any:
        return lambda *_: self.writes[name]

    def _put(self, _id: str, _epoch: int, place: int, entry: dict[str, Any], *, made: bool) -> bool:
        self.files[place] = ClipFile(place, made, entry)
        return self.writes["put_file"]

    def _get(self, clips_id: str) -> Any:
        if self.stored_row is None:
            raise NotFoundError("gone")
        return self.stored_row


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    def pause(control: Control, seconds: float, tolerate: Reason | None = None) -> None:
        control.check(tolerate)

    monkeypatch.setattr(Control, "pause", pause)


@pytest.mark.parametrize(("mode", "seconds"), [("exact", 30.0), ("copy", 30.0 * COPY_COST)])
def test_what_is_left_of_an_order_is_work_for_the_pool(mode: str, seconds: float) -> None:
    setting = Setting(mode)
    left_s: list[float] = []
    setting.pool.window = 1
    setting.pool.answer = lambda task: (left_s.append(setting.work.left_s), cut(task))[1]
    setting.work.run()
    assert left_s == pytest.approx([seconds, seconds / 2])
    assert setting.work.left_s == 0


def test_every_clip_is_recorded_before_the_manifest_and_the_end() -> None:
    setting = Setting()
    setting.work.run()
    assert setting.clips.names() == ["files", "put_file", "put_file", "files", "finish"]
    assert all(call[1:3] == HELD for call in setting.clips.calls if call[0] in ("put_file", "finish"))
    assert [call[1] for call in setting.media.calls] == ["clips/manifest.json", "clips/clips.jsonl"]


def test_clips_that_are_recorded_are_not_cut_again() -> None:
    setting = Setting(clips=3, recorded=(0, 2))
    setting.work.run()
    assert [task.chunk for task in setting.pool.asked] == [1]


@pytest.mark.parametrize("status", [Outcome.unavailable("the store is away"), Outcome.cancelled()])
def test_a_clip_that_comes_back_is_asked_for_again_and_counted_like_a_chunk(
    status: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    from actors import metrics

    counted: list[dict[str, str]] = []
    monkeypatch.setattr(metrics.TASKS_RETURNED, "add", lambda **tags: counted.append(tags))
    setting = Setting(clips=1)
    answers = [status]
    setting.pool.answer = lambda task: answers.pop() if answers else cut(task)
    setting.work.run()
    assert len(setting.pool.asked) == 2
    assert counted == [{"status": status.status.value}]
    assert setting.clips.names()[-1] == "finish"


@pytest.mark.parametrize("bad", [Outcome.error("decode_failed", "It is broken."), Outcome.crashed("died")])
def test_a_clip_that_cannot_be_cut_keeps_no_other_from_being_cut(bad: Outcome) -> None:
    setting = Setting(clips=3)
    setting.pool.answer = lambda task: bad if task.chunk == 0 else cut(task)
    setting.work.run()
    assert {place: file.made for place, file in setting.files.items()} == {0: False, 1: True, 2: True}
    name, *held, code, message = setting.clips.calls[-1]
    assert (name, tuple(held), code) == ("fail", HELD, "clips_failed")
    assert message.startswith("1 of 3 clips could not be cut")
    assert setting.pool.cancelled == [HELD]
    assert len(setting.media.calls) == 2, "the manifest tells what was made"


@pytest.mark.parametrize("write", ["put_file", "finish"])
def test_an_overtaken_order_stops(write: str) -> None:
    setting = Setting()
    setting.writes[write] = False
    setting.work.run()
    assert setting.pool.cancelled == [HELD]
    assert "fail" not in setting.clips.names()
    assert "delete" not in setting.media.names(), "its new holder needs the files"


def test_a_finish_whose_answer_was_lost_is_no_loss_of_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting()
    setting.writes["finish"] = False
    setting.stored_row.state = ClipState.DONE
    setting.work.run()
    assert setting.pool.cancelled == []


def test_files_of_a_deleted_order_are_removed() -> None:
    setting = Setting()
    setting.writes["put_file"] = False
    setting.stored_row = None
    setting.work.run()
    assert setting.media.calls[-1] == ("delete", "videos/video-1/clips/order-1")


def test_a_cancellation_that_came_after_the_lease_ran_out_is_a_loss() -> None:
    setting = Setting()
    setting.writes["acknowledge_cancel"] = False
    setting.work.control.abort(Reason.CANCELLED)
    setting.work.run()
    assert setting.clips.names()[-3:] == ["acknowledge_cancel", "get", "get"]


def test_a_stop_hands_the_order_back() -> None:
    setting = Setting()
    setting.work.control.abort(Reason.STOPPED)
    setting.work.run()
    assert setting.clips.calls[-1] == ("release", *HELD)
