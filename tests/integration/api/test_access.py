"""Keys over HTTP: who gets in, what they may do, and whose videos they see."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from cluster.stores.ids import new_id
from serve_app.access import auth
from serve_app.videos.webhooks import SECRET_HEADER
from tests.support.api import keyed as keyed_api
from tests.support.api.keyed import PAGE, Client, told
from tests.support.api.running import Api, api_over, done_video
from tests.support.api.tus import FILM, PART, TUS, metadata
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import wait_until

api, client, anna, admin = keyed_api.api, keyed_api.client, keyed_api.anna, keyed_api.admin


def test_without_a_key_only_probes_and_the_description_answer(api: Api, client: Client) -> None:
    stranger = client()

    refused = [
        stranger.get("/videos"),
        stranger.post("/videos", files={"file": ("film.mp4", b"film")}),
        stranger.post("/uploads", headers={**TUS, "Upload-Length": "5"}),
        stranger.get(f"/videos/{api.make()}/media"),
        stranger.get("/cluster"),
        stranger.get("/metrics"),
        stranger.get("/nothing-here"),
    ]

    assert {answer.status_code for answer in refused} == {401}
    for answer in refused:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "scenestream keys create" in refused[0].json()["detail"]
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert stranger.get(path).status_code == 200
    assert stranger.options("/uploads").status_code == 204
    schemes = api.contract.document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"http", "apiKey"}


@pytest.mark.parametrize("token", ["sk_00", "x" * 500, f"sk_0123456789ab_{'A' * 43}"])
def test_what_is_no_key_opens_nothing_and_is_not_told_again(client: Client, token: str) -> None:
    answer = client(token=token).get("/videos")

    assert told(answer) == (401, "unauthorized")
    assert token not in answer.text
    assert "invalid_token" in answer.headers["www-authenticate"]


def test_the_right_beginning_with_a_wrong_end_opens_nothing(api: Api, client: Client) -> None:
    key, token = api.services.jobs.api_keys.create("k", "anna", ["admin"])
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert client(token=token).get("/videos").status_code == 200
    assert told(client(token=wrong).get("/videos")) == (401, "unauthorized")
    assert client().get("/videos", headers={"Authorization": f"Basic {token}"}).status_code == 401
    found = api.services.jobs.api_keys.get(key.id)
    assert found is not None
    assert found.last_used_at is not None


def test_a_revoked_key_ends_within_seconds(
    api: Api, client: Client, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "KEY_KEPT_S", 0.2)
    key, token = api.services.jobs.api_keys.create("k", "anna", ["read"])
    asker = client(token=token)
    assert asker.get("/videos").status_code == 200

    revoked = admin.delete(f"/keys/{key.shown}")

    assert revoked.json()["revoked_at"] is not None
    wait_until(lambda: asker.get("/videos").status_code != 200)
    answer = asker.get("/videos")
    assert told(answer) == (401, "unauthorized")
    assert "revoked" in answer.json()["detail"]


def test_an_expired_key_says_so(api: Api, client: Client) -> None:
    key, token = api.services.jobs.api_keys.create("k", "anna", ["read"], 60.0)
    with api.services.jobs.database.connection() as connection:
        connection.execute(b"UPDATE api_keys SET expires_at = now() WHERE id = %(id)s", {"id": key.id})

    answer = client(token=token).get("/videos")

    assert told(answer) == (401, "unauthorized")
    assert "expired" in answer.json()["detail"]


def test_who_may_not_write_or_not_see_a_video_does_not_correct_it(api: Api, client: Client) -> None:
    path = f"/videos/{done_video(api, owner='carl')}/segments"
    reader, writer, other = client("carl", "read"), client("carl", "write"), client("dora")
    body, tag = {"scenes": [{"start_frame": 0}]}, {"If-Match": '"9"'}

    assert told(reader.put(path, json=body, headers=tag)) == (403, "forbidden")
    assert told(other.put(path, json=body, headers=tag)) == (404, "not_found")
    assert told(writer.put(path, json=body)) == (428, "revision_required")
    assert told(writer.put(path, json=body, headers=tag)) == (412, "revision_moved_on")


def test_scopes(client: Client, admin: httpx.Client) -> None:
    reader, writer = client("carl", "read"), client("carl", "write")

    assert reader.get("/videos").status_code == 200
    assert reader.get("/metrics").status_code == 200
    refused = reader.post("/videos", files={"file": ("film.mp4", b"film")})
    assert told(refused) == (403, "forbidden")
    assert "`write`" in refused.json()["detail"]
    assert told(reader.post("/uploads", headers={**TUS, "Upload-Length": "5"})) == (403, "forbidden")
    assert writer.post("/videos", files={"file": ("film.mp4", b"film")}).status_code == 202
    assert told(writer.get("/videos")) == (403, "forbidden")
    for not_admin in (reader, writer):
        assert told(not_admin.get("/keys")) == (403, "forbidden")
    assert admin.get("/keys").status_code == 200


def test_trying_settings_reads_segments_so_a_key_that_only_writes_may_not(api: Api, client: Client) -> None:
    video_id = api.make(owner="carl")
    asked = {"settings": {"scene_sensitivity": 0.7}, "dry_run": True}

    refused = client("carl", "write").post(f"/videos/{video_id}/resegment", json=asked)
    allowed = client("carl", "read", "write").post(f"/videos/{video_id}/resegment", json=asked)

    assert told(refused) == (403, "forbidden")
    assert "`read`" in refused.json()["detail"]
    assert told(allowed) == (409, "conflict")  # it is not done yet


def test_owners_see_their_own(api: Api, client: Client, anna: httpx.Client, admin: httpx.Client) -> None:
    bert = client("bert")
    of_anna = anna.post("/videos", files={"file": ("whose.mp4", b"film")}).json()["id"]
    of_bert = bert.post("/videos", files={"file": ("whose.mp4", b"film")}).json()["id"]
    of_nobody = api.make(filename="whose.mp4")

    def listed(who: httpx.Client) -> set[str]:
        return {video["id"] for video in who.get("/videos", params={"q": "whose"}).json()["items"]}

    assert listed(anna) == {of_anna}
    assert listed(client("anna", "read")) == {of_anna}
    assert listed(bert) == {of_bert}
    assert listed(admin) == {of_anna, of_bert, of_nobody}
    assert anna.get(f"/videos/{of_nobody}").status_code == 404
    assert admin.get(f"/videos/{of_nobody}").status_code == 200


def test_what_belongs_to_others_does_not_exist_on_any_route(
    api: Api, client: Client, anna: httpx.Client, admin: httpx.Client
) -> None:
    bert = client("bert")
    video_id = done_video(api, owner="bert")
    begun = bert.post("/uploads", headers={**TUS, "Upload-Length": "9"}).headers["location"]
    upload_id = begun.rsplit("/", 1)[-1]
    asked = 0
    for path, operations in api.contract.document["paths"].items():
        if "{video_id}" not in path and "{upload_id}" not in path:
            continue
        for method in operations:
            theirs, nowhere = (
                anna.request(method, _filled(path, ids), headers=TUS)
                for ids in ((video_id, upload_id), (new_id(), new_id()))
            )
            assert (theirs.status_code, nowhere.status_code) == (404, 404), f"{method} {path}"
            if method != "head":
                unlike = {"instance", "request_id"}
                shapes = [
                    {k: re.sub("[0-9a-f]{32}", "ID", str(v)) for k, v in a.json().items() if k not in unlike}
                    for a in (theirs, nowhere)
                ]
                assert shapes[0] == shapes[1], f"{method} {path}"
            asked += 1

    assert asked >= 15
    assert bert.get(f"/videos/{video_id}").status_code == 200
    assert bert.head(f"/uploads/{upload_id}", headers=TUS).status_code == 200
    assert admin.head(f"/uploads/{upload_id}", headers=TUS).status_code == 200
    assert told(anna.get("/videos/x")) == (422, "invalid_request")


def _filled(path: str, ids: tuple[str, str]) -> str:
    """The path with these ids, and something for what else it names."""
    video_id, upload_id = ids
    return re.sub(r"\{\w+\}", "1", path.replace("{video_id}", video_id).replace("{upload_id}", upload_id))


def test_a_resumable_upload_becomes_its_owners_video(api: Api, client: Client, anna: httpx.Client) -> None:
    writer = client("anna", "write")
    begun = writer.post(
        "/uploads",
        headers={**TUS, "Upload-Length": str(len(FILM)), "Upload-Metadata": metadata(filename="f.mp4")},
    )
    upload = begun.headers["location"].removeprefix("/api/v1")
    first = writer.patch(upload, content=FILM[:5000], headers={**PART, "Upload-Offset": "0"})

    stolen = client("bert").patch(upload, content=FILM[5000:], headers={**PART, "Upload-Offset": "5000"})
    last = writer.patch(upload, content=FILM[5000:], headers={**PART, "Upload-Offset": "5000"})

    assert (first.status_code, stolen.status_code, last.status_code) == (204, 404, 204)
    video_id = last.headers["scenestream-video-id"]
    assert anna.get(f"/videos/{video_id}").json()["filename"] == "f.mp4"
    assert api.services.jobs.owner_of(video_id) == "anna"


def test_idempotency_keys_belong_to_their_owner(client: Client, anna: httpx.Client) -> None:
    bert, name = client("bert"), new_id()

    def post(who: httpx.Client, content: bytes) -> httpx.Response:
        return who.post("/videos", files={"file": ("film.mp4", content)}, headers={"Idempotency-Key": name})

    of_anna, again, of_bert = post(anna, b"one"), post(anna, b"one"), post(bert, b"two")

    assert of_anna.json()["id"] == again.json()["id"]
    assert of_bert.status_code == 202
    assert of_bert.json()["id"] != of_anna.json()["id"]


def test_administrators_manage_keys(admin: httpx.Client, client: Client) -> None:
    made = admin.post(
        "/keys", json={"name": "guest", "owner": "guest", "scopes": ["read"], "expires_in_s": 60}
    )
    token, key = made.json()["token"], made.json()["key"]

    assert made.status_code == 201
    assert client(token=token).get("/videos").json()["items"] == []
    listed = admin.get("/keys")
    assert token not in listed.text
    assert key["id"] in {item["id"] for item in listed.json()["items"]}
    assert told(admin.post("/keys", json={"name": "g", "owner": "a b"})) == (400, "bad_request")
    assert told(admin.post("/keys", json={"name": "g", "owner": "a", "scopes": ["root"]})) == (
        422, "invalid_request",
    )  # fmt: skip
    assert told(admin.delete("/keys/sk_000000000000")) == (404, "not_found")


def test_only_listed_origins_may_call_from_a_browser(anna: httpx.Client, client: Client) -> None:
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,tus-resumable,upload-offset",
    }
    stranger = httpx.Client(base_url=str(anna.base_url), trust_env=False)
    with stranger:
        preflight = stranger.options("/uploads/0", headers={**asked, "Origin": PAGE})
        foreign = stranger.options("/uploads/0", headers={**asked, "Origin": "https://evil.test"})
    from_page = anna.get("/videos", headers={"Origin": PAGE, "Sec-Fetch-Site": "cross-site"})
    written = anna.post(
        "/videos",
        files={"file": ("film.mp4", b"film")},
        headers={"Origin": PAGE, "Sec-Fetch-Site": "cross-site"},
    )
    from_elsewhere = anna.post(
        "/videos",
        files={"file": ("film.mp4", b"film")},
        headers={"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"},
    )
    refused = client().get("/videos", headers={"Origin": PAGE})

    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in foreign.headers
    assert from_page.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in from_page.headers
    exposed = {name.strip() for name in from_page.headers["access-control-expose-headers"].split(",")}
    assert exposed >= {"Location", "Scenestream-Video-Id", "ETag", "RateLimit", "Upload-Offset"}
    assert SECRET_HEADER in exposed
    assert written.status_code == 202
    assert told(from_elsewhere) == (403, "cross_site")
    assert refused.headers["access-control-allow-origin"] == PAGE  # so that the page can say why


def test_while_postgresql_is_away_a_key_is_neither_good_nor_bad(session_servers: SessionServers) -> None:
    with api_over(session_servers, access={"required": "always", "limits": "never"}) as api:
        _, token = api.services.jobs.api_keys.create("k", "anna", ["read"])
        headers = {"Authorization": f"Bearer {token}"}
        api.services.jobs.close()

        answer: Any = api.client.get("/videos", headers=headers)

        assert told(answer) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert api.client.get("/healthz").status_code == 200
