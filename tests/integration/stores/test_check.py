"""`scenestream check` on the real stores: each kind of planted damage is found, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymongo
import pytest

from cluster.errors import UsageError
from cluster.stores.checking.limits import Limits
from cluster.stores.checking.looking import Stores, collect, look_twice
from cluster.stores.checking.messages import SPARE_DOORBELLS, check_messages
from cluster.stores.ids import new_id
from cluster.stores.media.keys import clips_prefix, fetched_key, keyframe_key, source_key, upload_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.rabbitmq.broker import BrokerNames, declare_topology
from cluster.stores.rabbitmq.connection import connect
from tests.support.servers.busy import Busy
from tests.support.servers.installation import (
    LARGE,
    SEGMENTS,
    done,
    found,
    look,
    queued,
    running,
    upload,
)
from tests.support.servers.stores import MongoAddress, execute

DAY_S = 86_400.0


@pytest.fixture
def media_dir(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def stores(jobs: Jobs, results: Results, mongo_address: MongoAddress, media_dir: Path) -> Iterator[Stores]:
    with pymongo.MongoClient[dict[str, Any]](mongo_address.url) as client:
        for name in client[mongo_address.database].list_collection_names():
            client[mongo_address.database][name].delete_many({})
    with Inventory(*mongo_address) as inventory:
        yield Stores(jobs, inventory, results, MediaStore(media_dir.as_uri()))


@pytest.fixture
def documents(mongo_address: MongoAddress) -> Iterator[Any]:
    with pymongo.MongoClient[dict[str, Any]](mongo_address.url) as client:
        yield client[mongo_address.database]


def test_an_installation_with_videos_in_every_state_gives_no_finding(stores: Stores) -> None:
    done(stores)
    done(stores, document={"curves": LARGE})
    queued(stores)
    running(stores)
    upload(stores, new_id(), b"half", 8)

    assert found(stores) == set()


@pytest.mark.parametrize(("ago", "kinds"), [("1 h", {"abandoned"}), ("1 s", set())])
def test_a_lease_that_nobody_takes_over_is_found(stores: Stores, ago: str, kinds: set[str]) -> None:
    video = running(stores)
    execute(stores.jobs, "UPDATE videos SET lease_expires_at = now() - %(ago)s::interval", ago=ago)

    assert found(stores) == {(kind, video.id) for kind in kinds}


def test_a_video_that_waits_while_nobody_works_is_found(stores: Stores) -> None:
    video = queued(stores)
    assert found(stores) == set(), "its doorbell is in the outbox"

    execute(stores.jobs, "TRUNCATE outbox")

    assert found(stores) == {("stalled", video.id)}
    assert found(stores, DAY_S) == set()
    running(stores)
    assert found(stores) == set(), "a bridge works: its turn will come"


def test_a_video_whose_import_is_gone_is_found(stores: Stores) -> None:
    video = queued(stores)
    execute(stores.jobs, "UPDATE videos SET fetching = true WHERE id = %(id)s", id=video.id)

    assert found(stores) == {("never_fetched", video.id)}


ROWS = {
    "too_many_attempts": "UPDATE videos SET attempt = 9 WHERE id = %(id)s",
    "no_reason": "UPDATE videos SET state = 'failed', error_code = 'x', error_message = '' WHERE id = %(id)s",
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_beyond_its_bounds_is_found(stores: Stores, kind: str) -> None:
    video = done(stores)
    execute(stores.jobs, ROWS[kind], id=video.id)

    assert found(stores) == {(kind, video.id)}


def test_a_result_of_an_epoch_that_was_never_given_out_is_found(stores: Stores) -> None:
    video = done(stores)
    execute(stores.jobs, "UPDATE videos SET lease_epoch = 0 WHERE id = %(id)s", id=video.id)

    assert found(stores) == {("foreign_epoch", video.timeline_id)}


def test_a_result_that_is_no_revision_is_found(stores: Stores) -> None:
    video = done(stores)
    execute(stores.jobs, "DELETE FROM revisions WHERE video_id = %(id)s", id=video.id)

    assert found(stores) == {("unknown_result", video.id)}


def test_rows_left_behind_are_found(stores: Stores) -> None:
    done(stores)
    expired = new_id()
    upload(stores, expired, b"half", 8)
    execute(stores.jobs, "UPDATE outbox SET created_at = now() - interval '2 h'")
    execute(stores.jobs, "UPDATE uploads SET expires_at = now() - interval '2 h'")

    kinds = found(stores)

    assert ("old_upload", expired) in kinds
    assert {kind for kind, _ in kinds} == {"old_upload", "old_doorbell"}
    assert {kind for kind, _ in found(stores, DAY_S)} == {"old_doorbell"}


def test_results_that_mongodb_has_lost_are_found(stores: Stores, documents: Any) -> None:
    _, lost, cut, hollow = (done(stores, document={"curves": LARGE}) for _ in range(4))
    documents["timelines"].delete_one({"_id": lost.timeline_id})
    documents["segments"].delete_one({"timeline_id": cut.timeline_id})
    payload = documents["timelines"].find_one({"_id": hollow.timeline_id})["payload"]["id"]
    documents["payloads"].delete_many({"_id": {"$regex": f"^{payload}:"}})

    named = {(kind, what) for kind, what in found(stores) if kind.startswith("lost")}

    assert named == {
        ("lost_result", lost.timeline_id),
        ("lost_segments", cut.timeline_id),
        ("lost_payload", f"timelines/{hollow.timeline_id}"),
    }


def test_documents_that_nothing_names_are_found_and_collected(stores: Stores, documents: Any) -> None:
    video = done(stores)
    gone, other = new_id(), f"{video.id}:7:1"
    stores.results.put_plan(gone, "t1", b"plan of a video that was deleted")
    stores.results.put_timeline(other, video.id, 7, SEGMENTS, {})
    half = f"{video.id}:{'b' * 32}"
    documents["segments"].insert_one({"key": f"{half}:0:00000000", "timeline_id": "none"})
    documents["payloads"].insert_one({"_id": f"{video.id}:{'c' * 32}:0000", "data": b"x"})

    report = look(stores)
    assert {(finding.kind, finding.what) for finding in report.findings} == {
        ("orphan_results", gone),
        ("orphan_timeline", other),
        ("orphan_segments", half),
        ("orphan_payload", f"{video.id}:{'c' * 32}"),
    }
    assert found(stores, DAY_S) == {("orphan_results", gone)}, "the video was made a moment ago"

    collect(stores, report.findings, removed=lambda _: None)

    assert found(stores) == set()
    assert len(stores.results.all_segments(str(video.timeline_id))) == len(SEGMENTS)


def test_what_lies_under_a_video_in_work_is_not_removed(stores: Stores) -> None:
    video = running(stores)
    stores.results.put_timeline(f"{video.id}:1:{video.lease_epoch}", video.id, 1, SEGMENTS, {})

    assert found(stores) == set()


def test_work_that_begins_after_the_look_keeps_its_documents(stores: Stores) -> None:
    video = done(stores)
    other = f"{video.id}:7:1"
    stores.results.put_timeline(other, video.id, 7, SEGMENTS, {})
    report = look(stores)
    stores.jobs.resegment(video.id, {"min_shot_s": 1.0}, "default")

    collect(stores, report.findings, removed=lambda _: None)

    assert stores.results.timeline(other) is not None


def test_files_that_nothing_names_are_found_and_collected(stores: Stores, media_dir: Path) -> None:
    video = done(stores)
    gone = new_id()
    left = [
        source_key(gone),
        keyframe_key(gone, 3),
        upload_key(gone),
        fetched_key(video.id, 0),
        f"{clips_prefix(video.id, gone)}/a.mp4",
    ]
    for key in left:
        stores.media.put_stream(key, [b"left"])
    temporary = media_dir / "videos" / video.id / ".source.0123456789abcdef"
    temporary.write_bytes(b"half")
    (media_dir / "notes.txt").write_bytes(b"mine")

    report = look(stores)
    kinds = {(finding.kind, finding.what) for finding in report.findings}
    assert kinds == {
        *(("orphan_file", key) for key in left),
        ("temporary_file", f"videos/{video.id}/{temporary.name}"),
        ("foreign_file", "notes.txt"),
    }
    assert found(stores, DAY_S) == set(), "all of them are younger than a day"

    collect(stores, report.findings, removed=lambda _: None)

    assert found(stores) == {("foreign_file", "notes.txt")}
    assert not (media_dir / "videos" / gone).exists()


def test_files_that_are_gone_or_cut_are_found(stores: Stores, media_dir: Path) -> None:
    lost, cut, clipped = done(stores), done(stores), done(stores)
    stores.media.delete(lost.media_key)
    (media_dir / cut.media_key).write_bytes(b"short")
    (clip,) = (media_dir / "videos" / clipped.id / "clips").rglob("a.mp4")
    clip.unlink()

    assert found(stores) == {
        ("lost_file", lost.media_key),
        ("wrong_size", cut.media_key),
        ("lost_file", clip.relative_to(media_dir).as_posix()),
    }


def test_less_is_collected_than_is_in_use_unless_it_is_forced(stores: Stores) -> None:
    stores.media.put_stream(source_key(new_id()), [b"a film"])
    report = look(stores)
    assert len(report.findings) == 1

    with pytest.raises(UsageError, match="postgres_url"):
        collect(stores, report.findings, removed=lambda _: None)
    assert found(stores), "it is still there"

    collect(stores, report.findings, removed=lambda _: None, force=True)
    assert found(stores) == set()


def test_nothing_is_collected_by_the_rows_of_another_installation(stores: Stores) -> None:
    for _ in range(3):
        stores.media.delete(done(stores).media_key)
    kept = source_key(new_id())
    stores.media.put_stream(kept, [b"a film of the installation that these files are of"])
    report = look(stores)

    with pytest.raises(UsageError, match="of one installation"):
        collect(stores, report.findings, removed=lambda _: None)

    assert stores.media.exists(kept)


def test_files_of_other_programs_are_told_and_never_removed(stores: Stores, media_dir: Path) -> None:
    done(stores)
    theirs = {"videos/marketing/intro.mp4", "videos/teaser.mp4", "videos/marketing/.DS_Store"}
    for key in theirs:
        (media_dir / key).parent.mkdir(exist_ok=True)
        (media_dir / key).write_bytes(b"an advertisement")
    report = look(stores)

    collect(stores, report.findings, removed=lambda _: None, force=True)

    assert found(stores) == {("foreign_file", key) for key in theirs}


def test_what_is_deleted_between_the_looks_is_no_finding(stores: Stores) -> None:
    key = source_key(new_id())
    stores.media.put_stream(key, [b"a film"])

    report = look_twice(stores, Limits(3, grace_s=0.0), lambda: stores.media.delete(key), lambda _: None)

    assert report.findings == []


def test_videos_that_come_and_go_meanwhile_are_no_findings(stores: Stores) -> None:
    with Busy(stores) as busy:
        report = look_twice(stores, Limits(3), pause=busy.wait_a_turn, step=lambda _: None)

    assert report.unseen == []
    assert report.findings == []


def test_messages_that_nobody_takes_are_found(rabbitmq_url: str) -> None:
    names = BrokerNames("check")
    declare_topology(rabbitmq_url, names)
    assert list(check_messages(rabbitmq_url, 0, names)) == []
    with connect(rabbitmq_url, "test") as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for queue, count in ((names.queue, SPARE_DOORBELLS + 2), (names.dead_queue, 1)):
            for _ in range(count):
                channel.basic_publish("", queue, b"x")

        kinds = {finding.kind for finding in check_messages(rabbitmq_url, 1, names)}
        channel.queue_delete(names.queue)
        channel.queue_delete(names.dead_queue)

    assert kinds == {"unheard_doorbells", "dead_letters"}


def test_a_store_that_is_away_is_told_apart_from_findings(stores: Stores) -> None:
    with Inventory("mongodb://127.0.0.1:9", "none", timeout_s=0.2) as away:
        report = look(replace(stores, inventory=away))

    assert [part for part, _ in report.unseen] == ["MongoDB"]
