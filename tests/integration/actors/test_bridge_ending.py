"""The end of a job, over a real PostgreSQL whose answers may be lost on the way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.planners import Planners
from actors.bridge.videos.job import Job
from actors.tasks import Outcome, Task, TaskKind
from cluster.errors import UnavailableError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video, VideoState
from tests.support.bridge import AnsweringPool, Remembering
from tests.support.servers.stores import claim, create_video, expire_lease

PLANNED = {"tracks_hash": "tracks", "media": {"frames": 25, "duration_s": 1.0}, "chunks": [[0, 1.0]]}


def answer(task: Task) -> Outcome:
    return Outcome.done(**PLANNED) if task.kind is TaskKind.PLAN else Outcome.done()


class Line:
    """To the store; the answers of the first `lost` calls of `write` do not arrive."""

    def __init__(self, jobs: Jobs, write: str, lost: int) -> None:
        self._jobs = jobs
        self._write = write
        self._lost = lost

    def __getattr__(self, name: str) -> Any:
        if name != self._write:
            return getattr(self._jobs, name)

        def call(*values: Any, **named: Any) -> bool:
            done: bool = getattr(self._jobs, name)(*values, **named)
            self._lost -= 1
            if self._lost >= 0:
                raise UnavailableError("the connection was lost")
            return done

        return call


def told(jobs: Jobs, video: Video, *, write: str = "finish", lost: int = 0, ends: Any = answer) -> list[Any]:
    """What those who watch are told of the end of a job."""
    reporter = Remembering()
    services = SimpleNamespace(
        jobs=Line(jobs, write, lost), results=Remembering(stored_chunks=set()), media=Remembering(),
        reporter=reporter, pool=AnsweringPool(ends),
        fuser=AnsweringPool(lambda task: Outcome.unavailable("no")),
        planners=Planners(lambda: 1), revisions_kept=1,
    )  # fmt: skip
    Job(video, services, long=False).run()  # type: ignore[arg-type]
    return [call[:3] for call in reporter.calls if call[0] in ("done", "ended")]


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_that_a_video_is_done_is_told_once_whatever_answer_is_lost(jobs: Jobs, lost: int) -> None:
    video = claim(jobs, create_video(jobs).id)
    assert told(jobs, video, lost=lost) == [("done", video.id, 1)]
    assert jobs.get(video.id).state is VideoState.DONE


@pytest.mark.parametrize("lost", [0, 1])
def test_that_a_video_failed_is_told_once_whatever_answer_is_lost(jobs: Jobs, lost: int) -> None:
    video = claim(jobs, create_video(jobs).id)
    broken = Outcome.error("no_video", "There is no picture in it.")
    assert told(jobs, video, write="fail", lost=lost, ends=lambda task: broken) == [
        ("ended", video.id, "failed")
    ]
    assert jobs.get(video.id).error_code == "no_video"


def test_an_overtaken_holder_tells_nothing(jobs: Jobs) -> None:
    video = claim(jobs, create_video(jobs).id)
    expire_lease(jobs, video.id)
    newer = claim(jobs, video.id, "another")
    assert told(jobs, video) == []
    assert told(jobs, newer) == [("done", video.id, 1)]
    assert told(jobs, video) == []
    jobs.delete(video.id)
    assert told(jobs, newer) == []
