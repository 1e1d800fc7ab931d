"""What an operator looks at: how much waits and since when, and what failed lately."""

from __future__ import annotations

import pytest

from cluster.stores.ids import new_id
from cluster.stores.postgres import overview
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.overview import FailureCount, Queue
from tests.support.servers.stores import create_video, execute, video_in


def queue(jobs: Jobs, work: str, priority: str | None = None) -> Queue:
    (found,) = [one for one in jobs.overview.queues() if (one.work, one.priority) == (work, priority)]
    return found


def aged(jobs: Jobs, table: str, column: str, id_: str, seconds: float) -> None:
    execute(
        jobs,
        f"UPDATE {table} SET {column} = {column} - make_interval(secs => %(seconds)s) WHERE id = %(id)s",
        id=id_,
        seconds=seconds,
    )


def ordered(jobs: Jobs, video_id: str, purpose: str = "clips") -> str:
    """An order of clips, or a proxy, that waits."""
    clips_id = new_id()
    execute(
        jobs,
        "INSERT INTO clip_jobs (id, video_id, clip_order, options, wanted, total, media_key, tracks_key, "
        "tracks_hash, revision, purpose) "
        "VALUES (%(id)s, %(video_id)s, '{}', '{}', '[]', 1, 'm', 't', 'h', 1, %(purpose)s)",
        id=clips_id,
        video_id=video_id,
        purpose=purpose,
    )
    return clips_id


def failed_at(jobs: Jobs, seconds_ago: float) -> str:
    video_id = video_in(jobs, "failed").id
    aged(jobs, "videos", "finished_at", video_id, seconds_ago)
    return video_id


def test_every_kind_of_work_is_told_also_where_nothing_waits(jobs: Jobs) -> None:
    queues = jobs.overview.queues()

    assert sorted((one.work, one.priority or "") for one in queues) == [
        ("clips", ""), ("import", "batch"), ("import", "interactive"), ("proxy", ""),
        ("video", "batch"), ("video", "interactive"), ("words", ""),
    ]  # fmt: skip
    assert {(one.waiting, one.running, one.oldest_s) for one in queues} == {(0, 0, None)}


def test_videos_are_told_by_priority_with_the_age_of_the_oldest(jobs: Jobs) -> None:
    old = create_video(jobs).id
    create_video(jobs)
    create_video(jobs, priority="batch")
    video_in(jobs, "running")
    video_in(jobs, "finalizing")
    video_in(jobs, "done")
    aged(jobs, "videos", "rung_at", old, 5000)

    interactive, batch = (queue(jobs, "video", priority) for priority in ("interactive", "batch"))

    assert (interactive.waiting, interactive.running) == (2, 2)
    assert interactive.oldest_s is not None
    assert 5000 <= interactive.oldest_s < 9000
    assert (batch.waiting, batch.running) == (1, 0)


def test_files_that_are_not_here_are_no_waiting_videos(jobs: Jobs) -> None:
    fetched, waiting = create_video(jobs, priority="batch").id, create_video(jobs, priority="batch").id
    for video_id in (fetched, waiting):
        execute(jobs, "UPDATE videos SET fetching = true WHERE id = %(id)s", id=video_id)
        execute(
            jobs,
            "INSERT INTO imports (video_id, url, lane, priority) VALUES (%(id)s, 'http://x', 'l', 'batch')",
            id=video_id,
        )
    execute(
        jobs,
        "UPDATE imports SET state = 'fetching', lease_expires_at = now() + interval '1 minute' "
        "WHERE video_id = %(id)s",
        id=fetched,
    )

    assert (queue(jobs, "import", "batch").waiting, queue(jobs, "import", "batch").running) == (1, 1)
    assert queue(jobs, "video", "batch").waiting == 0


def test_a_file_that_is_being_fetched_does_not_wait(jobs: Jobs) -> None:
    video_id = create_video(jobs, priority="batch").id
    execute(jobs, "UPDATE videos SET fetching = true WHERE id = %(id)s", id=video_id)
    execute(
        jobs,
        "INSERT INTO imports (video_id, url, lane, priority, state, lease_expires_at) "
        "VALUES (%(id)s, 'http://x', 'l', 'batch', 'fetching', now() + interval '1 minute')",
        id=video_id,
    )

    found = queue(jobs, "import", "batch")

    assert (found.waiting, found.running, found.oldest_s) == (0, 1, None)


def test_clips_proxies_and_words_are_told_apart(jobs: Jobs) -> None:
    video_id = video_in(jobs, "done").id
    for purpose in ("clips", "clips", "proxy"):
        ordered(jobs, video_id, purpose)
    execute(jobs, "INSERT INTO transcripts (id, tracks_hash) VALUES (%(id)s, 'h')", id=video_id)

    assert [queue(jobs, work).waiting for work in ("clips", "proxy", "words")] == [2, 1, 1]
    assert queue(jobs, "words").oldest_s is not None


def test_no_more_is_counted_than_the_bound(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "MOST_COUNTED", 3)
    for _ in range(5):
        create_video(jobs)
        failed_at(jobs, 10)

    assert queue(jobs, "video", "interactive").waiting == 3
    assert sum(count.day for count in jobs.overview.count_failures()) == 3


def test_many_of_one_kind_hide_no_other_and_nothing_that_is_in_hand(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MOST_COUNTED", 3)
    for _ in range(5):
        video_id = video_in(jobs, "done").id
        ordered(jobs, video_id, "proxy")
        execute(jobs, "INSERT INTO transcripts (id, tracks_hash) VALUES (%(id)s, 'h')", id=video_id)
    at_work, _ = ordered(jobs, video_id), ordered(jobs, video_id)
    for table, id_ in (("clip_jobs", at_work), ("transcripts", video_id)):
        execute(
            jobs,
            f"UPDATE {table} SET state = 'running', lease_expires_at = now() + interval '1 minute' "
            "WHERE id = %(id)s",
            id=id_,
        )

    assert [
        (queue(jobs, work).waiting, queue(jobs, work).running) for work in ("proxy", "clips", "words")
    ] == [
        (3, 0),
        (1, 1),
        (3, 1),
    ]
    assert queue(jobs, "clips").oldest_s is not None


@pytest.mark.parametrize("table", ["clip_jobs", "transcripts"])
def test_what_is_tried_again_waits_since_then(jobs: Jobs, table: str) -> None:
    video_id = id_ = video_in(jobs, "done").id
    if table == "clip_jobs":
        id_ = ordered(jobs, video_id)
    else:
        execute(jobs, "INSERT INTO transcripts (id, tracks_hash) VALUES (%(id)s, 'h')", id=video_id)
    for column in ("created_at", "queued_at"):
        aged(jobs, table, column, id_, 86_400)
    execute(
        jobs,
        f"UPDATE {table} SET state = 'failed', error_code = 'internal', finished_at = now() "
        "WHERE id = %(id)s",
        id=id_,
    )
    if table == "clip_jobs":
        jobs.clips.retry(id_, video_id)
    else:
        jobs.transcripts.retry(video_id)

    waits_s = queue(jobs, "clips" if table == "clip_jobs" else "words").oldest_s

    assert waits_s is not None
    assert waits_s < 86_400


def test_failures_are_counted_by_code_within_an_hour_and_a_day(jobs: Jobs) -> None:
    failed_at(jobs, 60)
    failed_at(jobs, 2 * 3600)
    failed_at(jobs, 25 * 3600)
    words = video_in(jobs, "done").id
    execute(
        jobs,
        "INSERT INTO transcripts (id, tracks_hash, state, error_code, error_message, finished_at) "
        "VALUES (%(id)s, 'h', 'failed', 'speech_model_missing', 'No model.', now())",
        id=words,
    )

    assert jobs.overview.count_failures() == [
        FailureCount("video", "not_media", hour=1, day=2),
        FailureCount("words", "speech_model_missing", hour=1, day=1),
    ]


def test_the_newest_failures_are_told_with_names_and_reasons(jobs: Jobs) -> None:
    old, new = failed_at(jobs, 3000), failed_at(jobs, 5)
    failed_at(jobs, 26 * 3600)

    latest = jobs.overview.latest_failures()

    assert [failed.video_id for failed in latest] == [new, old]
    assert (latest[0].work, latest[0].code, latest[0].message) == ("video", "not_media", "It is no video.")
    assert latest[0].filename == "clip.mp4"
    assert [failed.video_id for failed in jobs.overview.latest_failures(limit=1)] == [new]


def test_a_video_that_is_tried_again_is_no_failure(jobs: Jobs) -> None:
    jobs.retry(failed_at(jobs, 5))

    assert jobs.overview.count_failures() == []
    assert jobs.overview.latest_failures() == []


def test_names_of_those_that_are_there(jobs: Jobs) -> None:
    video = create_video(jobs, filename="day.mp4")

    assert jobs.overview.filenames([video.id, "0" * 32]) == {video.id: "day.mp4"}
    assert jobs.overview.filenames([]) == {}


@pytest.mark.parametrize("statement", ["queues", "count_failures", "latest_failures"])
def test_large_tables_are_read_by_an_index(jobs: Jobs, statement: str) -> None:
    """A page asks every few seconds: none may read all videos, orders of clips or transcripts."""
    execute(
        jobs,
        "INSERT INTO videos (id, filename, bytes, media_key, preset, settings, tracks_key, state, "
        "finished_at, timeline_id) "
        "SELECT 'v' || n, 'a', 1, 'm', 'default', '{}', 'v' || n, 'done', now(), 't' "
        "FROM generate_series(1, 20000) AS n",
    )
    execute(
        jobs,
        "INSERT INTO transcripts (id, tracks_hash, state, finished_at) "
        "SELECT id, 'h', 'done', now() FROM videos ON CONFLICT DO NOTHING",
    )
    execute(
        jobs,
        "INSERT INTO clip_jobs (id, video_id, state, finished_at, clip_order, options, wanted, total, "
        "media_key, tracks_key, tracks_hash, revision) "
        "SELECT md5(id), id, 'done', now(), '{}', '{}', '[]', 1, 'm', 't', 'h', 1 FROM videos",
    )
    execute(
        jobs,
        "INSERT INTO imports (video_id, url, lane, priority, state) "
        "SELECT id, 'http://x', 'l', 'batch', 'fetched' FROM videos",
    )
    tables = ("videos", "transcripts", "clip_jobs", "imports")
    for table in tables:
        execute(jobs, f"ANALYZE {table}")

    explained = jobs.database.all(
        b"EXPLAIN " + overview._SQL[statement],
        {"most": 10_000, "limit": 20},
    )

    plan = "\n".join(row["QUERY PLAN"] for row in explained)
    for table in tables:
        assert f"Seq Scan on {table}" not in plan, plan
