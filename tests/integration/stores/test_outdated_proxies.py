"""Proxies of tracks that a video no longer has: neither shown nor kept, and made anew."""

from __future__ import annotations

import pytest

from cluster.contract.vocabulary import BATCH
from cluster.stores.postgres.jobs import Jobs
from tests.integration.stores.test_proxies import ask, claim, ended_video, ready, set_tracks, told


def test_one_of_other_tracks_is_not_that_of_the_video(jobs: Jobs) -> None:
    video_id = ready(jobs)
    stale = jobs.proxies.find(video_id)
    assert stale is not None
    set_tracks(jobs, video_id, "t2")

    assert told(jobs, video_id) is None
    assert jobs.proxies.find(video_id) is None
    assert [video.proxy for video in jobs.list_videos().items if video.id == video_id] == [None]

    assert ask(jobs, video_id, tracks_hash="t1") == [], "asked for before the video had other tracks"
    assert jobs.proxies.find(video_id) is None
    assert ask(jobs, video_id, BATCH, after_failure=False, tracks_hash="t2") == [
        stale.key.removesuffix("/proxy.mp4")
    ]

    made = claim(jobs)
    assert made is not None
    assert (made.video_id, made.tracks_hash) == (video_id, "t2")
    assert made.id != stale.id


@pytest.mark.parametrize("begun", [False, True])
def test_an_order_of_earlier_tracks_goes_when_there_are_others(jobs: Jobs, *, begun: bool) -> None:
    video_id, other = ended_video(jobs), ready(jobs)
    ask(jobs, video_id)
    asked = jobs.proxies.find(video_id)
    job = claim(jobs) if begun else None
    assert jobs.proxies.drop_outdated(video_id) == []
    set_tracks(jobs, video_id, "t2")

    (prefix,) = jobs.proxies.drop_outdated(video_id)

    assert asked is not None
    assert prefix.endswith(f"/{asked.id}")
    assert jobs.proxies.drop_outdated(video_id) == []
    assert claim(jobs) is None
    assert job is None or not jobs.proxies.measure(job.id, job.lease_epoch, 7)
    assert jobs.proxies.find(other) is not None
