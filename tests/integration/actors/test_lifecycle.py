"""How bridge and pool begin, end and begin again: stacks of each test's own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import ray

from actors import launch
from actors.tasks import Task, TaskKind
from actors.worker.fuser import CALLS, find_or_create_fuser
from cluster.settings import Settings
from cluster.stores.postgres.video import VideoState
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import DEADLINE_S, actor_stack
from tests.support.stack.stub_analyser import NAME, StubAnalyser, film

__all__ = ["ray_connection", "settings"]

GPUS = 2


def test_a_video_whose_doorbell_was_lost_is_found_all_the_same(settings: Settings) -> None:
    with actor_stack(settings) as stack:
        video_id = stack.submit(film(1))
        with stack.jobs.database.connection() as connection:
            connection.execute("DELETE FROM outbox")
        assert stack.ended(video_id).state is VideoState.DONE


def test_an_orderly_stop_hands_the_lease_back_and_the_attempt_is_not_counted(settings: Settings) -> None:
    with actor_stack(settings) as stack:
        video_id = stack.submit(film(16, wait_from=4))
        stored = stack.until(lambda: stack.results.stored_chunks(video_id, "stub"))
        assert launch.stop(settings)
        video = stack.jobs.get(video_id)
        assert (video.state, video.attempt, video.lease_owner) == (VideoState.QUEUED, 0, None)
        assert stack.results.stored_chunks(video_id, "stub") >= stored
        stack.go_on(video_id)
        stack.handles = launch.ensure(settings, analyser=NAME)
        video = stack.ended(video_id)
        assert (video.state, video.attempt) == (VideoState.DONE, 1)


def test_a_video_whose_every_attempt_dies_is_failed_by_the_reaper(settings: Settings) -> None:
    few = settings.model_copy(update={"lease": settings.lease.model_copy(update={"max_attempts": 2})})
    with actor_stack(few) as stack:
        video_id = stack.submit(film(2, wait_from=0))  # no chunk is done: it comes no further
        for attempt in (1, 2):
            stack.until(lambda a=attempt: stack.jobs.get(video_id).attempt == a)
            stack.at_chunk(video_id)
            stack.kill_bridge()
        video = stack.ended(video_id)
        assert (video.state, video.error_code) == (VideoState.FAILED, "attempts_exhausted")


def test_an_actor_that_never_found_a_place_is_replaced_when_the_settings_are_mended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    misspelt = settings.actors.model_copy(update={"service_resource": "no such resource"})
    find_or_create_fuser(settings.with_values(actors=misspelt), NAME)
    monkeypatch.setattr(launch, "VERSION_TIMEOUT_S", 0.5)
    monkeypatch.setattr(launch, "STOP_TIMEOUT_S", 0.5)
    monkeypatch.setattr(launch, "_rolled_out", set())  # as in a process that has just begun
    handles = launch.ensure(settings, analyser=NAME)
    monkeypatch.undo()
    assert launch.stop(settings)
    assert set(handles) == {"bridge", "pool", "fuser"}


def test_the_fuser_answers_however_many_wait_for_it(settings: Settings) -> None:
    gate = Path(settings.var_dir) / "gate"
    fuser = find_or_create_fuser(settings, f"{__name__}:Gated")
    task = Task(TaskKind.PREVIEW, "film", 1, "key", tracks_hash="h", settings={"gate": str(gate)}).to_dict()
    asked = [fuser.run.remote(task) for _ in range(CALLS + 8)]
    assert ray.get(fuser.ping.remote(), timeout=DEADLINE_S)["wanted"] == 1
    assert ray.wait(asked, timeout=0)[0] == []
    gate.touch()
    answers = ray.get(asked, timeout=DEADLINE_S)
    launch.stop(settings)
    assert {answer["error"]["code"] for answer in answers} == {"needs_decode"}


class Gated(StubAnalyser):
    """Looks at settings when there is a file."""

    def tracks_hash(self, settings: Mapping[str, Any]) -> str:
        while not Path(settings["gate"]).exists():
            time.sleep(0.02)
        return super().tracks_hash(settings)


def test_each_segmenter_has_a_gpu_of_its_own_and_sees_no_other(settings: Settings) -> None:
    with actor_stack(settings) as stack:
        assert sorted(row["device"] for row in stack.ready(2)) == ["gpu 0", "gpu 1"]
        video = stack.ended(stack.submit(film(20, frame_s=0.002)))
        shots = [segment for segment in stack.segments(video) if segment["level"] == "shot"]
        assert {shot["visual"]["tags"][0]["label"] for shot in shots} == {"0", "1"}


def test_gpus_are_shared_where_there_are_more_actors(settings: Settings) -> None:
    four = settings.model_copy(update={"actors": settings.actors.model_copy(update={"count": 4})})
    with actor_stack(four) as stack:
        rows = stack.ready(4)
        assert sorted(row["device"] for row in rows) == ["gpu 0", "gpu 0", "gpu 1", "gpu 1"]
