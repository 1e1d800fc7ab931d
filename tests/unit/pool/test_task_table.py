"""The task table: losses that count against a task, coalesced tasks, and what a cancellation reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pool.task_table import LOSSES_AT_MOST, TaskTable, TaskTableFullError
from actors.tasks import Outcome, Status, Task, TaskKind


def chunk(number: int, *, video: str = "film", epoch: int = 1) -> Task:
    return Task(TaskKind.CHUNK, video, epoch, "key", tracks_hash="h", chunk=number, cost_s=10.0)


def shared(number: int, *, video: str) -> Task:
    """A chunk of one of the videos whose content is the same."""
    task = {**chunk(number, video=video).to_dict(), "media_key": f"file of {video}", "tracks_key": "content"}
    return Task.from_dict(task)


def plan(video: str = "film", epoch: int = 1) -> Task:
    return Task(TaskKind.PLAN, video, epoch, "key")


def new_table(attempts: int = 3, entries: int = 100) -> TaskTable:
    return TaskTable(chunk_attempts=attempts, max_entries=entries)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


@given(st.integers(1, 6))
def test_a_chunk_that_kills_as_many_actors_as_it_may_fails_with_a_sentence(attempts: int) -> None:
    async def scenario() -> None:
        table = new_table(attempts)
        deadly, other = table.submit(chunk(0)), table.submit(chunk(1))
        for lost in range(attempts):
            assert not deadly.future.done()
            assert table.next() is deadly, f"after {lost} losses it must be the next again"
            table.lost(deadly, "it died", counted=True)
        outcome = deadly.future.result()
        assert (outcome.status, outcome.code) == (Status.ERROR, "analysis_crashed")
        assert "part 1" in outcome.message
        assert "re-encode" in outcome.message
        assert table.next() is other
        assert not other.future.done()

    run(scenario())


def test_an_actor_lost_for_another_reason_is_not_held_against_the_chunk() -> None:
    async def scenario() -> None:
        table = new_table(1)
        entry = table.submit(chunk(0))
        for _ in range(10):
            assert table.next() is entry
            table.lost(entry, "node reclaimed", counted=False)
        assert not entry.future.done()

    run(scenario())


def test_a_task_under_which_one_node_after_the_other_vanishes_ends() -> None:
    async def scenario() -> None:
        table = new_table(3)
        entry = table.submit(chunk(0))
        for _ in range(LOSSES_AT_MOST):
            assert not entry.future.done()
            assert table.next() is entry
            table.lost(entry, "its node died", counted=False)
        outcome = entry.future.result()
        assert (outcome.status, outcome.code) == (Status.ERROR, "analysis_crashed")
        assert f"broke down {LOSSES_AT_MOST} times" in outcome.message

    run(scenario())


def test_an_exception_nobody_foresaw_counts_like_a_death() -> None:
    async def scenario() -> None:
        table = new_table(2)
        entry = table.submit(plan())
        table.next()
        table.settle(entry, Outcome.crashed("ValueError: no"))
        assert table.next() is entry
        table.settle(entry, Outcome.crashed("ValueError: no"))
        outcome = entry.future.result()
        assert outcome.code == "analysis_crashed"
        assert "ValueError: no" in outcome.message

    run(scenario())


def test_a_task_asked_for_twice_runs_once_and_both_hear() -> None:
    async def scenario() -> None:
        table = new_table()
        first = table.submit(chunk(0, epoch=1))
        table.next()
        second = table.submit(chunk(0, epoch=2))
        assert second is first
        assert table.next() is None
        table.settle(first, Outcome.done(chunk=0))
        assert second.future.result().result == {"chunk": 0}
        assert len(table) == 0

    run(scenario())


def test_a_fusion_under_another_lease_is_another_task() -> None:
    async def scenario() -> None:
        table = new_table()
        old = Task(TaskKind.FUSE, "film", 1, "key", tracks_hash="h", timeline_id="film:1:1")
        new = Task(TaskKind.FUSE, "film", 2, "key", tracks_hash="h", timeline_id="film:1:2")
        assert table.submit(old) is not table.submit(new)

    run(scenario())


def test_cancelling_ends_what_waits_and_marks_what_runs() -> None:
    async def scenario() -> None:
        table = new_table()
        running, waiting = table.submit(chunk(0)), table.submit(chunk(1))
        other = table.submit(chunk(0, video="clip"))
        assert table.next() is running
        assert table.cancel("film", 1) == [running]
        assert waiting.future.result().status is Status.CANCELLED
        assert not running.future.done()
        table.settle(running, Outcome.done(chunk=0))
        assert running.future.result().status is Status.CANCELLED
        assert table.next() is other

    run(scenario())


def test_a_cancelled_task_is_not_given_back_when_its_actor_dies() -> None:
    async def scenario() -> None:
        table = new_table()
        entry = table.submit(chunk(0))
        table.next()
        table.cancel("film", 1)
        table.lost(entry, "it died", counted=True)
        assert entry.future.result().status is Status.CANCELLED
        assert table.next() is None

    run(scenario())


def test_an_old_lease_cannot_cancel_the_work_of_a_new_one() -> None:
    async def scenario() -> None:
        table = new_table()
        entry = table.submit(chunk(0, epoch=1))
        table.submit(chunk(0, epoch=2))  # the video was claimed again and asks for the same chunk
        assert table.cancel("film", 1) == []
        assert table.next() is entry

    run(scenario())


def test_a_task_submitted_while_its_cancelled_twin_still_ends_is_done_anew() -> None:
    async def scenario() -> None:
        table = new_table()
        old = table.submit(chunk(0, epoch=1))
        table.next()
        table.cancel("film", 1)
        new = table.submit(chunk(0, epoch=2))
        assert new is not old
        table.settle(old, Outcome.cancelled())
        assert table.next() is new
        table.settle(new, Outcome.done())
        assert new.future.result().status is Status.DONE

    run(scenario())


def test_videos_of_one_content_share_the_work_on_a_chunk() -> None:
    async def scenario() -> None:
        table = new_table()
        first, second = table.submit(shared(0, video="film")), table.submit(shared(0, video="twin"))
        assert second is first
        assert table.next() is first
        assert table.next() is None

    run(scenario())


@pytest.mark.parametrize("running", [False, True])
def test_work_shared_with_another_video_goes_on_when_the_first_gives_it_up(running: bool) -> None:
    async def scenario() -> None:
        table = new_table()
        entry = table.submit(shared(0, video="film"))
        table.submit(shared(0, video="twin"))
        if running:
            table.next()
        assert table.cancel("film", 1) == []
        if running:  # the file it read went with the first video
            table.settle(entry, Outcome.error("media_missing", "The file is gone."))
        assert not entry.future.done()
        assert table.next() is entry
        assert (entry.task.video_id, entry.task.media_key) == ("twin", "file of twin")
        assert table.cancel("twin", 1) == [entry]

    run(scenario())


def test_a_file_that_is_gone_before_its_video_gave_up_is_not_the_other_s_failure() -> None:
    async def scenario() -> None:
        table = new_table()
        entry = table.submit(shared(0, video="film"))
        table.submit(shared(0, video="twin"))
        table.next()
        table.settle(entry, Outcome.error("media_missing", "The file is gone."))
        assert table.next() is entry
        assert entry.task.media_key == "file of twin"
        table.settle(entry, Outcome.error("media_missing", "That one too."))
        assert entry.future.result().status is Status.ERROR

    run(scenario())


def test_work_shared_with_another_video_ends_when_both_give_it_up() -> None:
    async def scenario() -> None:
        table = new_table()
        entry = table.submit(shared(0, video="film"))
        table.submit(shared(0, video="twin"))
        table.cancel("twin", 1)
        assert not entry.future.done()
        table.cancel("film", 1)
        assert entry.future.result().status is Status.CANCELLED
        assert table.next() is None

    run(scenario())


def test_the_table_is_bounded() -> None:
    async def scenario() -> None:
        table = new_table(entries=2)
        table.submit(chunk(0))
        table.submit(chunk(1))
        table.submit(chunk(1))
        with pytest.raises(TaskTableFullError):
            table.submit(chunk(2))

    run(scenario())


tasks = st.builds(
    Task,
    kind=st.sampled_from(TaskKind),
    video_id=st.text("abc", min_size=1),
    epoch=st.integers(0, 9),
    media_key=st.just("videos/v/source"),
    settings=st.dictionaries(st.text("xyz", min_size=1), st.floats(0, 1)),
    tracks_hash=st.just("h"),
    chunk=st.integers(0, 99),
    cost_s=st.floats(0.1, 99),
    timeline_id=st.just("v:1:1"),
    revision=st.integers(0, 9),
    clip=st.just({"start_frame": 0}),
    words=st.just({"step": "find"}),
    films=st.just([{"tracks_key": "v"}]),
)


@given(tasks)
def test_a_task_survives_the_way_to_the_actor(task: Task) -> None:
    assert Task.from_dict(task.to_dict()) == task


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome.done(chunk=3),
        Outcome.error("no_video", "There is no picture in this file."),
        Outcome.unavailable("MongoDB is away"),
        Outcome.cancelled(),
        Outcome.crashed("x"),
    ],
)
def test_an_outcome_survives_the_way_back(outcome: Outcome) -> None:
    assert Outcome.from_dict(outcome.to_dict()) == outcome


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "dance"},
        {"video_id": ""},
        {"kind": "chunk", "tracks_hash": ""},
        {"kind": "chunk", "chunk": -1},
        {"kind": "chunk", "cost_s": 0},
        {"kind": "fuse", "timeline_id": ""},
    ],
)
def test_a_task_that_cannot_be_done_is_refused(bad: dict[str, Any]) -> None:
    good = {"kind": "plan", "video_id": "v", "epoch": 1, "media_key": "k", "tracks_hash": "h", "chunk": 0}
    with pytest.raises(ValueError, match=r".+"):
        Task.from_dict({**good, **bad})


def words(number: int, *, video: str = "talk", priority: str = "batch") -> Task:
    return Task(
        TaskKind.WORDS, f"{video}.words", 1, "key", tracks_hash="h", chunk=number, cost_s=10.0,
        words={"step": "hear", "group": number}, priority=priority,
    )  # fmt: skip


@pytest.mark.parametrize("priority", ["interactive", "batch"])
def test_segments_of_any_video_go_before_words(priority: str) -> None:
    async def scenario() -> None:
        table = new_table(entries=500)
        for number in range(60):
            table.submit(words(number))
            table.submit(Task.from_dict({**chunk(number).to_dict(), "priority": priority}))

        served = [table.next() for _ in range(60)]

        kinds = [entry.task.kind for entry in served if entry is not None]
        assert kinds.count(TaskKind.WORDS) <= 5
        assert TaskKind.CHUNK in kinds[:2]

    run(scenario())


def test_words_have_everything_when_nothing_else_waits() -> None:
    async def scenario() -> None:
        table = new_table()
        for number in range(5):
            table.submit(words(number))

        assert [entry.task.chunk for _ in range(5) if (entry := table.next()) is not None] == list(range(5))

    run(scenario())
