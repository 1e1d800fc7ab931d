"""The last calls of a job, over a real PostgreSQL whose answers may be lost on the way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.control import Aborted, Control, Reason
from actors.bridge.videos.ending import Ending
from cluster.errors import UnavailableError
from cluster.stores import Jobs, Video, VideoState
from tests.support.servers.stores import claim, create_video, expire_lease


class Line:
    """To the store; the answers of the first `lost` calls of `finish` do not arrive."""

    def __init__(self, jobs: Jobs, lost: int) -> None:
        self._jobs = jobs
        self._lost = lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)

    def finish(self, *values: Any) -> bool:
        answer = self._jobs.finish(*values)
        self._lost -= 1
        if self._lost >= 0:
            raise UnavailableError("the connection was lost")
        return answer


def told(jobs: Jobs, video: Video, lost: int) -> list[tuple[str, int]]:
    """What those who watch are told when a job says that it is done."""
    heard: list[tuple[str, int]] = []
    services = SimpleNamespace(
        jobs=Line(jobs, lost),
        results=SimpleNamespace(drop_other_timelines=lambda *_, **__: None),
        reporter=SimpleNamespace(done=lambda *news: heard.append(news)),
        revisions_kept=1,
    )
    ending = Ending(video, services, Control())  # type: ignore[arg-type]
    ending.done(1, f"{video.id}:1:{video.lease_epoch}")
    return heard


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_that_a_video_is_done_is_told_once_whatever_answer_is_lost(jobs: Jobs, lost: int) -> None:
    video = claim(jobs, create_video(jobs).id)
    assert told(jobs, video, lost) == [(video.id, 1)]
    assert jobs.get(video.id).state is VideoState.DONE


def test_who_was_overtaken_tells_nothing(jobs: Jobs) -> None:
    video = claim(jobs, create_video(jobs).id)
    expire_lease(jobs, video.id)
    newer = claim(jobs, video.id, "another")
    with pytest.raises(Aborted) as late:
        told(jobs, video, lost=0)
    assert late.value.reason is Reason.LOST
    assert told(jobs, newer, lost=0) == [(video.id, 1)]
    with pytest.raises(Aborted):
        told(jobs, video, lost=0)
    jobs.delete(video.id)
    with pytest.raises(Aborted):
        told(jobs, newer, lost=0)
