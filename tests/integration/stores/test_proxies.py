"""Proxies in PostgreSQL: one a video, hidden from its clips, its turn, uses and the quota."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cluster.clips.proxies import OPTIONS
from cluster.contract.vocabulary import BATCH, INTERACTIVE, Priority
from cluster.errors import NotFoundError
from cluster.stores.documents import proxy_document
from cluster.stores.postgres.clips.job import PROXY, ClipJob, ClipState
from cluster.stores.postgres.clips.jobs import ROOM_FOR_ALL
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.turns import Room
from tests.integration.stores.test_clips import order
from tests.support.servers.stores import create_video, execute, waiting_doorbells

PIECES = [{"name": f"pieces/{n}.mp4", "start_frame": n, "end_frame": n + 1} for n in range(2)]


def ask(
    jobs: Jobs,
    video_id: str,
    priority: Priority = INTERACTIVE,
    *,
    after_failure: bool = True,
    tracks_hash: str = "t1",
) -> list[str]:
    return jobs.proxies.ask(
        video_id,
        options=OPTIONS,
        wanted=PIECES,
        tracks_hash=tracks_hash,
        priority=priority,
        after_failure=after_failure,
    )


def ended_video(jobs: Jobs, state: str = "done") -> str:
    video_id = create_video(jobs).id
    execute(
        jobs,
        "UPDATE videos SET state = %(state)s, finished_at = CASE WHEN %(state)s = 'done' THEN now() END, "
        "timeline_id = 't', revision = 1, tracks_hash = 't1' WHERE id = %(id)s",
        id=video_id,
        state=state,
    )
    return video_id


def claim(jobs: Jobs, room: Room = ROOM_FOR_ALL) -> ClipJob | None:
    return jobs.clips.claim("bridge-a", 60.0, 3, room)


def ready(jobs: Jobs, bytes_: int = 10, used_s_ago: float = 0.0) -> str:
    """A video with a proxy of so many bytes."""
    video_id = ended_video(jobs)
    ask(jobs, video_id)
    job = claim(jobs)
    assert job is not None
    assert job.video_id == video_id
    assert jobs.proxies.measure(job.id, job.lease_epoch, bytes_)
    assert jobs.clips.finish(job.id, job.lease_epoch)
    execute(
        jobs,
        "UPDATE clip_jobs SET used_at = now() - make_interval(secs => %(ago)s) WHERE id = %(id)s",
        id=job.id,
        ago=used_s_ago,
    )
    return video_id


def set_tracks(jobs: Jobs, video_id: str, tracks_hash: str) -> None:
    """As the bridge records that a video has other tracks, of another stream for instance."""
    execute(
        jobs,
        "UPDATE videos SET tracks_hash = %(tracks_hash)s WHERE id = %(id)s",
        id=video_id,
        tracks_hash=tracks_hash,
    )


def told(jobs: Jobs, video_id: str) -> dict[str, Any] | None:
    document = proxy_document(jobs.get(video_id).proxy)
    return None if document is None else document.model_dump()


def test_a_video_tells_how_far_its_proxy_is(jobs: Jobs) -> None:
    video_id = ended_video(jobs)
    assert told(jobs, video_id) is None

    ask(jobs, video_id)
    assert told(jobs, video_id) == {"state": "queued", "fraction": 0.0, "bytes": None, "error": None}
    job = claim(jobs)
    assert job is not None
    assert (job.purpose, job.wanted, job.options) == (PROXY, PIECES, OPTIONS)
    jobs.clips.put_file(job.id, job.lease_epoch, 0, {"bytes": 3}, made=True)
    assert told(jobs, video_id) == {"state": "running", "fraction": 0.5, "bytes": None, "error": None}
    jobs.clips.put_file(job.id, job.lease_epoch, 1, {"bytes": 3}, made=True)
    assert told(jobs, video_id) == {"state": "running", "fraction": 0.999, "bytes": None, "error": None}
    jobs.proxies.measure(job.id, job.lease_epoch, 7)
    jobs.clips.finish(job.id, job.lease_epoch)

    assert told(jobs, video_id) == {"state": "ready", "fraction": 1.0, "bytes": 7, "error": None}
    listed = next(video for video in jobs.list_videos().items if video.id == video_id)
    assert listed.proxy == jobs.get(video_id).proxy


def test_asking_twice_makes_one(jobs: Jobs) -> None:
    video_id = ended_video(jobs)
    bells = waiting_doorbells(jobs).count(video_id)
    threads = [threading.Thread(target=ask, args=(jobs, video_id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert claim(jobs) is not None
    assert claim(jobs) is None
    assert waiting_doorbells(jobs).count(video_id) == bells + 1
    assert ask(jobs, video_id) == []


def test_asking_for_one_that_is_ready_changes_nothing(jobs: Jobs) -> None:
    video_id = ready(jobs)
    before = jobs.proxies.find(video_id)

    assert ask(jobs, video_id) == []

    assert jobs.proxies.find(video_id) == before


def test_of_a_video_that_is_gone_none_is_made(jobs: Jobs) -> None:
    assert ask(jobs, "0" * 32) == []
    assert claim(jobs) is None


def test_it_is_none_of_the_clips(jobs: Jobs) -> None:
    video_id = ready(jobs)
    proxy = jobs.proxies.find(video_id)
    assert proxy is not None
    clips = order(jobs, video_id=video_id)

    assert [job.id for job in jobs.clips.list_of(video_id).items] == [clips.id]
    for call in (jobs.clips.get, jobs.clips.cancel, jobs.clips.retry, jobs.clips.delete):
        with pytest.raises(NotFoundError):
            call(proxy.id, video_id)
    assert jobs.proxies.find(video_id) == proxy


@pytest.mark.parametrize("state", ["running", "finalizing", "queued"])
def test_it_comes_after_the_segments(jobs: Jobs, state: str) -> None:
    video_id = create_video(jobs).id
    set_tracks(jobs, video_id, "t1")
    ask(jobs, video_id, BATCH, after_failure=False)
    lease = "now() + interval '1 minute'" if state != "queued" else "NULL"
    execute(
        jobs,
        f"UPDATE videos SET state = %(state)s, lease_expires_at = {lease} WHERE id = %(id)s",
        id=video_id,
        state=state,
    )
    assert claim(jobs) is None

    execute(
        jobs,
        "UPDATE videos SET state = 'done', lease_expires_at = NULL, finished_at = now(), timeline_id = 't', "
        "revision = 1 WHERE id = %(id)s",
        id=video_id,
    )

    assert claim(jobs) is not None


def test_a_whole_film_takes_no_place_of_light_work(jobs: Jobs) -> None:
    ask(jobs, ended_video(jobs))

    assert claim(jobs, Room(interactive=False, light=True, batch=True)) is None
    assert claim(jobs, Room(interactive=True, light=False, batch=False)) is not None


def test_one_that_somebody_waits_for_is_no_batch_work_any_more(jobs: Jobs) -> None:
    first, second = ended_video(jobs), ended_video(jobs)
    for video_id in (first, second):
        ask(jobs, video_id, BATCH, after_failure=False)
    assert claim(jobs, Room(interactive=True, light=True, batch=False)) is None

    ask(jobs, second)
    ask(jobs, second, BATCH, after_failure=False)

    job = claim(jobs, Room(interactive=True, light=False, batch=False))
    assert job is not None
    assert (job.video_id, job.priority) == (second, INTERACTIVE)


def test_one_that_failed_is_made_anew_only_when_a_person_asks(jobs: Jobs) -> None:
    video_id = ended_video(jobs)
    ask(jobs, video_id)
    job = claim(jobs)
    assert job is not None
    jobs.clips.fail(job.id, job.lease_epoch, "proxy_failed", "No frame.")
    assert told(jobs, video_id) == {
        "state": "failed", "fraction": 0.0, "bytes": None,
        "error": {"code": "proxy_failed", "message": "No frame."},
    }  # fmt: skip

    assert ask(jobs, video_id, BATCH, after_failure=False) == []
    assert claim(jobs) is None
    assert ask(jobs, video_id) == [job.prefix]

    again = claim(jobs)
    assert again is not None
    assert again.id != job.id


def test_a_late_holder_measures_nothing(jobs: Jobs) -> None:
    ask(jobs, ended_video(jobs))
    job = claim(jobs)
    assert job is not None

    assert not jobs.proxies.measure(job.id, job.lease_epoch - 1, 7)
    assert jobs.proxies.measure(job.id, job.lease_epoch, 7)


def test_the_least_recently_used_ones_make_room(jobs: Jobs) -> None:
    videos = [ready(jobs, 10, used_s_ago=100.0 * age) for age in (3, 1, 2)]
    order(jobs)  # clips have no quota

    evicted = jobs.proxies.evict(20)

    assert len(evicted) == 1
    assert evicted[0].startswith(f"videos/{videos[0]}/clips/")
    assert told(jobs, videos[0]) is None
    assert jobs.proxies.evict(20) == []
    assert ask(jobs, videos[0]) == []
    assert told(jobs, videos[0]) is not None, "made again at need"


def test_reading_counts_as_use(jobs: Jobs) -> None:
    videos = [ready(jobs, 10, used_s_ago=100.0 * age) for age in (2, 3)]

    jobs.proxies.use(videos[1])

    (evicted,) = jobs.proxies.evict(10)
    assert evicted.startswith(f"videos/{videos[0]}/")


def test_uses_shortly_after_each_other_are_written_once(jobs: Jobs) -> None:
    video_id = ready(jobs, used_s_ago=5.0)
    read = "SELECT used_at FROM clip_jobs WHERE purpose = 'proxy'"
    before = jobs.database.one(read.encode(), {})

    jobs.proxies.use(video_id)

    assert jobs.database.one(read.encode(), {}) == before


def test_the_last_one_used_stays_whatever_its_size(jobs: Jobs) -> None:
    small = ready(jobs, 10, used_s_ago=100.0)
    large = ready(jobs, 1000)

    jobs.proxies.evict(5)

    assert told(jobs, small) is None
    assert told(jobs, large) is not None


def test_what_is_made_is_not_evicted(jobs: Jobs) -> None:
    ready(jobs, 10)
    video_id = ended_video(jobs)
    ask(jobs, video_id)
    job = claim(jobs)
    assert job is not None
    jobs.proxies.measure(job.id, job.lease_epoch, 1000)

    assert jobs.proxies.evict(1) == []
    assert jobs.clips.get(job.id).state is ClipState.RUNNING


def test_it_goes_with_its_video(jobs: Jobs) -> None:
    video_id = ready(jobs)

    jobs.delete(video_id)

    assert jobs.proxies.find(video_id) is None
