"""A video's job against a pool and stores that answer as told: plan, window, fusion, every way it fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.control import Control, Reason
from actors.bridge.planners import Planners
from actors.bridge.videos.job import Job
from actors.tasks import Outcome, Task, TaskKind
from cluster.errors import NotFoundError, UnavailableError
from cluster.stores.postgres.video import VideoState
from tests.support.bridge import AnsweringPool, Remembering, row

CHUNKS = 3
EPOCH = 2
AWAY = Outcome.unavailable("the store is away")
PLANNED = {"tracks_hash": "tracks", "media": {"frames": 75}, "chunks": [[n, 1.0] for n in range(CHUNKS)]}
TIMELINE = f"video-1:1:{EPOCH}"


def answer(task: Task) -> Outcome:
    return Outcome.done(**PLANNED) if task.kind is TaskKind.PLAN else Outcome.done()


class Setting:
    """A job and everything around it; `jobs` says yes to every write."""

    def __init__(
        self, *, long: bool = False, stored: tuple[int, ...] = (), epoch: int = EPOCH, **video: Any
    ) -> None:
        self.pool = AnsweringPool(answer)
        self.fuser = AnsweringPool(lambda task: AWAY)
        self.row = row(
            "video-1",
            epoch,
            **{
                "attempt": 1, "newest_revision": 0, "traceparent": None, "priority": "interactive",
                "owner": None, "media_key": "videos/video-1/source", "tracks_key": "video-1", "settings": {},
                "keep_corrections": True,
            } | video,
        )  # fmt: skip
        self.stored_row = SimpleNamespace(
            timeline_id=None, state=VideoState.RUNNING, lease_epoch=EPOCH, newest_revision=0
        )
        self.writes = dict.fromkeys(("record_media", "record_progress", "begin_finalizing", "finish"), True)
        self.writes |= dict.fromkeys(("fail", "acknowledge_cancel", "release"), True)
        self.jobs = Remembering(get=self._get, **{name: self._write(name) for name in self.writes})
        self.kept: list[str] = []
        self.corrections: dict[str, Any] = {}
        self.jobs.revisions = Remembering(
            trim=[TIMELINE],
            corrections=lambda _: self.corrections,
            list_all=lambda _: [SimpleNamespace(timeline_id=name, revision=1) for name in self.kept],
        )
        self.jobs.proxies = Remembering(drop_outdated=[], ask=[])
        self.words: Any = None
        self.jobs.transcripts = SimpleNamespace(find=lambda _: self.words)
        self.results = Remembering(stored_chunks=set(stored))
        self.media = Remembering()
        self.reporter = Remembering()
        self.planners = Planners(lambda: 1)
        services = SimpleNamespace(
            jobs=self.jobs, results=self.results, media=self.media, reporter=self.reporter, pool=self.pool,
            fuser=self.fuser, planners=self.planners, revisions_kept=2,
        )  # fmt: skip
        self.job = Job(self.row, services, long=long)  # type: ignore[arg-type]

    def _write(self, name: str) -> Any:
        return lambda *_, **__: self.writes[name]

    def _get(self, video_id: str) -> Any:
        if self.stored_row is None:
            raise NotFoundError("gone")
        return self.stored_row

    def chunks_asked(self) -> list[int]:
        return [task.chunk for task in self.pool.asked if task.kind is TaskKind.CHUNK]

    def told(self) -> list[tuple[Any, ...]]:
        """What those who watch were told of the state."""
        return [call[2:] for call in self.reporter.calls if call[0] in ("state", "ended", "done")]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    def pause(control: Control, seconds: float, tolerate: Reason | None = None) -> None:
        control.check(tolerate)

    monkeypatch.setattr(Control, "pause", pause)


def test_a_video_is_planned_analysed_fused_and_done() -> None:
    setting = Setting(created_at=None, attempt=2)
    setting.job.run()
    assert setting.jobs.names() == [
        "record_media", *["record_progress"] * (1 + 1), "begin_finalizing", "finish",
    ]  # fmt: skip
    assert [task.kind for task in setting.pool.asked] == [
        TaskKind.PLAN,
        *[TaskKind.CHUNK] * CHUNKS,
        TaskKind.FUSE,
    ]
    assert [task.kind for task in setting.fuser.asked] == [TaskKind.PLAN, TaskKind.FUSE]
    assert setting.jobs.calls[-1] == ("finish", "video-1", EPOCH, 1, TIMELINE, None)
    assert setting.told() == [("running",), ("finalizing",), (1,)]
    assert "drop_other_timelines" in setting.results.names()


def test_what_is_missing_in_the_file_is_stored_when_it_is_planned_and_when_it_is_done() -> None:
    cut_off, damaged = {"code": "truncated"}, {"code": "damaged"}
    results = {
        TaskKind.PLAN: PLANNED | {"warnings": [cut_off]},
        TaskKind.FUSE: {"warnings": [cut_off, damaged]},
    }
    setting = Setting(attempt=2)
    setting.pool.answer = lambda task: Outcome.done(**results.get(task.kind, {}))

    setting.job.run()

    stored = {call[0]: call[-1] for call in setting.jobs.calls}
    assert stored["record_media"] == [cut_off]
    assert stored["finish"] == [cut_off, damaged]


def test_every_write_and_task_names_the_fencing_token() -> None:
    setting = Setting(attempt=2)
    setting.job.run()
    assert all(call[1:3] == ("video-1", EPOCH) for call in setting.jobs.calls if call[0] != "get")
    assert {task.epoch for task in setting.pool.asked} == {EPOCH}


def test_chunks_that_are_stored_are_not_analysed_again() -> None:
    setting = Setting(attempt=2, stored=(0, 2))
    setting.job.run()
    assert setting.chunks_asked() == [1]
    assert [call[3] for call in setting.jobs.calls if call[0] == "record_progress"] == [2, 3]


def test_the_window_is_as_wide_as_the_pool_says() -> None:
    setting = Setting(attempt=2)
    setting.pool.window = 1
    setting.job.run()
    progress = [call[3] for call in setting.jobs.calls if call[0] == "record_progress"]
    assert progress == [0, 1, 2, 3], "one chunk after the other is recorded"


def test_a_chunk_that_comes_back_is_asked_for_again_as_one_that_may_be_stored() -> None:
    setting = Setting(attempt=2, epoch=1)
    refused = [1]

    def once_away(task: Task) -> Outcome:
        if task.kind is TaskKind.CHUNK and task.chunk in refused:
            refused.remove(task.chunk)
            return AWAY
        return answer(task)

    setting.pool.answer = once_away
    setting.job.run()
    again = [(task.chunk, task.again) for task in setting.pool.asked if task.kind is TaskKind.CHUNK]
    assert again == [(0, False), (1, False), (2, False), (1, True)]
    assert setting.jobs.names()[-1] == "finish"


@pytest.mark.parametrize("kind", [TaskKind.PLAN, TaskKind.CHUNK, TaskKind.FUSE])
@pytest.mark.parametrize(
    "outcome", [Outcome.error("no_video", "There is no picture."), Outcome.crashed("ValueError: no")]
)
def test_a_task_that_will_never_be_done_fails_the_video(kind: TaskKind, outcome: Outcome) -> None:
    setting = Setting(attempt=2)
    setting.pool.answer = lambda task: outcome if task.kind is kind else answer(task)
    setting.job.run()
    assert setting.jobs.calls[-1] == ("fail", "video-1", EPOCH, outcome.code, outcome.message)
    assert setting.told()[-1] == ("failed",)
    assert setting.pool.cancelled == setting.fuser.cancelled == [("video-1", EPOCH)]
    assert "finish" not in setting.jobs.names()


def test_the_fuser_s_own_word_that_a_file_cannot_be_fused_counts() -> None:
    setting = Setting(attempt=2)
    refusal = Outcome.error("limit_exceeded", "It is too long.")
    setting.fuser.answer = lambda task: refusal if task.kind is TaskKind.FUSE else AWAY
    setting.job.run()
    assert setting.jobs.calls[-1][3] == "limit_exceeded"
    assert TaskKind.FUSE not in {task.kind for task in setting.pool.asked}


def test_a_fuser_that_dies_over_a_task_leaves_it_to_the_pool() -> None:
    setting = Setting(attempt=2)
    setting.fuser.answer = lambda task: Outcome.crashed("killed")
    setting.job.run()
    assert setting.jobs.names()[-1] == "finish"


@pytest.mark.parametrize("write", ["record_media", "record_progress", "begin_finalizing", "finish"])
def test_an_overtaken_job_stops_and_tells_nothing(write: str) -> None:
    setting = Setting(attempt=2)
    setting.writes[write] = False
    setting.job.run()
    assert setting.pool.cancelled == [("video-1", EPOCH)]
    assert "fail" not in setting.jobs.names()
    assert not {"done", "ended"} & set(setting.reporter.names())


def test_a_finish_whose_answer_was_lost_is_told_as_done() -> None:
    setting = Setting(attempt=2)
    setting.writes["finish"] = False
    setting.kept = [f"video-1:2.1:{EPOCH}", TIMELINE]  # it has its words by now
    setting.job.run()
    assert setting.told()[-1] == (1,)


def test_a_failure_whose_answer_was_lost_is_told_as_failed() -> None:
    setting = Setting(attempt=2)
    setting.pool.answer = lambda task: Outcome.error("no_video", "There is no picture.")
    setting.writes["fail"] = False
    setting.stored_row.state = VideoState.FAILED
    setting.job.run()
    assert setting.told()[-1] == ("failed",)


def test_what_was_made_for_a_deleted_video_is_removed() -> None:
    setting = Setting(attempt=2)
    setting.writes["finish"] = False
    setting.stored_row = None
    setting.job.run()
    assert {"delete"} <= set(setting.media.names())
    assert setting.reporter.names()[-1] == "forget"


@pytest.mark.parametrize(
    ("reason", "write"), [(Reason.STOPPED, "release"), (Reason.CANCELLED, "acknowledge_cancel")]
)
def test_a_job_that_is_told_to_end_says_so_once(reason: Reason, write: str) -> None:
    setting = Setting(attempt=2)

    def told_meanwhile(task: Task) -> Outcome:
        if task.kind is TaskKind.CHUNK:
            setting.job.control.abort(reason)
        return answer(task)

    setting.pool.answer = told_meanwhile
    setting.job.run()
    assert setting.jobs.calls[-1] == (write, "video-1", EPOCH)
    assert setting.pool.cancelled == [("video-1", EPOCH)]
    assert setting.told()[-1] == (("queued",) if reason is Reason.STOPPED else ("cancelled",))


def test_writes_wait_for_postgresql() -> None:
    setting = Setting(attempt=2)
    answers = [UnavailableError("away"), UnavailableError("away"), True]

    def slow(*_: Any) -> bool:
        said = answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return bool(said)

    setting.jobs.answers["begin_finalizing"] = slow
    setting.job.run()
    assert setting.jobs.names().count("begin_finalizing") == 3
    assert setting.jobs.names()[-1] == "finish"


def test_a_long_video_waits_for_its_turn_to_be_planned() -> None:
    setting = Setting(attempt=2, long=True)
    with setting.planners.turn(Control()):
        setting.job.control.abort(Reason.STOPPED)
        setting.job.run()
    assert setting.pool.asked == []
    assert setting.jobs.names() == ["release"]


@pytest.mark.parametrize("keep", [True, False])
def test_corrections_by_hand_are_respected_unless_they_are_to_be_forgotten(keep: bool) -> None:
    setting = Setting(keep_corrections=keep, attempt=2)
    setting.corrections = {"locked": {"shot": [{"frame": 7, "kind": "cut"}]}}

    setting.job.run()

    fusion = next(task for task in setting.pool.asked if task.kind is TaskKind.FUSE)
    assert fusion.corrections == (setting.corrections if keep else {})


def test_words_that_are_there_are_part_of_the_result() -> None:
    setting = Setting(settings={"words": "speech"}, attempt=2)
    asked: list[Any] = []
    setting.words = SimpleNamespace(stored=lambda settings: asked.append(settings) or {"tracks_hash": "w"})

    setting.job.run()

    fusion = next(task for task in setting.pool.asked if task.kind is TaskKind.FUSE)
    assert fusion.words == {"tracks_hash": "w"}
    assert asked == [{"words": "speech"}]
