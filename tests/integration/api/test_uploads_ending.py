"""How resumable uploads end other than by their last part: given up, expired, or by the client."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from cluster.client import Client
from cluster.errors import UsageError
from cluster.stores.postgres.intake import uploads as store
from cluster.stores.postgres.intake.lock import upload_lock
from serve_app.videos import uploads
from serve_app.videos.uploads import UploadService
from tests.support.api import running as support
from tests.support.api.running import Api
from tests.support.api.tus import FILM, PART, TUS, begin, head, patch, stored
from tests.support.servers.stores import execute, let_expire, wait_until

api = support.running_api

PART_BYTES = 600_000


def test_giving_up_removes_the_bytes(api: Api) -> None:
    upload = begin(api)
    patch(api, upload, 0, FILM[:1000])
    key = upload.removeprefix("/")
    assert api.services.media.exists(key)

    answer = api.client.delete(upload, headers=TUS)

    assert answer.status_code == 204
    assert not api.services.media.exists(key)
    assert head(api, upload).status_code == 404
    assert patch(api, upload, 1000, b"x").json()["code"] == "not_found"
    assert api.client.delete(upload, headers=TUS).status_code == 404


def test_giving_up_a_finished_upload_keeps_the_video(api: Api) -> None:
    upload = begin(api, length=4)
    video_id = patch(api, upload, 0, b"film").headers["scenestream-video-id"]

    assert api.client.delete(upload, headers=TUS).status_code == 204
    assert stored(api, video_id) == b"film"


def test_post_stands_in_for_methods_that_do_not_pass(api: Api) -> None:
    upload = begin(api, length=8)
    override = "X-HTTP-Method-Override"

    part = api.client.post(upload, content=b"film", headers={**PART, "Upload-Offset": "0", override: "PATCH"})
    plain = api.client.post(upload, headers=TUS)
    gone = api.client.post(upload, headers={**TUS, override: "DELETE"})

    assert part.headers["upload-offset"] == "4"
    assert plain.status_code == 405
    assert gone.status_code == 204
    assert head(api, upload).status_code == 404


def test_what_expires_is_swept_away(session_servers: support.SessionServers) -> None:
    with support.api_over(session_servers, http={"upload_expires_s": 0.2}) as api:
        upload = begin(api)
        key = upload.removeprefix("/")
        api.services.media.write_at(key, 0, b"some bytes")
        wait_until(lambda: api.services.jobs.uploads.expired() == [upload.rsplit("/", 1)[1]])

        late = patch(api, upload, 0, b"late")
        swept = UploadService(api.services).sweep()

        assert (late.status_code, late.json()["code"]) == (404, "not_found")
        assert swept == 1
        assert not api.services.media.exists(key)


def test_films_that_become_videos_hold_up_nobody_elses_parts(api: Api) -> None:
    jobs = api.services.jobs
    uploads = [begin(api) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        with jobs.database.transaction() as connection:
            of_content = b"SELECT pg_advisory_xact_lock(hashtextextended(%(sha256)s, 0))"
            connection.execute(of_content, {"sha256": hashlib.sha256(FILM).hexdigest()})
            ends = [pool.submit(patch, api, upload, 0, FILM) for upload in uploads]
            ids = [upload.rsplit("/", 1)[1] for upload in uploads]
            wait_until(lambda: all(jobs.uploads.get(one).is_complete for one in ids))

            headers = {**PART, "Upload-Offset": "0"}
            other = api.client.patch(begin(api), content=b"part", headers=headers)
        made = [end.result().headers["scenestream-video-id"] for end in ends]

    assert other.status_code == 204
    assert len(set(made)) == 4


def test_what_a_replica_left_complete_becomes_a_video_unasked(api: Api) -> None:
    jobs, upload = api.services.jobs, begin(api)
    upload_id = upload.rsplit("/", 1)[1]
    api.services.media.write_at(upload.removeprefix("/"), 0, FILM)
    assert jobs.uploads.advance(upload_id, 0, len(FILM))

    UploadService(api.services).sweep()
    at_once = jobs.uploads.get(upload_id).video_id
    execute(
        jobs,
        "UPDATE uploads SET expires_at = expires_at - interval '2 minutes' WHERE id = %(id)s",
        id=upload_id,
    )
    UploadService(api.services).sweep()

    assert at_once is None, "its replica may be at it"
    video_id = jobs.uploads.get(upload_id).video_id
    assert video_id is not None
    assert stored(api, video_id) == FILM


@pytest.mark.parametrize("way", ["given up", "expired"])
def test_no_bytes_stay_of_an_upload_that_was_never_finished(
    session_servers: support.SessionServers, way: str
) -> None:
    with support.api_over(session_servers) as api:
        upload = begin(api)
        upload_id = upload.rsplit("/", 1)[1]
        row = api.services.jobs.uploads.get(upload_id)
        moved_to = f"videos/{row.metadata['video_id']}/source"
        assert api.services.jobs.uploads.advance(upload_id, 0, len(FILM))
        api.services.media.put_stream(moved_to, [FILM])

        if way == "given up":
            assert api.client.delete(upload, headers=TUS).status_code == 204
        else:
            let_expire(api.services.jobs, upload_id)
            assert UploadService(api.services).sweep() == 1

        assert not api.services.media.exists(moved_to)


def test_sweeping_a_finished_upload_keeps_its_video(session_servers: support.SessionServers) -> None:
    with support.api_over(session_servers) as api:
        upload = begin(api)
        video_id = patch(api, upload, 0, FILM).headers["scenestream-video-id"]
        let_expire(api.services.jobs, upload.rsplit("/", 1)[1])

        assert UploadService(api.services).sweep() == 1
        assert stored(api, video_id) == FILM


def test_many_uploads_are_given_up_at_once(api: Api) -> None:
    uploads = [begin(api) for _ in range(20)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda upload: api.client.delete(upload, headers=TUS), uploads))

    assert [answer.status_code for answer in answers] == [204] * 20


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    with Client(api.url.removesuffix("/api/v1")) as client:
        yield client


def test_the_client_waits_while_another_request_writes(api: Api, client: Client, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(FILM)
    database = api.services.jobs.database
    before = turned_away(api)
    with ExitStack() as held, ThreadPoolExecutor(1) as other:

        def let_go() -> None:
            wait_until(lambda: turned_away(api) > before)
            held.close()

        def after_a_part(sent: int) -> None:
            if 0 < sent < len(FILM):
                row = database.one(b"SELECT id FROM uploads ORDER BY created_at DESC LIMIT 1", {})
                assert row is not None
                assert held.enter_context(upload_lock(database, row["id"]))
                other.submit(let_go)

        video_id = client.upload(film, on_bytes=after_a_part, part_bytes=PART_BYTES)

    assert stored(api, video_id) == FILM


def turned_away(api: Api) -> float:
    """How many parts were refused so far because another request was writing."""
    counted = re.search(r'uploads_failed_total\{[^}]*status="423"\} (\S+)', api.client.get("/metrics").text)
    return float(counted[1]) if counted else 0.0


def test_the_client_says_that_the_file_became_shorter(client: Client, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(FILM)

    with pytest.raises(UsageError, match="became shorter"):
        client.upload(film, on_bytes=lambda sent: os.truncate(film, sent or len(FILM)), part_bytes=PART_BYTES)


def test_the_settings_survive_the_upload_exactly(api: Api) -> None:
    upload = begin(api, length=4, settings=json.dumps({"audio_weight": 0.25, "shot_sensitivity": 1}))
    video_id = patch(api, upload, 0, b"film").headers["scenestream-video-id"]

    settings = api.client.get(f"/videos/{video_id}").json()["settings"]

    assert (settings["audio_weight"], settings["shot_sensitivity"]) == (0.25, 1)


def test_a_key_whose_upload_became_a_video_begins_another(api: Api) -> None:
    headers = {**TUS, "Upload-Length": str(len(FILM)), "Idempotency-Key": "used up"}
    files = [FILM, FILM, FILM[::-1]]
    video_ids = []
    for file in files:
        upload = api.client.post("/uploads", headers=headers).headers["location"].removeprefix("/api/v1")
        video_ids.append(patch(api, upload, 0, file).headers["scenestream-video-id"])
        assert api.client.delete(upload, headers=TUS).status_code == 204

    assert len(set(video_ids)) == 3
    assert [stored(api, video_id) for video_id in video_ids] == files


def test_a_key_whose_upload_expired_half_made_leaves_no_file(api: Api) -> None:
    headers = {**TUS, "Upload-Length": str(len(FILM)), "Idempotency-Key": "half made"}
    upload = api.client.post("/uploads", headers=headers).headers["location"].rsplit("/", 1)[1]
    moved_to = f"videos/{api.services.jobs.uploads.get(upload).metadata['video_id']}/source"
    assert api.services.jobs.uploads.advance(upload, 0, len(FILM))
    api.services.media.put_stream(moved_to, [FILM])
    let_expire(api.services.jobs, upload)

    again = api.client.post("/uploads", headers=headers)

    assert (again.status_code, again.headers["upload-offset"]) == (201, "0")
    assert not api.services.media.exists(moved_to)


def test_all_that_expired_is_swept_away_but_what_is_being_finished(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (uploads, store):
        monkeypatch.setattr(module, "EXPIRED_AT_ONCE", 2)
    jobs, service = api.services.jobs, UploadService(api.services)
    service.sweep()
    ids = [begin(api).rsplit("/", 1)[1] for _ in range(6)]
    let_expire(jobs, *ids)

    with upload_lock(jobs.database, ids[3]):
        first = service.sweep()

    assert (first, jobs.uploads.expired()) == (5, [ids[3]])
    assert service.sweep() == 1
