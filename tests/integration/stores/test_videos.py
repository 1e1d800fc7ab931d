"""Creating, finding and listing videos in a real PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from cluster.errors import ConflictError, NotFoundError, UsageError
from cluster.stores.ids import new_id
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video, VideoState
from tests.support.servers.stores import (
    claim,
    create_video,
    execute,
    waiting_doorbells,
)


def all_pages(jobs: Jobs, limit: int) -> list[str]:
    ids: list[str] = []
    cursor: str | None = None
    while True:
        page = jobs.list_videos(limit=limit, cursor=cursor)
        ids += [video.id for video in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


def test_a_new_video_is_queued_and_rung_for(jobs: Jobs) -> None:
    video_id = new_id()
    video, created = jobs.create_video(
        video_id=video_id,
        filename="Ünï cöde.mkv",
        bytes_=7_000_000_000,
        sha256="ab" * 32,
        media_key=f"videos/{video_id}/source",
        preset="film",
        settings={"min_shot_s": 0.5, "nested": {"a": [1, None]}},
    )
    assert created
    assert video.state is VideoState.QUEUED
    assert (video.filename, video.bytes, video.sha256) == ("Ünï cöde.mkv", 7_000_000_000, "ab" * 32)
    assert video.settings == {"min_shot_s": 0.5, "nested": {"a": [1, None]}}
    assert (video.attempt, video.lease_epoch, video.revision, video.version) == (0, 0, 0, 1)
    assert video.created_at.utcoffset() == timedelta(0)
    assert jobs.get(video_id) == video
    assert waiting_doorbells(jobs) == [video_id]


def test_an_unknown_video_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(NotFoundError):
        jobs.get(new_id())


def test_the_same_request_twice_is_one_video(jobs: Jobs) -> None:
    first = create_video(jobs, idempotency_key="k", sha256="aa")
    second, created = jobs.create_video(
        video_id=new_id(),
        filename=first.filename,
        bytes_=first.bytes,
        sha256="aa",
        media_key="videos/other/source",
        preset=first.preset,
        settings=first.settings,
        idempotency_key="k",
    )
    assert not created
    assert second == first
    assert waiting_doorbells(jobs) == [first.id]


@pytest.mark.parametrize(
    "other", [{"sha256": "bb"}, {"bytes_": 11}, {"filename": "x"}, {"preset": "news"}, {"settings": {}}]
)
def test_an_idempotency_key_is_not_reused_for_other_content(jobs: Jobs, other: dict[str, object]) -> None:
    create_video(jobs, idempotency_key="k", sha256="aa")
    with pytest.raises(ConflictError) as caught:
        create_video(jobs, idempotency_key="k", **({"sha256": "aa"} | other))
    assert caught.value.code == "idempotency_key_reused"
    assert len(jobs.list_videos().items) == 1


def test_an_idempotency_key_is_free_again_when_its_video_is_deleted(jobs: Jobs) -> None:
    first = create_video(jobs, idempotency_key="k")
    jobs.delete(first.id)
    assert create_video(jobs, idempotency_key="k", filename="other.mp4").id != first.id


def test_the_same_request_from_eight_threads_is_one_video(jobs: Jobs) -> None:
    barrier = threading.Barrier(8)
    made: list[tuple[Video, bool]] = []

    def create() -> None:
        barrier.wait()
        made.append(
            jobs.create_video(
                video_id=new_id(),
                filename="a.mp4",
                bytes_=1,
                sha256=None,
                media_key="uploads/x",
                preset="default",
                settings={},
                idempotency_key="race",
            )
        )

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({video.id for video, _ in made}) == 1
    assert sorted(created for _, created in made) == [False] * 7 + [True]
    assert len(waiting_doorbells(jobs)) == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_hold_every_video_once_newest_first(jobs: Jobs, limit: int) -> None:
    ids = [create_video(jobs).id for _ in range(7)]
    assert all_pages(jobs, limit) == ids[::-1]


def test_videos_of_the_same_moment_are_neither_skipped_nor_repeated(jobs: Jobs) -> None:
    ids = {create_video(jobs).id for _ in range(6)}
    execute(jobs, "UPDATE videos SET created_at = '2026-01-01T00:00:00.123456Z'")
    assert sorted(all_pages(jobs, 2)) == sorted(ids)


def test_pages_stay_stable_while_videos_are_added_and_deleted(jobs: Jobs) -> None:
    old = [create_video(jobs).id for _ in range(5)]
    first = jobs.list_videos(limit=2)
    for _ in range(3):
        create_video(jobs)
    jobs.delete(first.items[-1].id)
    second = jobs.list_videos(limit=10, cursor=first.next_cursor)
    assert [video.id for video in second.items] == old[2::-1]


def test_listing_by_state(jobs: Jobs) -> None:
    waiting, running = create_video(jobs), create_video(jobs)
    claim(jobs, running.id)
    assert [video.id for video in jobs.list_videos(state="queued").items] == [waiting.id]
    assert [video.id for video in jobs.list_videos(state=VideoState.RUNNING).items] == [running.id]
    with pytest.raises(UsageError):
        jobs.list_videos(state="sleeping")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("HOLIDAY", ["holiday 100%.mp4", "Holiday_2.mp4"]),
        ("%", ["holiday 100%.mp4"]),
        ("_", ["Holiday_2.mp4"]),
        ("\\", ["back\\slash.mp4"]),
        ("day 1", ["holiday 100%.mp4"]),
        ("none", []),
        ("", ["holiday 100%.mp4", "Holiday_2.mp4", "back\\slash.mp4"]),
    ],
)
def test_search_takes_wildcards_literally_and_ignores_case(jobs: Jobs, q: str, found: list[str]) -> None:
    for name in ("holiday 100%.mp4", "Holiday_2.mp4", "back\\slash.mp4"):
        create_video(jobs, filename=name)
    assert sorted(video.filename for video in jobs.list_videos(q=q).items) == sorted(found)


@pytest.mark.parametrize(
    "cursor", ["", "%%%", "bm90IGpzb24", "W10", "WzEsMl0", "WyJ4IiwieSJd", "é", "A" * 9999]
)
def test_a_cursor_that_is_not_ours_is_refused(jobs: Jobs, cursor: str) -> None:
    with pytest.raises(UsageError) as caught:
        jobs.list_videos(cursor=cursor)
    assert caught.value.code == "bad_cursor"


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_sensible_length(jobs: Jobs, limit: int) -> None:
    with pytest.raises(UsageError):
        jobs.list_videos(limit=limit)


def test_every_state_is_counted(jobs: Jobs) -> None:
    create_video(jobs)
    claim(jobs, create_video(jobs).id)
    assert jobs.counts() == {
        "queued": 1,
        "running": 1,
        "finalizing": 0,
        "done": 0,
        "failed": 0,
        "cancelled": 0,
    }


def test_every_update_counts_the_version(jobs: Jobs) -> None:
    video = create_video(jobs)
    claimed = claim(jobs, video.id)
    assert jobs.record_progress(video.id, claimed.lease_epoch, 1)
    assert [video.version, claimed.version, jobs.get(video.id).version] == [1, 2, 3]
