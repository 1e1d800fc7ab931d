"""Resumable uploads in a real PostgreSQL."""

from __future__ import annotations

import threading

import pytest

from cluster.errors import NotFoundError
from cluster.stores.ids import new_id
from cluster.stores.postgres.intake.uploads import Upload, Uploads
from cluster.stores.postgres.jobs import Jobs
from tests.support.servers.stores import let_expire


@pytest.fixture
def uploads(jobs: Jobs) -> Uploads:
    return jobs.uploads


def begin(uploads: Uploads, length_bytes: int = 100) -> Upload:
    return uploads.create(new_id(), "film.mkv", length_bytes, {"preset": "film"}, expires_s=3600.0)


def test_an_upload_is_remembered(uploads: Uploads) -> None:
    upload = begin(uploads)
    assert (upload.filename, upload.length_bytes, upload.offset_bytes) == ("film.mkv", 100, 0)
    assert upload.metadata == {"preset": "film"}
    assert not upload.is_complete
    assert uploads.get(upload.id) == upload
    with pytest.raises(NotFoundError):
        uploads.get(new_id())


def test_it_advances_from_where_it_stands_only(uploads: Uploads) -> None:
    upload = begin(uploads)
    assert uploads.advance(upload.id, 0, 40, b"state")
    assert not uploads.advance(upload.id, 0, 40)
    assert uploads.advance(upload.id, 40, 100)
    now = uploads.get(upload.id)
    assert (now.offset_bytes, now.sha256_state, now.is_complete) == (100, b"state", True)
    assert now.expires_at > upload.expires_at


def test_of_several_writers_at_one_offset_one_advances(uploads: Uploads) -> None:
    upload = begin(uploads)
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(uploads.advance(upload.id, 0, 10))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True]


def test_only_a_complete_upload_becomes_a_video_and_only_one(uploads: Uploads) -> None:
    upload = begin(uploads)
    assert not uploads.finish(upload.id, "video-1")
    assert uploads.advance(upload.id, 0, 100)
    assert uploads.finish(upload.id, "video-1")
    assert uploads.finish(upload.id, "video-1")
    assert not uploads.finish(upload.id, "video-2")
    assert uploads.get(upload.id).video_id == "video-1"
    assert not uploads.advance(upload.id, 100, 100)


def test_a_deleted_upload_is_gone(uploads: Uploads) -> None:
    upload = begin(uploads)
    assert uploads.delete(upload.id)
    assert not uploads.delete(upload.id)
    assert not uploads.advance(upload.id, 0, 10)


def test_an_expired_upload_is_frozen_and_then_forgotten(jobs: Jobs, uploads: Uploads) -> None:
    old, young = begin(uploads), begin(uploads)
    let_expire(jobs, old.id)
    assert not uploads.advance(old.id, 0, 10)
    with pytest.raises(NotFoundError):
        uploads.get(old.id)
    assert uploads.expired() == [old.id]
    assert uploads.expire(old.id, lambda _: None)
    assert not uploads.expire(old.id, lambda _: None)
    assert not uploads.expire(young.id, lambda _: None)
    assert uploads.expired() == []
    assert uploads.get(young.id) == young


def test_an_upload_whose_bytes_cannot_be_removed_yet_is_not_forgotten(jobs: Jobs, uploads: Uploads) -> None:
    upload = begin(uploads)
    let_expire(jobs, upload.id)
    discarded: list[Upload] = []

    def discard_fails(upload: Upload) -> None:
        raise OSError("the disk is away")

    with pytest.raises(OSError, match="the disk is away"):
        uploads.expire(upload.id, discard_fails)
    assert uploads.expire(upload.id, discarded.append)
    assert [gone.id for gone in discarded] == [upload.id]
