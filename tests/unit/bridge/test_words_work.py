"""A transcript under its lease, against a pool and stores that answer as told; and its claim loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.control import Control, Reason
from actors.bridge.threads import LivenessGuard
from actors.bridge.words.desk import MOST_AT_ONCE, WordsDesk
from actors.bridge.words.work import WordsWork
from actors.tasks import Outcome, Task, TaskKind
from cluster.contract.vocabulary import BATCH
from cluster.errors import NotFoundError
from cluster.stores.postgres.video import VideoState
from cluster.stores.postgres.words.job import TranscriptJob, TranscriptState
from cluster.work_settings import LeaseSettings
from tests.support.bridge import AnsweringPool, Remembering, WaitingWork

EPOCH = 3
HELD = ("video-1", EPOCH)


def heard(task: Task) -> Outcome:
    return {
        "find": Outcome.done(recogniser="m", groups=3),
        "group": Outcome.done(group=task.words.get("group"), rows=1),
        "join": Outcome.done(found=2),
        None: Outcome.done(with_words=True),
    }[task.words.get("step")]


TIMELINE = "video-1:1:9"


class Setting:
    """`stored`: groups that are there. `wanted`: speech, screen or all."""

    def __init__(
        self,
        answer: Callable[[Task], Outcome] = heard,
        stored: tuple[int, ...] = (),
        wanted: str = "speech",
        timeline_id: str | None = None,
        model: str | None = None,
        reader: str | None = None,
        **writes: bool,
    ) -> None:
        self.pool = AnsweringPool(answer)
        self.fuser = AnsweringPool(lambda _: Outcome.unavailable("busy"))
        names = ("record", "revise", "finish", "fail", "acknowledge_cancel", "release")
        self.writes = dict.fromkeys(names, True) | writes
        self.progress: list[tuple[int, int]] = []
        self.recognisers: tuple[str | None, str | None] = (None, None)
        self.revised: list[dict[str, Any]] = []
        self.kept: list[Any] = []
        self.stored_row: Any = SimpleNamespace(state=TranscriptState.RUNNING, lease_epoch=EPOCH)
        self.transcripts = Remembering(
            find=lambda _: self.stored_row,
            **{name: self._write(name) for name in self.writes}
            | {"record": self._record, "revise": self._revise},
        )
        self.results = Remembering(recognised_groups=set(stored))
        self.video: Any = SimpleNamespace(
            id="video-1", state=VideoState.DONE, timeline_id=TIMELINE, revision=1,
            newest_revision=1, lease_epoch=9,
            settings={"words": "all"}, tracks_hash="t", tracks_key="content-1", media_key="m", owner=None,
            traceparent=None,
        )  # fmt: skip
        jobs = SimpleNamespace(
            transcripts=self.transcripts,
            revisions=Remembering(trim=[], list_all=lambda _: self.kept),
            get=self._get,
            tracks_in_use=lambda _: False,
        )
        services = SimpleNamespace(
            jobs=jobs, results=self.results, pool=self.pool, fuser=self.fuser, revisions_kept=2
        )
        row = dict.fromkeys(field.name for field in fields(TranscriptJob))
        self.row = TranscriptJob(
            **row  # type: ignore[arg-type]
            | {"id": "video-1", "lease_epoch": EPOCH, "tracks_hash": "t", "tracks_key": "content-1"}
            | {"media_key": "m", "wanted": wanted, "state": TranscriptState.RUNNING}
            | {"timeline_id": timeline_id, "model": model, "reader": reader}
        )
        self.work = WordsWork(self.row, services)  # type: ignore[arg-type]

    def _write(self, name: str) -> Any:
        return lambda *_: self.writes[name]

    def _record(
        self, *_: Any, model: str | None, reader: str | None, groups_done: int, groups_total: int
    ) -> bool:
        self.progress.append((groups_done, groups_total))
        self.recognisers = (model, reader)
        return self.writes["record"]

    def _revise(self, *_: Any, **named: Any) -> bool:
        self.revised.append(named)
        return self.writes["revise"]

    def _get(self, _id: str) -> Any:
        if self.video is None:
            raise NotFoundError("gone")
        return self.video

    def steps(self) -> list[tuple[str, int | None]]:
        return [(task.words["step"], task.words.get("group")) for task in self.asked(TaskKind.WORDS)]

    def asked(self, kind: TaskKind) -> list[Task]:
        return [task for task in self.pool.asked if task.kind is kind]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    def pause(control: Control, seconds: float, tolerate: Reason | None = None) -> None:
        control.check(tolerate)

    monkeypatch.setattr(Control, "pause", pause)


ALL_STEPS = [("find", None), ("group", 0), ("group", 1), ("group", 2), ("join", None)]


def test_speech_is_found_recognised_and_joined() -> None:
    setting = Setting()

    setting.work.run()

    assert setting.steps() == ALL_STEPS
    assert setting.progress[0] == (0, 3)
    assert setting.progress[-1] == (3, 3)
    assert setting.recognisers == ("m", None)
    assert setting.transcripts.names()[-1] == "finish"


def test_then_the_screen_is_with_tasks_of_its_own() -> None:
    setting = Setting(wanted="all")

    setting.work.run()

    assert setting.steps() == [("find", None), *[("find", None), *ALL_STEPS[1:]], *ALL_STEPS[1:]]
    kinds = [task.words["of"] for task in setting.asked(TaskKind.WORDS)]
    assert kinds == ["speech", "screen"] + ["speech"] * 4 + ["screen"] * 4
    assert setting.progress[0] == (0, 6), "the whole is known before the first group"
    assert len({task.key for task in setting.asked(TaskKind.WORDS)}) == 10
    assert setting.progress[-1] == (6, 6)
    assert setting.recognisers == ("m", "m")


def test_its_tasks_let_first_results_of_others_pass() -> None:
    setting = Setting()

    setting.work.run()

    tasks = setting.asked(TaskKind.WORDS)
    assert {task.priority for task in tasks} == {BATCH}
    assert not any(task.is_urgent for task in tasks)
    assert {task.of_video for task in setting.pool.asked} == {"video-1"}
    assert len({task.key for task in tasks}) == 5


def test_what_was_recognised_is_not_done_again() -> None:
    setting = Setting(stored=(0, 2))

    setting.work.run()

    assert setting.steps() == [("find", None), ("group", 1), ("join", None)]
    assert setting.progress[0] == (2, 3)
    assert setting.progress[-1] == (3, 3)


def test_at_the_end_the_words_become_part_of_the_result() -> None:
    setting = Setting()

    setting.work.run()

    (fusion,) = setting.asked(TaskKind.FUSE)
    assert (fusion.of_video, fusion.revision, fusion.tracks_hash) == ("video-1", 2, "t")
    assert fusion.words == {"tracks_hash": "t", "model": "m", "reader": None, "video_id": "video-1"}
    assert fusion.timeline_id == f"video-1:2.{EPOCH}:9"
    assert setting.revised == [{"base": TIMELINE, "revision": 2, "timeline_id": fusion.timeline_id}]
    assert setting.transcripts.names()[-2:] == ["revise", "finish"]


def silence(task: Task) -> Outcome:
    results = {"find": {"recogniser": "m", "groups": 0}, "join": {"found": 0}}
    return Outcome.done(**results[task.words["step"]])


def test_without_speech_there_is_nothing_to_recognise_and_nothing_to_add() -> None:
    setting = Setting(silence)

    setting.work.run()

    assert setting.steps() == [("find", None), ("join", None)]
    assert setting.asked(TaskKind.FUSE) == []
    assert setting.revised == [{"base": TIMELINE, "revision": 2, "timeline_id": None}]
    assert setting.transcripts.names()[-1] == "finish"


def test_without_a_model_the_rest_is_done() -> None:
    setting = Setting(
        lambda task: (
            Outcome.done(recogniser=None, groups=0) if task.words.get("of") == "speech" else heard(task)
        ),
        wanted="all",
    )

    setting.work.run()

    assert setting.steps() == [("find", None), *ALL_STEPS]
    assert setting.recognisers == (None, "m")
    assert setting.asked(TaskKind.FUSE)[0].words["model"] is None


@pytest.mark.parametrize(
    "video",
    [
        {"state": VideoState.RUNNING},  # its end asks for the words
        {"state": VideoState.FAILED, "timeline_id": None},
    ],
)
def test_a_video_that_is_not_done_is_left_alone(video: dict[str, Any]) -> None:
    setting = Setting()
    vars(setting.video).update(video)

    setting.work.run()

    assert setting.asked(TaskKind.FUSE) == []
    assert setting.revised == []
    assert setting.transcripts.names()[-1] == "finish"


@pytest.mark.parametrize(("before", "made"), [(("m", None), 0), ((None, None), 1)])
def test_a_result_that_has_the_words_is_not_made_again(
    before: tuple[str | None, str | None], made: int
) -> None:
    """But for words of a model that was not there before."""
    setting = Setting(timeline_id=TIMELINE, model=before[0], reader=before[1])

    setting.work.run()

    assert len(setting.asked(TaskKind.FUSE)) == len(setting.revised) == made
    assert setting.transcripts.names()[-1] == "finish"


def test_what_is_shown_stays_while_it_is_recognised_again() -> None:
    nothing = Outcome.done(recogniser=None, groups=0)
    setting = Setting(lambda task: nothing if "step" in task.words else heard(task), model="m", reader="r")

    setting.work.run()

    assert setting.recognisers == ("m", "r")


def test_an_actor_that_knows_no_words_makes_no_revision() -> None:
    setting = Setting(lambda task: Outcome.done() if task.kind is TaskKind.FUSE else heard(task))

    setting.work.run()

    assert setting.revised == []
    assert "outdated_actor" in [call[3] for call in setting.transcripts.calls if call[0] == "fail"]


def test_tracks_of_other_settings_are_not_fused() -> None:
    """An earlier revision was chosen again, whose settings need a decode."""
    refused = Outcome.error("needs_decode", "Segment it again.")
    setting = Setting(lambda task: refused if task.kind is TaskKind.FUSE else heard(task))

    setting.work.run()

    assert setting.revised == [{"base": TIMELINE, "revision": 2, "timeline_id": None}]
    assert setting.transcripts.names()[-1] == "finish"


@pytest.mark.parametrize("step", ["find", "group", "join"])
def test_a_step_that_cannot_be_done_fails_it_with_the_reason(step: str) -> None:
    refused = Outcome.error("speech_model_missing", "Add one.")
    setting = Setting(lambda task: refused if task.words.get("step") == step else heard(task))

    setting.work.run()

    assert ("fail", *HELD, "speech_model_missing", "Add one.") in setting.transcripts.calls
    assert "finish" not in setting.transcripts.names()


@pytest.mark.parametrize("write", ["record", "revise"])
def test_a_lost_lease_ends_it_without_a_further_write(write: str) -> None:
    setting = Setting(**{write: False})

    setting.work.run()

    assert "finish" not in setting.transcripts.names()
    assert "fail" not in setting.transcripts.names()
    assert setting.results.names() == ["recognised_groups"], "somebody else goes on: what is stored stays"


def test_of_a_deleted_video_nothing_is_left() -> None:
    setting = Setting(record=False)
    setting.stored_row = setting.video = None

    setting.work.run()

    assert ("delete_video", "content-1") in setting.results.calls
    assert ("drop_other_timelines", "video-1") in setting.results.calls


def test_a_video_that_is_deleted_before_its_words_are_in_it() -> None:
    setting = Setting()
    setting.stored_row = setting.video = None

    setting.work.run()

    assert "finish" not in setting.transcripts.names()
    assert ("delete_video", "content-1") in setting.results.calls


@pytest.mark.parametrize(
    ("reason", "write"), [(Reason.CANCELLED, "acknowledge_cancel"), (Reason.STOPPED, "release")]
)
def test_an_end_from_outside_gives_its_tasks_up(reason: Reason, write: str) -> None:
    setting = Setting()
    setting.work.control.abort(reason)

    setting.work.run()

    assert write in setting.transcripts.names()
    tasks = [("video-1.speech", EPOCH), ("video-1.screen", EPOCH)]
    assert setting.pool.cancelled == setting.fuser.cancelled == tasks, "not those of the video's own lease"


class Waiting:
    """Transcripts that wait, and a desk that claims them."""

    def __init__(self, rows: int) -> None:
        self.rows = [SimpleNamespace(id=f"v{number}", lease_epoch=1) for number in range(rows)]
        self.has_model = True
        self.keeper = Remembering(claim=self._claim)
        self.desk = WordsDesk(
            WaitingWork.of,  # type: ignore[arg-type]
            self.keeper,
            "bridge",
            LeaseSettings(),
            LivenessGuard(30.0, lambda: 0.0),
            lambda: self.has_model,
        )

    def _claim(self, *_: Any) -> Any:
        return self.rows.pop(0) if self.rows else None


def test_a_bounded_number_is_in_hand() -> None:
    waiting = Waiting(MOST_AT_ONCE + 3)

    waiting.desk.look()

    assert len(waiting.desk.works) == MOST_AT_ONCE
    assert len(waiting.rows) == 3
    assert waiting.desk.stop(60.0)


def test_what_was_done_without_a_model_is_queued_once_when_there_is_one() -> None:
    waiting = Waiting(0)
    waiting.has_model = False
    waiting.desk.reap()
    assert "queue_unheard" not in waiting.keeper.names()

    waiting.has_model = True
    waiting.desk.reap()
    waiting.desk.reap()

    assert waiting.keeper.names().count("queue_unheard") == 1


def test_the_reaper_then_looks() -> None:
    waiting = Waiting(1)

    waiting.desk.reap()

    assert waiting.keeper.names() == ["reap", "queue_unheard", "claim", "claim"]
    assert waiting.desk.stop(60.0)
