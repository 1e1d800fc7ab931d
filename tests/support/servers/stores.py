"""Short ways for tests of the stores: a migrated PostgreSQL, videos in any state, leases that run out now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from cluster.stores.ids import new_id
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.leases import claimed
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import Video
from tests.support.servers.private import fresh_postgres_database

_CLAIM = load_statements("leases.sql")["claim"]

MAX_ATTEMPTS = 3
LEASE_S = 60.0
OWNER = "bridge-a"

# The states of a video a caller can meet; the last three are variants of running.
SITUATIONS = (
    "queued",
    "running",
    "finalizing",
    "done",
    "failed",
    "cancelled",
    "running, to be cancelled",
    "running, lease expired",
    "finalizing, lease expired",
)


class MongoAddress(NamedTuple):
    """A database on a server that speaks MongoDB's protocol."""

    url: str
    database: str


@contextmanager
def migrated_jobs(server_url: str, max_connections: int = 10, timeout_s: float = 30.0) -> Iterator[Jobs]:
    """Jobs over a database of its own."""
    with (
        fresh_postgres_database(server_url) as url,
        Jobs(url, max_connections=max_connections, timeout_s=timeout_s) as jobs,
    ):
        jobs.migrate()
        yield jobs


def empty_tables(jobs: Jobs) -> None:
    """Forget all rows but keep the schema; the table of vectors is no part of it."""
    execute(jobs, "DROP TABLE IF EXISTS moment_meanings")
    execute(
        jobs,
        "TRUNCATE videos, revisions, transcripts, clip_jobs, clip_files, imports, webhooks, "
        "webhook_deliveries, outbox, uploads, api_keys, signing_secrets, answers, moments, search_queue, "
        "meaning_queue",
    )


def let_expire(jobs: Jobs, *upload_ids: str) -> None:
    """Resumable uploads are past their time now."""
    for id_ in upload_ids:
        execute(jobs, "UPDATE uploads SET expires_at = now() - interval '1 s' WHERE id = %(id)s", id=id_)


def execute(jobs: Jobs, statement: str, **values: Any) -> None:
    """One statement that no store offers."""
    with jobs.database.connection() as connection:
        connection.execute(statement.encode(), values)


def create_video(jobs: Jobs, **values: Any) -> Video:
    """A queued video; what does not matter is filled in."""
    video_id = values.pop("video_id", None) or new_id()
    content: dict[str, Any] = {
        "filename": "clip.mp4",
        "bytes_": 10,
        "sha256": None,
        "media_key": f"videos/{video_id}/source",
        "preset": "default",
        "settings": {"min_shot_s": 0.5},
    }
    return jobs.create_video(video_id=video_id, **(content | values))[0]


def try_claim(
    jobs: Jobs,
    video_id: str,
    owner: str = OWNER,
    lease_s: float = LEASE_S,
    max_attempts: int = MAX_ATTEMPTS,
) -> Video | None:
    """A claim of this video, whosever turn it is: the statement that `Turns` runs for the video it chose."""
    values = {"id": video_id, "owner": owner, "lease_s": lease_s, "max_attempts": max_attempts}
    row = jobs.database.one(_CLAIM, values)
    return None if row is None else claimed(row)


def claim(jobs: Jobs, video_id: str, owner: str = OWNER) -> Video:
    """A claim that must succeed."""
    video = try_claim(jobs, video_id, owner)
    assert video is not None
    return video


def expire_lease(jobs: Jobs, video_id: str) -> None:
    """As if the lease's time had passed."""
    execute(
        jobs,
        "UPDATE videos SET lease_expires_at = now() - interval '1 second' WHERE id = %(id)s",
        id=video_id,
    )


def waiting_doorbells(jobs: Jobs) -> list[str]:
    """The ids of videos with a doorbell in the outbox, oldest first."""
    return [row["video_id"] for row in jobs.database.all(b"SELECT video_id FROM outbox ORDER BY id")]


def video_in(jobs: Jobs, situation: str) -> Video:
    """A video in one of SITUATIONS, its outbox empty; its lease_epoch is that of its (last) holder."""
    video_id = create_video(jobs).id
    if situation == "cancelled":
        jobs.cancel(video_id)
    elif situation != "queued":
        epoch = claim(jobs, video_id).lease_epoch
        if situation.startswith("finalizing"):
            assert jobs.begin_finalizing(video_id, epoch)
        if situation == "done":
            assert jobs.finish(video_id, epoch, 1, f"{video_id}:1:{epoch}")
        if situation == "failed":
            assert jobs.fail(video_id, epoch, "not_media", "It is no video.")
        if situation.endswith("to be cancelled"):
            jobs.cancel(video_id)
        if situation.endswith("lease expired"):
            expire_lease(jobs, video_id)
    execute(jobs, "TRUNCATE outbox")
    return jobs.get(video_id)


def wait_until(condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Returns as soon as it holds; fails the test if it never does."""
    give_up_at = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up_at, "the condition never came true"
        time.sleep(0.02)


def finish_words(jobs: Jobs, video_id: str, epoch: int) -> bool:
    """Ends the work on a video's words, of which its result has all."""
    base = jobs.get(video_id).timeline_id
    marked = base is None or jobs.transcripts.revise(
        video_id, epoch, base=base, revision=jobs.get(video_id).newest_revision + 1, timeline_id=None
    )
    return jobs.transcripts.finish(video_id, epoch) and marked
