"""What a browser needs where keys are needed: a session, a stream of events, links for media and images."""

from __future__ import annotations

import re

import httpx
import pytest

from serve_app.access import auth, auth_middleware
from tests.support.api import keyed as keyed_api
from tests.support.api.keyed import SESSION_S, Client, told
from tests.support.api.running import Api, done_video, segment, start_work

api, client, anna, admin = keyed_api.api, keyed_api.client, keyed_api.anna, keyed_api.admin

WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L"


def test_a_page_signs_in_and_follows_a_video_without_sending_a_key(api: Api, client: Client) -> None:
    video_id = done_video(api, owner="anna")
    page = client()
    key, token = api.services.jobs.api_keys.create("page", "anna", ["read", "write"])

    refused = page.get("/session")
    signed_in = page.post("/session", headers={"Authorization": f"Bearer {token}"})
    cookie = signed_in.headers["set-cookie"]

    assert refused.status_code == 401
    assert signed_in.json()["key"]["id"] == key.shown
    assert token not in signed_in.text + cookie
    for attribute in ("HttpOnly", "SameSite=strict", f"Max-Age={SESSION_S}"):
        assert attribute in cookie
    assert "Path=" not in cookie  # it belongs to the folder of the address, also below a proxy's prefix
    assert "Secure" not in cookie  # the connection is not encrypted here
    assert page.get("/session").json()["way"] == "session"
    assert page.get(f"/videos/{video_id}").status_code == 200
    with page.stream("GET", f"/videos/{video_id}/events") as events:
        assert events.status_code == 200
        assert b"event: done" in events.read()

    own = {"Sec-Fetch-Site": "same-origin"}
    neighbour = {"Sec-Fetch-Site": "same-site"}
    old_neighbour = {"Origin": "http://127.0.0.1:1"}
    assert page.post(f"/videos/{video_id}/retry", headers=own).status_code == 409
    for headers in (neighbour, old_neighbour):
        assert told(page.post(f"/videos/{video_id}/retry", headers=headers)) == (403, "cross_site")

    signed_out = page.delete("/session")
    assert signed_out.status_code == 204
    assert page.get(f"/videos/{video_id}").status_code == 401


def test_a_session_ends_with_its_key_and_so_does_a_stream(
    api: Api, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "KEY_KEPT_S", 0.0)
    monkeypatch.setattr(auth_middleware, "CHECK_AGAIN_S", 0.0)
    video_id = api.make(owner="anna")
    start_work(api, video_id)
    key, token = api.services.jobs.api_keys.create("page", "anna", ["read"])
    page = client()
    page.post("/session", headers={"Authorization": f"Bearer {token}"})

    with page.stream("GET", f"/videos/{video_id}/events") as events:
        lines = events.iter_lines()
        assert next(line for line in lines if line.startswith("event: progress"))
        api.services.jobs.api_keys.revoke(key.id)
        api.services.cache.publish_event(video_id, "progress", {"fraction": 0.77})
        heard = list(lines)  # ends, although the video does not

    assert not any("0.77" in line for line in heard)
    assert page.get("/session").status_code == 401


def test_a_link_opens_the_file_for_who_has_no_key(api: Api, client: Client, anna: httpx.Client) -> None:
    video_id, other = done_video(api, owner="anna"), api.make(owner="anna")
    stranger = client()

    links = anna.get(f"/videos/{video_id}/links").json()
    media = links["media"].removeprefix("/api/v1")

    whole = stranger.get(media)
    part = stranger.get(media, headers={"Range": "bytes=4-7"})
    assert (whole.status_code, part.status_code, part.content) == (200, 206, b"ftyp")
    assert whole.headers["cross-origin-resource-policy"] == "cross-origin"
    assert stranger.head(media).headers["content-length"] == str(len(whole.content))
    for changed in (
        media.replace(video_id, other),
        media.replace("/media", ""),
        media.replace("/media", "/segments"),
        media[:-1],
        re.sub(r"expires=\d+", "expires=9999999999", media),
    ):
        assert stranger.get(changed).status_code == 401, changed
    assert stranger.delete(media.replace("/media", "")).status_code == 401
    assert told(anna.get(f"/videos/{video_id}/links", params={"valid_s": 1e8})) == (422, "invalid_request")
    assert client("bert").get(f"/videos/{video_id}/links").status_code == 404


def test_segments_name_images_that_need_no_key(api: Api, client: Client, anna: httpx.Client) -> None:
    video_id = done_video(api, owner="anna")
    frame = segment("shot", 1, 2.0, 4.0)["thumbnail"]
    api.services.media.put_stream(f"videos/{video_id}/keyframes/{frame}.webp", [WEBP])
    stranger = client()

    shot = anna.get(f"/videos/{video_id}/segments", params={"level": "shot"}).json()["items"][1]
    address = shot["thumbnail"].removeprefix("/api/v1")

    assert stranger.get(address).content == WEBP
    assert stranger.get(address.partition("?")[0]).status_code == 401
    assert stranger.get(address.replace(f"/{frame}.webp", "/1.webp")).status_code == 401


def test_an_open_page_keeps_its_images_when_their_links_have_ended(api: Api, client: Client) -> None:
    video_id = done_video(api, owner="anna")
    page = client()
    _, token = api.services.jobs.api_keys.create("page", "anna", ["read"])
    page.post("/session", headers={"Authorization": f"Bearer {token}"})

    assert page.get(f"/videos/{video_id}/media?expires=1&signature=ended").status_code == 200
