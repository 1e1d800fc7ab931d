"""Handing a video in: the multipart body, its settings, what is refused and what is left of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import httpx
import pytest

from cluster.stores.media.keys import source_key
from serve_app.web.concurrency import MAX_POSTS
from tests.support.api import running as support
from tests.support.api.running import Api
from tests.support.servers.media import media_folder, stored_bytes
from tests.support.servers.stores import wait_until

api = support.running_api


def post_file(
    api: Api, content: bytes = b"bytes of a film", name: str = "film.mp4", **kwargs
) -> httpx.Response:
    return api.client.post("/videos", files={"file": (name, content)}, **kwargs)


def test_a_file_is_stored_and_queued(api: Api) -> None:
    content = b"\x00\x00\x00\x18ftypmp42" + b"x" * 3_000_000

    answer = post_file(
        api, content, data={"preset": "film", "settings": '{"min_scene_s": 7.5}', "priority": "batch"}
    )

    assert answer.status_code == 202
    video = answer.json()
    assert answer.headers["location"] == f"/api/v1/videos/{video['id']}"
    assert len(bytes.fromhex(video["id"])) >= 16
    assert (video["state"], video["filename"], video["bytes"]) == ("queued", "film.mp4", len(content))
    assert video["sha256"] == hashlib.sha256(content).hexdigest()
    assert (video["settings"]["preset"], video["priority"]) == ("film", "batch")
    assert video["settings"]["min_scene_s"] == 7.5
    assert stored_bytes(api.services.media, source_key(video["id"])) == content
    assert api.client.get(f"/videos/{video['id']}").json() == video


def test_a_doorbell_waits_for_the_new_video(api: Api) -> None:
    video_id = post_file(api).json()["id"]
    rung: list[str] = []

    api.services.jobs.relay(lambda bells: rung.extend(bell.video_id for bell in bells), limit=1000)

    assert video_id in rung


def test_the_fields_may_come_after_the_file(api: Api) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nfilm\r\n'
        b'--B\r\nContent-Disposition: form-data; name="preset"\r\n\r\nnews\r\n--B--\r\n'
    )

    answer = api.client.post(
        "/videos", content=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )

    assert answer.status_code == 202
    assert answer.json()["settings"]["preset"] == "news"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\a.mp4", "a.mp4"),
        ("a\u202e4pm.exe", "a4pm.exe"),
        ("", "video"),
        ("Ünïcödé – 映画.mp4", "Ünïcödé – 映画.mp4"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_file_name_is_only_for_show(api: Api, given: str, shown: str) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="'
        + given.encode()
        + b'"\r\n\r\nfilm\r\n--B--\r\n'
    )

    answer = api.client.post(
        "/videos", content=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )

    assert answer.json()["filename"] == shown


def test_an_empty_file_is_refused_and_leaves_nothing(api: Api) -> None:
    before = api.client.get("/videos").json()["items"]

    answer = post_file(api, b"")

    assert (answer.status_code, answer.json()["code"]) == (422, "empty_file")
    assert api.client.get("/videos").json()["items"] == before
    assert stored_videos(api) <= {video["id"] for video in all_videos(api)}


@pytest.mark.parametrize(
    "settings",
    ['{"min_scene_s": -1}', '{"nonsense": 1}', "[1]", "{", '{"min_scene_s": NaN}', r'{"\ud800": 1}'],
)
def test_wrong_settings_are_refused_and_the_file_removed(api: Api, settings: str) -> None:
    answer = post_file(api, data={"settings": settings})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert stored_videos(api) <= {video["id"] for video in all_videos(api)}


def test_wrong_settings_behind_the_file_remove_it(api: Api) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nfilm\r\n'
        b'--B\r\nContent-Disposition: form-data; name="preset"\r\n\r\nopera\r\n--B--\r\n'
    )

    answer = api.client.post(
        "/videos", content=body, headers={"Content-Type": "multipart/form-data; boundary=B"}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert "default" in answer.json()["detail"]
    assert stored_videos(api) <= {video["id"] for video in all_videos(api)}


def test_an_unknown_form_field_is_named(api: Api) -> None:
    answer = post_file(api, data={"pre_set": "film"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["where"] == "body.pre_set"


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        (
            "multipart/form-data; boundary=B",
            b"--B\r\nContent-Disposition: form-data; na",
            400,
            "bad_multipart",
        ),
        ("multipart/form-data; boundary=B", b"no boundary in here", 400, "bad_multipart"),
        ("multipart/form-data; boundary=B", b"", 400, "bad_multipart"),
        (
            "multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nfilm cut off',
            400,
            "bad_multipart",
        ),
        (
            "multipart/form-data; boundary=B",
            b"--B\r\nX: y\r\n\r\nnameless\r\n--B--\r\n",
            400,
            "bad_multipart",
        ),
        (
            "multipart/form-data; boundary=B",
            b'--B\r\nContent-Disposition: form-data; name="preset"\r\n\r\nfilm\r\n--B--\r\n',
            422,
            "invalid_request",
        ),
        ("multipart/form-data", b"x", 415, "unsupported_media_type"),
        ("text/plain", b"x", 415, "unsupported_media_type"),
        ("application/json", b"{", 400, "bad_json"),
        ("application/json", b"[]", 422, "invalid_request"),
        ("application/json", b'{"url": "https://example.org/a.mp4", "x": 1}', 422, "invalid_request"),
    ],
)
def test_a_body_that_cannot_be_used(api: Api, kind: str, body: bytes, status: int, code: str) -> None:
    answer = api.client.post("/videos", content=body, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert stored_videos(api) <= {video["id"] for video in all_videos(api)}


def test_the_same_key_gives_the_same_video(api: Api) -> None:
    first = post_file(api, headers={"Idempotency-Key": "k1"})
    second = post_file(api, headers={"Idempotency-Key": "k1"})
    other = post_file(api, b"another film", headers={"Idempotency-Key": "k1"})

    assert second.status_code == 202
    assert second.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert stored_videos(api) <= {video["id"] for video in all_videos(api)}


def test_a_client_that_goes_away_leaves_nothing(api: Api) -> None:
    def half_a_film() -> Iterator[bytes]:
        yield b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        yield bytes(3_000_000)
        raise ConnectionAbortedError

    before = len(all_videos(api))
    for _ in range(MAX_POSTS):
        with pytest.raises(ConnectionAbortedError):
            api.client.post(
                "/videos",
                content=half_a_film(),
                headers={"Content-Type": "multipart/form-data; boundary=B", "Content-Length": "5000000"},
            )

    assert post_file(api).status_code == 202  # every place in the gate was taken, and given back
    assert len(all_videos(api)) == before + 1
    wait_until(lambda: stored_videos(api) <= {video["id"] for video in all_videos(api)})


def test_a_file_for_one_post_is_at_most_64_mib(session_servers: support.SessionServers) -> None:
    with support.api_over(session_servers, http={"single_post_max_bytes": 100_000}) as small:
        announced = post_file(small, bytes(2_000_000))
        counted = small.client.post(
            "/videos",
            content=iter(
                [b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n']
                + [bytes(50_000)] * 3
                + [b"\r\n--B--\r\n"]
            ),
            headers={"Content-Type": "multipart/form-data; boundary=B"},
        )
        just_right = post_file(small, bytes(100_000))

        for refused in (announced, counted):
            assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
            assert "/uploads" in refused.json()["detail"]
        assert just_right.status_code == 202
        assert stored_videos(small) == {just_right.json()["id"]}


def all_videos(api: Api) -> list[dict]:
    return api.client.get("/videos", params={"limit": 1000}).json()["items"]


def stored_videos(api: Api) -> set[str]:
    directory = media_folder(api.services.settings.media_url) / "videos"
    return {path.name for path in directory.iterdir()} if directory.exists() else set()
