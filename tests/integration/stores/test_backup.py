"""A backup while work goes on, the loss of everything, and the way back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cluster.errors import ConflictError, UsageError
from cluster.stores.backup import manifest as manifests
from cluster.stores.backup.manifest import Manifest
from cluster.stores.backup.restoring import restore
from cluster.stores.backup.saving import save
from cluster.stores.checking.limits import Limits
from cluster.stores.checking.looking import Stores, tidy
from cluster.stores.ids import new_id
from cluster.stores.media.keys import clips_prefix, upload_key
from cluster.stores.postgres.api_keys import Scope
from cluster.stores.postgres.migrate import find_migrations
from cluster.stores.postgres.upkeep.schema import newest_version, version_of
from tests.support.servers.busy import Busy, delete
from tests.support.servers.installation import (
    LARGE,
    MODEL,
    SOURCE,
    TRACKS_HASH,
    done,
    found,
    installation,
    queued,
    running,
    upload,
)
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import MAX_ATTEMPTS, execute, try_claim

Opened = Callable[[str], Stores]


@pytest.fixture
def opened(session_servers: SessionServers, tmp_path: Path) -> Iterator[Opened]:
    """Opens an installation that has nothing, with the media in a folder of this name."""
    with ExitStack() as stack:
        urls = session_servers.url("postgres"), session_servers.url("mongodb")
        yield lambda name: stack.enter_context(installation(*urls, tmp_path / name))


def back_up(stores: Stores, folder: Path) -> Manifest:
    return save(stores.jobs, stores.inventory, stores.media, folder, step=lambda _: None)


def bring_back(stores: Stores, folder: Path) -> Manifest:
    limits = Limits(MAX_ATTEMPTS, grace_s=0.0)
    return restore(
        stores.jobs,
        stores.inventory,
        stores.results,
        stores.media,
        folder,
        lambda: tidy(stores, limits),
        step=lambda _: None,
    )


def test_all_is_lost_and_comes_back(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    large, cut = done(lost, document={"curves": LARGE}), done(lost)
    execute(
        lost.jobs,
        "UPDATE revisions SET corrections = '{\"locked\": {}}', note = 'by hand' WHERE video_id = %(id)s",
        id=cut.id,
    )
    waiting, in_work = queued(lost), running(lost)
    upload_id = new_id()
    upload(lost, upload_id, b"half", 8)
    lost.media.write_at(upload_key(upload_id), 4, b"never acknowledged")
    key, token = lost.jobs.api_keys.create("anna", "anna", [Scope.READ], None)
    before = {video.id: video for video in (large, cut)}
    words = lost.results.get_transcript(cut.tracks_key, TRACKS_HASH, MODEL)

    with Busy(lost):
        made = back_up(lost, tmp_path / "backup")
    assert made.missing.timelines + made.missing.files + made.missing.uploads == []
    shutil.rmtree(tmp_path / "lost")
    bring_back(new, tmp_path / "backup")

    assert found(new) == set()
    for id_, video in before.items():
        back = new.jobs.get(id_)
        assert (back.state, back.timeline_id, back.media) == (video.state, video.timeline_id, video.media)
        timeline = str(video.timeline_id)
        assert new.results.all_segments(timeline) == lost.results.all_segments(timeline)
        assert new.results.timeline(timeline) == lost.results.timeline(timeline)
        assert b"".join(new.media.read_range(video.media_key, 0, len(SOURCE))) == SOURCE
    assert new.results.get_transcript(cut.tracks_key, TRACKS_HASH, MODEL) == words
    assert [one.note for one in new.jobs.revisions.list_all(cut.id)] == ["by hand"]
    (order,) = new.jobs.clips.list_of(cut.id).items
    assert new.jobs.clips.files(order.id) == lost.jobs.clips.files(order.id)
    assert new.media.size(upload_key(upload_id)) == 4, "as far as it was acknowledged"
    assert new.jobs.uploads.advance(upload_id, 4, 8)
    assert [one.shown for one in new.jobs.api_keys.all()] == [key.shown]
    assert token.encode() not in (tmp_path / "backup" / "postgres" / "api_keys.copy").read_bytes()
    again = try_claim(new.jobs, in_work.id)
    assert again is not None
    assert (again.lease_epoch, again.attempt) == (in_work.lease_epoch + 1, in_work.attempt)
    assert new.results.stored_chunks(in_work.tracks_key, TRACKS_HASH) == {0}
    assert try_claim(new.jobs, waiting.id) is not None


def test_new_rows_get_numbers_of_their_own(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    for _ in range(3):
        queued(lost)

    back_up(lost, tmp_path / "backup")
    bring_back(new, tmp_path / "backup")
    queued(new)

    (row,) = new.jobs.database.all(b"SELECT count(*) AS all, count(DISTINCT id) AS ids FROM outbox")
    assert row["all"] == row["ids"] == 4


def test_a_result_that_is_replaced_meanwhile_is_the_new_one(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost)
    passes: list[str] = []

    def step(told: str) -> None:
        passes.append(told)
        if told == "MongoDB" and passes.count("MongoDB") == 1:
            replace_result(lost, video.id)

    save(lost.jobs, lost.inventory, lost.media, tmp_path / "backup", step)
    bring_back(new, tmp_path / "backup")

    assert passes.count("MongoDB") == 2
    assert new.jobs.get(video.id).revision == 2
    assert found(new) == set()


def test_clips_that_are_removed_meanwhile_are_in_no_backup(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost)
    (order,) = lost.jobs.clips.list_of(video.id).items
    passes: list[str] = []

    def step(told: str) -> None:
        passes.append(told)
        if told == "media" and passes.count("media") == 1:
            execute(lost.jobs, "DELETE FROM clip_jobs WHERE id = %(id)s", id=order.id)
            lost.media.delete(clips_prefix(video.id, order.id))

    made = save(lost.jobs, lost.inventory, lost.media, tmp_path / "backup", step)
    bring_back(new, tmp_path / "backup")

    assert made.missing.files == []
    assert new.jobs.clips.list_of(video.id).items == ()
    assert found(new) == set()


def replace_result(stores: Stores, video_id: str) -> None:
    jobs = stores.jobs
    old = jobs.get(video_id).timeline_id
    jobs.resegment(video_id, {"min_shot_s": 1.0}, "default")
    held = try_claim(jobs, video_id)
    assert held is not None
    name = f"{video_id}:2:{held.lease_epoch}"
    stores.results.put_timeline(name, video_id, 2, [], {})
    assert jobs.finish(video_id, held.lease_epoch, 2, name)
    execute(jobs, "DELETE FROM revisions WHERE timeline_id = %(old)s", old=old)
    stores.results.drop_timeline(str(old))


def test_a_video_that_is_deleted_meanwhile_is_left_out(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    kept, gone = done(lost), done(lost)

    def step(told: str) -> None:
        if told == "media":
            delete(lost, gone.id)

    made = save(lost.jobs, lost.inventory, lost.media, tmp_path / "backup", step)
    bring_back(new, tmp_path / "backup")

    assert made.missing.videos == [gone.id]
    assert [video.id for video in new.jobs.list_videos().items] == [kept.id]
    assert found(new) == set()


def test_what_was_lost_before_is_told_and_stays_lost(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost)
    lost.results.drop_timeline(str(video.timeline_id))

    made = back_up(lost, tmp_path / "backup")
    bring_back(new, tmp_path / "backup")

    assert made.missing.timelines == [video.timeline_id]
    assert found(new) == {("lost_result", video.timeline_id)}


@pytest.mark.parametrize("store", ["postgres", "mongodb", "media"])
def test_an_installation_in_use_is_not_touched(opened: Opened, tmp_path: Path, store: str) -> None:
    lost, used = opened("lost"), opened("used")
    done(lost)
    back_up(lost, tmp_path / "backup")
    id_ = new_id()
    if store == "postgres":
        queued(used)
    elif store == "mongodb":
        used.results.put_plan(id_, "t1", b"plan")
    else:
        used.media.put_stream(upload_key(id_), [b"mine"])
    before = len(used.jobs.list_videos().items)

    with pytest.raises(ConflictError, match="in use"):
        bring_back(used, tmp_path / "backup")

    assert len(used.jobs.list_videos().items) == before
    assert store != "media" or used.media.exists(upload_key(id_))


def test_a_damaged_backup_is_not_restored(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost)
    back_up(lost, tmp_path / "backup")
    copy = tmp_path / "backup" / manifests.MEDIA_DIR / video.media_key
    copy.write_bytes(b"x" * len(SOURCE))

    with pytest.raises(UsageError, match="source is not what was stored"):
        bring_back(new, tmp_path / "backup")

    assert new.inventory.is_empty()
    assert list(new.media.files()) == []


def test_a_restore_that_fails_leaves_nothing(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    done(lost)
    back_up(lost, tmp_path / "backup")

    def fail() -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        restore(
            new.jobs, new.inventory, new.results, new.media, tmp_path / "backup", fail, step=lambda _: None
        )

    assert new.inventory.is_empty()
    assert list(new.media.files()) == []
    assert new.jobs.list_videos().items == ()
    bring_back(new, tmp_path / "backup")
    assert found(new) == set()


def test_what_comes_during_a_restore_stays(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    done(lost)
    back_up(lost, tmp_path / "backup")
    came: list[str] = []

    def step(told: str) -> None:
        if told == "PostgreSQL":
            came.append(queued(new).id)

    with pytest.raises(ConflictError, match="in use now"):
        restore(new.jobs, new.inventory, new.results, new.media, tmp_path / "backup", lambda: None, step)

    assert [video.id for video in new.jobs.list_videos().items] == came
    assert found(new) == set()


def test_a_folder_that_is_no_backup_is_refused(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "media.jsonl").touch()

    with pytest.raises(UsageError, match="no finished backup"):
        bring_back(opened("new"), tmp_path / "half")
    with pytest.raises(UsageError, match="not empty"):
        back_up(opened("lost"), tmp_path / "half")


def test_a_backup_of_a_newer_version_is_refused_by_name(opened: Opened, tmp_path: Path) -> None:
    made = back_up(opened("lost"), tmp_path / "backup")
    later = made.model_copy(update={"schema_version": 9999, "version": "9.0"})
    manifests.write(tmp_path / "backup", later)

    with pytest.raises(ConflictError, match=r"Scenestream 9\.0, with the schema 9999"):
        bring_back(opened("new"), tmp_path / "backup")


OLDER = 14
"""A schema without presets, proxies and times of waiting, but with everything that `done` makes."""


def test_a_backup_of_an_older_schema_is_brought_forward(opened: Opened, tmp_path: Path) -> None:
    lost, new = opened("lost"), opened("new")
    video = done(lost, clips=False)
    made = back_up(lost, tmp_path / "backup")
    aged(new, tmp_path / "backup", made)

    bring_back(new, tmp_path / "backup")

    assert version_of(new.jobs.database) == newest_version()
    assert new.jobs.get(video.id).timeline_id == video.timeline_id
    assert found(new) == set()


def aged(stores: Stores, folder: Path, made: Manifest) -> None:
    """The backup as an older version would have made it: without tables and columns that came later."""
    with stores.jobs.database.connection() as connection:
        connection.execute(b"CREATE SCHEMA older")
        connection.execute(b"SET search_path TO older")
        try:
            for migration in find_migrations()[:OLDER]:
                connection.execute(migration.path.read_bytes())
            rows = connection.execute(
                b"SELECT table_name::text AS name, array_agg(column_name::text) AS columns "
                b"FROM information_schema.columns WHERE table_schema = 'older' GROUP BY table_name"
            ).fetchall()
        finally:
            connection.execute(b"RESET search_path")
            connection.execute(b"DROP SCHEMA older CASCADE")
    known = {row["name"]: set(row["columns"]) for row in rows}
    tables = {}
    for name, table in made.tables.items():
        path = manifests.table_path(folder, name)
        if name not in known:
            path.unlink()
            continue
        places = [place for place, column in enumerate(table.columns) if column in known[name]]
        lines = [line.split("\t") for line in path.read_text().splitlines()]
        text = "".join("\t".join(line[place] for place in places) + "\n" for line in lines)
        part = manifests.write_part(path, [text.encode()])
        columns = [table.columns[place] for place in places]
        tables[name] = manifests.Table(**part.model_dump(), columns=columns)
    manifests.write(folder, made.model_copy(update={"tables": tables, "schema_version": OLDER}))
