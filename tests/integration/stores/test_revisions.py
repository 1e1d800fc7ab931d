"""Revisions of a video, videos that share tracks, and what a list of videos can be asked for."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.migrate import migrate
from cluster.stores.postgres.video import Video
from tests.integration.stores.test_transcripts import claim as claim_words
from tests.support.servers.private import SessionServers, fresh_postgres_database
from tests.support.servers.stores import claim, create_video, execute, video_in


def finish(jobs: Jobs, video_id: str, preset: str = "default") -> Video:
    """One more result, under settings of its own."""
    if jobs.get(video_id).state == "done":
        jobs.resegment(video_id, {"min_shot_s": 0.1}, preset)
    video = claim(jobs, video_id)
    revision = video.newest_revision + 1
    assert jobs.finish(video_id, video.lease_epoch, revision, f"{video_id}:{revision}:{video.lease_epoch}")
    return jobs.get(video_id)


@pytest.fixture
def video(jobs: Jobs) -> Video:
    """Done three times."""
    video_id = create_video(jobs).id
    for preset in ("default", "film", "talk"):
        finish(jobs, video_id, preset)
    return jobs.get(video_id)


def made_of_two_tracks(jobs: Jobs) -> str:
    """A video whose first result was made from the tracks t1, and its second from t2."""
    video_id = create_video(jobs).id
    for tracks_hash in ("t1", "t2"):
        execute(
            jobs, "UPDATE videos SET tracks_hash = %(hash)s WHERE id = %(id)s", hash=tracks_hash, id=video_id
        )
        finish(jobs, video_id)
    return video_id


def test_every_result_is_a_revision(jobs: Jobs, video: Video) -> None:
    kept = jobs.revisions.list_all(video.id)
    assert [(item.revision, item.preset, item.current) for item in kept] == [
        (3, "talk", True),
        (2, "film", False),
        (1, "default", False),
    ]
    assert kept[0].timeline_id == video.timeline_id
    assert kept[2].settings == {"min_shot_s": 0.5}


def test_every_result_knows_from_which_tracks_it_was_made(jobs: Jobs) -> None:
    video_id = made_of_two_tracks(jobs)
    jobs.revisions.choose(video_id, 1)

    corrected = jobs.revisions.correct(
        video_id,
        base=1,
        revision=3,
        timeline_id=f"{video_id}:3.x:2",
        corrections={},
        note=None,
        with_words=False,
    )

    assert jobs.get(video_id).tracks_hash == "t2"
    assert corrected is not None
    assert corrected.tracks_hash == "t1"
    kept = [(item.revision, item.tracks_hash) for item in jobs.revisions.list_all(video_id)]
    assert kept == [(3, "t1"), (2, "t2"), (1, "t1")]


def test_a_correction_by_a_replica_of_before_is_of_the_tracks_of_its_settings(jobs: Jobs) -> None:
    video_id = made_of_two_tracks(jobs)

    execute(
        jobs,
        "INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, origin) "
        "SELECT video_id, 3, 'x', preset, settings, 'human' FROM revisions "
        "WHERE video_id = %(id)s AND revision = 1",
        id=video_id,
    )

    assert jobs.revisions.get(video_id, 3).tracks_hash == "t1"


def test_words_that_come_to_an_earlier_result_leave_it_its_tracks(jobs: Jobs) -> None:
    video_id = made_of_two_tracks(jobs)
    jobs.revisions.choose(video_id, 1)
    base = jobs.get(video_id).timeline_id
    assert base is not None
    execute(
        jobs,
        "INSERT INTO transcripts (id, tracks_hash, state) VALUES (%(id)s, 't1', 'queued') "
        "ON CONFLICT (id) DO UPDATE SET state = 'queued', timeline_id = NULL",
        id=video_id,
    )
    job = claim_words(jobs)
    assert job is not None

    assert jobs.transcripts.revise(video_id, job.lease_epoch, base=base, revision=3, timeline_id="words")

    assert jobs.revisions.get(video_id, 3).tracks_hash == "t1"


@pytest.mark.parametrize(
    ("state", "of_video", "made", "known"),
    [
        ("done", 0, [(0, "settings"), (0, "settings")], ["t", "t"]),
        ("done", 1, [(0, "settings"), (1, "settings")], [None, "t"]),
        ("done", 0, [(0, "settings"), (1, "settings"), (0, "human")], [None, "t", None]),
        ("done", 0, [(0, "words"), (0, "human")], ["t", "t"]),
        ("failed", 0, [(0, "settings")], ["t"]),
        ("running", 0, [(0, "settings")], ["t"]),
        ("running", 1, [(0, "settings")], [None]),
    ],
)
def test_results_of_before_know_their_tracks_where_that_is_certain(
    session_servers: SessionServers,
    state: str,
    of_video: int,
    made: list[tuple[int, str]],
    known: list[str | None],
) -> None:
    """`of_video`, `made`: the stream that is wanted for the video, and for each result, with its origin."""
    with fresh_postgres_database(session_servers.url("postgres")) as url, Jobs(url) as jobs:
        migrate(jobs.database, up_to=18)
        video_id = create_video(jobs, settings={"video_stream": of_video}).id
        for revision, (stream, origin) in enumerate(made, start=1):
            execute(
                jobs,
                "INSERT INTO revisions (video_id, revision, timeline_id, preset, settings, origin) "
                "VALUES (%(id)s, %(revision)s, 'x', 'default', "
                "jsonb_build_object('video_stream', %(stream)s::int), %(origin)s)",
                id=video_id,
                revision=revision,
                stream=stream,
                origin=origin,
            )
        execute(
            jobs,
            "UPDATE videos SET state = %(state)s, tracks_hash = 't', timeline_id = 'x', "
            "revision = %(newest)s, newest_revision = %(newest)s, "
            "finished_at = CASE WHEN %(state)s = 'running' THEN NULL ELSE now() END, "
            "lease_owner = CASE WHEN %(state)s = 'running' THEN 'a' END, "
            "lease_expires_at = CASE WHEN %(state)s = 'running' THEN now() END, "
            "error_code = CASE WHEN %(state)s = 'failed' THEN 'internal' END WHERE id = %(id)s",
            id=video_id,
            state=state,
            newest=len(made),
        )

        jobs.migrate()

        kept = [one.tracks_hash for one in reversed(jobs.revisions.list_all(video_id))]
        assert kept == known


def test_a_chosen_revision_is_the_one_readers_see(jobs: Jobs, video: Video) -> None:
    oldest = jobs.revisions.get(video.id, 1)
    chosen = jobs.revisions.choose(video.id, 1)
    assert (chosen.revision, chosen.timeline_id, chosen.preset) == (1, oldest.timeline_id, "default")
    assert chosen.settings == oldest.settings
    assert finish(jobs, video.id).revision == 4


@pytest.mark.parametrize("situation", ["queued", "running", "finalizing", "failed", "cancelled"])
def test_only_while_it_is_done_a_revision_is_chosen(jobs: Jobs, situation: str) -> None:
    with pytest.raises(ConflictError):
        jobs.revisions.choose(video_in(jobs, situation).id, 1)


def test_what_is_not_there_cannot_be_chosen(jobs: Jobs, video: Video) -> None:
    for video_id, revision in ((video.id, 4), ("no-such-video", 1)):
        with pytest.raises(NotFoundError):
            jobs.revisions.choose(video_id, revision)


def test_old_revisions_are_forgotten_but_not_the_one_that_is_shown(jobs: Jobs, video: Video) -> None:
    jobs.revisions.choose(video.id, 1)
    stay = jobs.revisions.trim(video.id, 1)
    assert [item.revision for item in jobs.revisions.list_all(video.id)] == [3, 1]
    assert stay == {item.timeline_id for item in jobs.revisions.list_all(video.id)}
    with pytest.raises(NotFoundError):
        jobs.revisions.get(video.id, 2)


def test_choosing_and_forgetting_at_once_never_leaves_readers_with_nothing(jobs: Jobs, video: Video) -> None:
    for _ in range(10):
        finish(jobs, video.id)
        oldest = jobs.revisions.list_all(video.id)[-1].revision
        trimming = threading.Thread(target=jobs.revisions.trim, args=(video.id, 1))
        trimming.start()
        try:
            jobs.revisions.choose(video.id, oldest)
        except NotFoundError:
            assert jobs.get(video.id).revision != oldest
        trimming.join()
        shown = jobs.get(video.id)
        assert shown.timeline_id in {item.timeline_id for item in jobs.revisions.list_all(video.id)}


def test_revisions_go_with_their_video(jobs: Jobs, video: Video) -> None:
    jobs.delete(video.id)
    assert jobs.revisions.list_all(video.id) == []


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ({}, {}, True),
        ({"owner": "ann"}, {"owner": "ann"}, True),
        ({"owner": "ann"}, {"owner": "bob"}, False),
        ({"owner": "ann"}, {}, False),
        ({}, {"sha256": "b" * 64}, False),
        ({}, {"bytes_": 11}, False),
        ({"sha256": None}, {"sha256": None}, False),
    ],
)
def test_videos_of_one_owner_and_content_share_their_tracks(
    jobs: Jobs, first: dict[str, object], second: dict[str, object], shared: bool
) -> None:
    one, other = (create_video(jobs, **({"sha256": "a" * 64} | values)) for values in (first, second))
    assert one.tracks_key == one.id
    assert other.tracks_key == (one.id if shared else other.id)


def test_tracks_are_in_use_as_long_as_any_video_has_them(jobs: Jobs) -> None:
    videos = [create_video(jobs, sha256="a" * 64) for _ in range(3)]
    key = videos[0].id
    for video in videos:
        assert jobs.tracks_in_use(key)
        jobs.delete(video.id)
    assert not jobs.tracks_in_use(key)
    assert create_video(jobs, sha256="a" * 64).tracks_key != key


def test_videos_of_one_content_that_come_at_once_share_too(jobs: Jobs) -> None:
    made: list[Video] = []
    threads = [
        threading.Thread(target=lambda: made.append(create_video(jobs, sha256="c" * 64))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({video.tracks_key for video in made}) == 1


def test_listing_by_preset_and_time(jobs: Jobs) -> None:
    film, talk, late = (create_video(jobs, preset=preset) for preset in ("film", "talk", "film"))
    execute(
        jobs, "UPDATE videos SET created_at = created_at + interval '1 hour' WHERE id = %(id)s", id=late.id
    )
    then = jobs.get(late.id).created_at

    assert [video.id for video in jobs.list_videos(preset="film").items] == [late.id, film.id]
    assert [video.id for video in jobs.list_videos(created_from=then).items] == [late.id]
    assert [video.id for video in jobs.list_videos(created_to=then).items] == [talk.id, film.id]
    before = then - timedelta(minutes=30)
    assert jobs.list_videos(created_from=before, created_to=then).items == ()
