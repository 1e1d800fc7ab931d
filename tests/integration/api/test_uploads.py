"""Resumable uploads (tus 1.0.0) over HTTP, with breaks, repeats and two replicas."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from serve_app.services import ApiServices
from tests.support.api import running as support
from tests.support.api.running import Api, serving
from tests.support.api.tus import FILM, PART, TUS, begin, head, metadata, patch, stored

api = support.running_api


@pytest.fixture(scope="module")
def second_replica(api: Api) -> Iterator[Api]:
    """Another application process's worth of state over the same stores."""
    fresh = ApiServices.from_settings(api.services.settings)
    values = {field: getattr(fresh, field) for field in fresh.__dataclass_fields__}
    with serving(ApiServices(**(values | {"doorbells": api.services.doorbells}))) as other:
        yield other


def test_the_server_says_what_it_can(api: Api) -> None:
    answer = api.client.options("/uploads")

    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "checksum", "expiration",
    }  # fmt: skip
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(answer.headers["tus-max-size"]) == api.services.settings.limits.file_bytes


def test_an_upload_in_parts_becomes_a_video(api: Api) -> None:
    wishes = {"preset": "talk", "settings": '{"min_scene_s": 6}', "priority": "batch"}
    upload = begin(api, filename="../a film.mp4", **wishes)

    first = patch(api, upload, 0, FILM[:400_000])
    between = head(api, upload)
    last = patch(api, upload, 400_000, FILM[400_000:])

    assert (first.status_code, first.headers["upload-offset"]) == (204, "400000")
    assert "scenestream-video-id" not in first.headers
    assert between.status_code == 200
    assert between.headers["upload-offset"] == "400000"
    assert between.headers["upload-length"] == str(len(FILM))
    assert between.headers["upload-metadata"] == metadata(filename="../a film.mp4", **wishes)
    assert between.headers["upload-expires"].endswith("GMT")
    assert between.headers["cache-control"] == "no-store"
    video_id = last.headers["scenestream-video-id"]
    video = api.client.get(f"/videos/{video_id}").json()
    assert (video["state"], video["filename"], video["bytes"]) == ("queued", "a film.mp4", len(FILM))
    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert (video["settings"]["preset"], video["priority"]) == ("talk", "batch")
    assert video["settings"]["min_scene_s"] == 6
    assert stored(api, video_id) == FILM
    assert head(api, upload).headers["scenestream-video-id"] == video_id


def test_the_first_part_may_come_with_the_creation(api: Api) -> None:
    headers = {**PART, "Upload-Length": str(len(FILM))}

    begun = api.client.post("/uploads", content=FILM[:1000], headers=headers)
    last = patch(api, begun.headers["location"].removeprefix("/api/v1"), 1000, FILM[1000:])
    whole = api.client.post("/uploads", content=b"small film", headers={**PART, "Upload-Length": "10"})

    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "1000")
    assert stored(api, last.headers["scenestream-video-id"]) == FILM
    assert stored(api, whole.headers["scenestream-video-id"]) == b"small film"


def test_a_wrong_offset_is_refused_and_changes_nothing(api: Api) -> None:
    upload = begin(api)
    patch(api, upload, 0, FILM[:1000])

    for offset in (0, 999, 1001):
        answer = patch(api, upload, offset, b"wrong")
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset_mismatch")
        assert answer.headers["upload-offset"] == "1000"
        assert answer.headers["tus-resumable"] == "1.0.0"
    last = patch(api, upload, 1000, FILM[1000:])

    assert stored(api, last.headers["scenestream-video-id"]) == FILM


def test_a_part_beyond_the_announced_length_is_refused(api: Api) -> None:
    upload = begin(api, length=10)

    answer = patch(api, upload, 0, b"eleven byte")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert head(api, upload).headers["upload-offset"] == "0"


def test_repeating_the_last_part_makes_no_second_video(api: Api, second_replica: Api) -> None:
    upload = begin(api, filename="once.mp4")
    patch(api, upload, 0, FILM[:-10])

    first = patch(api, upload, len(FILM) - 10, FILM[-10:])
    repeated = patch(second_replica, upload, len(FILM) - 10, FILM[-10:])
    empty = patch(second_replica, upload, len(FILM), b"")

    assert repeated.status_code == 409
    assert empty.headers["scenestream-video-id"] == first.headers["scenestream-video-id"]
    assert len(api.client.get("/videos", params={"q": "once.mp4"}).json()["items"]) == 1


def test_parts_at_the_same_offset_at_the_same_time(api: Api, second_replica: Api) -> None:
    upload = begin(api, filename="race.mp4")
    start = threading.Barrier(6)

    def send(number: int) -> httpx.Response:
        start.wait()
        return patch((api, second_replica)[number % 2], upload, 0, FILM)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))

    assert sorted(answer.status_code for answer in answers)[0] == 204
    assert [answer.status_code for answer in answers].count(204) == 1
    assert {answer.status_code for answer in answers} <= {204, 409, 423}
    (video,) = api.client.get("/videos", params={"q": "race.mp4"}).json()["items"]
    assert video["sha256"] == hashlib.sha256(stored(api, video["id"])).hexdigest()


def test_replicas_may_take_turns(api: Api, second_replica: Api) -> None:
    upload = begin(api, filename="turns.mp4")
    offset = 0
    for number, size in enumerate((300_000, 1, 200_000, 100_000, len(FILM))):
        data = FILM[offset : offset + size]
        answer = patch((api, second_replica)[number % 2], upload, offset, data)
        offset = int(answer.headers["upload-offset"])

    video = api.client.get(f"/videos/{answer.headers['scenestream-video-id']}").json()

    assert offset == len(FILM)
    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()


def test_a_replica_that_died_before_it_told_the_offset(api: Api) -> None:
    upload = begin(api)
    patch(api, upload, 0, FILM[:1000])
    api.services.media.write_at(upload.removeprefix("/"), 1000, b"written, then killed")

    assert head(api, upload).headers["upload-offset"] == "1000"
    last = patch(api, upload, 1000, FILM[1000:])

    assert stored(api, last.headers["scenestream-video-id"]) == FILM


@pytest.mark.parametrize("died", ["before moving", "before the video", "before the answer"])
def test_a_replica_that_died_while_finishing(api: Api, second_replica: Api, died: str) -> None:
    name = f"{died}.mp4"
    upload = begin(api, filename=name)
    upload_id = upload.rsplit("/", 1)[1]
    key = f"uploads/{upload_id}"
    api.services.media.write_at(key, 0, FILM)
    assert api.services.jobs.uploads.advance(upload_id, 0, len(FILM))
    row = api.services.jobs.uploads.get(upload_id)
    if died != "before moving":
        api.services.media.finish_parts(key, len(FILM))
        api.services.media.move(key, f"videos/{row.metadata['video_id']}/source")
    if died == "before the answer":
        api.services.jobs.create_video(
            video_id=row.metadata["video_id"],
            filename=name,
            bytes_=len(FILM),
            sha256=hashlib.sha256(FILM).hexdigest(),
            media_key=f"videos/{row.metadata['video_id']}/source",
            preset=row.metadata["preset"],
            settings=row.metadata["settings"],
            idempotency_key=f"upload:{row.metadata['video_id']}",
        )

    resumed = head(second_replica, upload)

    assert resumed.headers["upload-offset"] == str(len(FILM))
    video_id = resumed.headers["scenestream-video-id"]
    assert [video["id"] for video in api.client.get("/videos", params={"q": name}).json()["items"]] == [
        video_id
    ]
    assert stored(api, video_id) == FILM
    assert api.services.jobs.get(video_id).sha256 == hashlib.sha256(FILM).hexdigest()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_is_held_against_its_checksum(api: Api, algorithm: str) -> None:
    upload = begin(api)
    digest = base64.b64encode(hashlib.new(algorithm, FILM[:1000]).digest()).decode()

    damaged = patch(api, upload, 0, b"?" + FILM[1:1000], **{"Upload-Checksum": f"{algorithm} {digest}"})
    after = head(api, upload)
    whole = patch(api, upload, 0, FILM[:1000], **{"Upload-Checksum": f"{algorithm} {digest}"})

    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum_mismatch")
    assert after.headers["upload-offset"] == "0"
    assert whole.headers["upload-offset"] == "1000"


@pytest.mark.parametrize("header", ["md5 AAAA", "sha1", "sha1 not-base64!", ""])
def test_a_checksum_that_cannot_be_used(api: Api, header: str) -> None:
    answer = patch(api, begin(api), 0, b"part", **{"Upload-Checksum": header})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_checksum_header")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "5"}, 412, "tus_version"),
        ({"Upload-Length": "5", "Tus-Resumable": "0.2.2"}, 412, "tus_version"),
        ({**TUS}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "-5"}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "five"}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "9" * 40}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "9" * 5000}, 400, "bad_request"),
        ({**TUS, "Upload-Defer-Length": "1"}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "0"}, 422, "empty_file"),
        ({**TUS, "Upload-Length": str(2**60)}, 413, "limit_exceeded"),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": "filename !!"}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": "a YQ==,a YQ=="}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": "filename AA=="}, 400, "bad_request"),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(preset="opera")}, 422, "invalid_settings"),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(settings="{")}, 422, "invalid_settings"),
        ({**TUS, "Upload-Length": "5", "Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    ],
)
def test_an_upload_that_cannot_begin(api: Api, headers: dict[str, str], status: int, code: str) -> None:
    answer = api.client.post("/uploads", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["tus-resumable"] == "1.0.0"
    if status == 412:
        assert answer.headers["tus-version"] == "1.0.0"


def test_a_part_is_at_most_8_mib_announced_or_not(api: Api) -> None:
    upload = begin(api, length=20 << 20)
    too_much = bytes((8 << 20) + 1)

    announced = patch(api, upload, 0, too_much)
    counted = api.client.patch(
        upload,
        content=(too_much[at : at + 65536] for at in range(0, len(too_much), 65536)),
        headers={**PART, "Upload-Offset": "0"},
    )
    just_right = patch(api, upload, 0, too_much[:-1])

    assert (announced.status_code, announced.json()["code"]) == (413, "too_large")
    assert (counted.status_code, counted.json()["code"]) == (413, "too_large")
    assert just_right.headers["upload-offset"] == str(8 << 20)


def test_a_part_needs_its_content_type_and_offset(api: Api) -> None:
    upload = begin(api)

    wrong_type = api.client.patch(
        upload, content=b"x", headers={**TUS, "Upload-Offset": "0", "Content-Type": "video/mp4"}
    )
    no_offset = api.client.patch(upload, content=b"x", headers=PART)

    assert (wrong_type.status_code, wrong_type.json()["code"]) == (415, "unsupported_media_type")
    assert (no_offset.status_code, no_offset.json()["code"]) == (400, "bad_request")


def test_a_connection_that_breaks_within_a_part(api: Api) -> None:
    upload = begin(api)
    patch(api, upload, 0, FILM[:1000])

    def broken() -> Iterator[bytes]:
        yield FILM[1000:5000]
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        api.client.patch(
            upload,
            content=broken(),
            headers={**PART, "Upload-Offset": "1000", "Content-Length": "500000"},
        )
    offset = int(head(api, upload).headers["upload-offset"])
    last = patch(api, upload, offset, FILM[offset:])

    assert offset == 1000
    assert stored(api, last.headers["scenestream-video-id"]) == FILM


def test_a_repeated_beginning_gives_the_same_upload(api: Api, second_replica: Api) -> None:
    headers = {**PART, "Upload-Length": str(len(FILM)), "Idempotency-Key": "begun once"}

    first = api.client.post("/uploads", content=FILM[:1000], headers=headers)
    repeated = second_replica.client.post("/uploads", content=FILM[:1000], headers=headers)
    other_file = api.client.post("/uploads", headers={**headers, "Upload-Length": "5"})
    upload = first.headers["location"].removeprefix("/api/v1")
    last = patch(api, upload, 1000, FILM[1000:])
    after_the_end = api.client.post("/uploads", content=FILM[:1000], headers=headers)

    assert (first.status_code, repeated.status_code, after_the_end.status_code) == (201, 201, 201)
    assert repeated.headers["location"] == after_the_end.headers["location"] == first.headers["location"]
    assert repeated.headers["upload-offset"] == "1000"
    assert (other_file.status_code, other_file.json()["code"]) == (422, "idempotency_key_reused")
    assert after_the_end.headers["scenestream-video-id"] == last.headers["scenestream-video-id"]


def test_a_key_may_begin_anew_what_was_given_up(api: Api) -> None:
    headers = {**TUS, "Upload-Length": str(len(FILM)), "Idempotency-Key": "begun twice"}

    upload = api.client.post("/uploads", headers=headers).headers["location"].removeprefix("/api/v1")
    patch(api, upload, 0, b"?" * 1000)
    api.client.delete(upload, headers=TUS)
    again = api.client.post("/uploads", headers=headers)
    last = patch(api, upload, 0, FILM)

    assert (again.status_code, again.headers["upload-offset"]) == (201, "0")
    video = api.client.get(f"/videos/{last.headers['scenestream-video-id']}").json()
    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()
