"""A video's job and its proxy: one of earlier tracks goes, one of a file that no browser plays is ordered."""

from __future__ import annotations

import pytest

from actors.tasks import Outcome, Task, TaskKind
from cluster.errors import UnavailableError
from tests.unit.bridge.test_job import PLANNED, Setting

MEDIA = {"video_codec": "mpeg2video", "frames": 75, "duration_s": 3.0, "start_s": 0.0}
STALE = "videos/video-1/clips/stale"
FAILED = "videos/video-1/clips/failed"


def setting_of(media: dict[str, object]) -> Setting:
    setting = Setting(attempt=2)
    planned = PLANNED | {"media": media}

    def answer(task: Task) -> Outcome:
        return Outcome.done(**planned) if task.kind is TaskKind.PLAN else Outcome.done()

    setting.pool.answer = answer
    setting.jobs.proxies.answers = {"drop_outdated": [STALE], "ask": [FAILED]}
    return setting


@pytest.mark.parametrize(
    ("media", "calls", "deleted"),
    [
        (MEDIA, ["drop_outdated", "ask"], [STALE, FAILED]),
        (MEDIA | {"video_codec": "hevc"}, ["drop_outdated"], [STALE]),
    ],
)
def test_files_of_a_proxy_of_earlier_tracks_are_deleted(
    media: dict[str, object], calls: list[str], deleted: list[str]
) -> None:
    setting = setting_of(media)

    setting.job.run()

    assert setting.jobs.proxies.names() == calls
    assert setting.media.calls == [("delete", prefix) for prefix in deleted]
    assert setting.jobs.names()[-1] == "finish"


def test_an_overtaken_job_deletes_no_proxy() -> None:
    setting = setting_of(MEDIA)
    setting.writes["record_media"] = False

    setting.job.run()

    assert setting.jobs.proxies.calls == []


@pytest.mark.parametrize("error", [UnavailableError("away"), OSError(5, "the disk is away")])
def test_files_that_cannot_be_deleted_do_not_fail_the_video(error: Exception) -> None:
    setting = setting_of(MEDIA)

    def away(_prefix: str) -> None:
        raise error

    setting.media.answers["delete"] = away

    setting.job.run()

    assert len(setting.media.calls) == 2
    assert setting.jobs.names()[-1] == "finish"
