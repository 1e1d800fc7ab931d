"""The audit log over HTTP: which acts are entered, what an entry tells, and who may read it."""

from __future__ import annotations

import httpx

from tests.support.api import keyed as keyed_api
from tests.support.api.keyed import Client, told
from tests.support.api.running import Api, done_video, running_api

api, client, anna, admin = keyed_api.api, keyed_api.client, keyed_api.anna, keyed_api.admin
open_api = running_api


def entries(who: httpx.Client, target: str) -> list[dict[str, object]]:
    items = who.get("/audit", params={"limit": 1000}).json()["items"]
    return [item for item in items if item["target"] == target]


def test_keys_are_entered_without_what_opens_anything(admin: httpx.Client) -> None:
    made = admin.post("/keys", json={"name": "guest", "owner": "guest", "scopes": ["read"]})
    key_id, token = made.json()["key"]["id"], made.json()["token"]
    admin.delete(f"/keys/{key_id}", headers={"X-Request-ID": "revoked-here"})
    missing = admin.delete("/keys/sk_000000000000")

    revoked, created = entries(admin, key_id)
    assert (created["act"], revoked["act"]) == ("key_created", "key_revoked")
    assert created["details"] == {"name": "guest", "owner": "guest", "scopes": ["read"]}
    assert (revoked["key_name"], revoked["owner"]) == ("a key of operator", "operator")
    assert (revoked["address"], revoked["request_id"]) == ("127.0.0.1", "revoked-here")
    assert str(revoked["actor"]).startswith("sk_")
    assert token.split("_", 2)[2] not in admin.get("/audit").text
    assert missing.status_code == 404
    assert entries(admin, "sk_000000000000") == []


def test_a_repeated_request_is_one_act(admin: httpx.Client) -> None:
    ask = {"name": "twice", "owner": "twice", "scopes": ["read"]}
    first, second = (admin.post("/keys", json=ask, headers={"Idempotency-Key": "twice"}) for _ in range(2))

    assert first.json() == second.json()
    assert len(entries(admin, first.json()["key"]["id"])) == 1


def test_videos_every_deletion_and_what_others_stop(
    api: Api, anna: httpx.Client, admin: httpx.Client
) -> None:
    own, others, gone = (api.make(owner="anna") for _ in range(3))
    anna.post(f"/videos/{own}/cancel")
    admin.post(f"/videos/{others}/cancel")
    admin.post(f"/videos/{others}/retry")
    anna.delete(f"/videos/{gone}")

    assert entries(admin, own) == []
    assert [entry["act"] for entry in entries(admin, others)] == ["video_retried", "video_cancelled"]
    (deleted,) = entries(admin, gone)
    assert (deleted["act"], deleted["owner"]) == ("video_deleted", "anna")
    assert anna.get(f"/videos/{gone}").status_code == 404


def test_webhooks_and_presets(anna: httpx.Client, admin: httpx.Client) -> None:
    url = "https://example.org/hooks/secret-path"
    webhook_id = anna.post("/webhooks", json={"url": url}).json()["webhook"]["id"]
    anna.delete(f"/webhooks/{webhook_id}")
    anna.put("/presets/audited", json={"based_on": "film", "settings": {}})
    anna.delete("/presets/audited")

    assert [entry["act"] for entry in entries(admin, webhook_id)] == ["webhook_deleted", "webhook_created"]
    assert [entry["act"] for entry in entries(admin, "audited")] == ["preset_deleted", "preset_saved"]
    assert "secret-path" not in admin.get("/audit").text


def test_only_administrators_read_it(client: Client, anna: httpx.Client, admin: httpx.Client) -> None:
    assert told(anna.get("/audit")) == (403, "forbidden")
    assert told(client().get("/audit")) == (401, "unauthorized")
    assert admin.get("/audit", params={"limit": 1}).json()["next_cursor"]


def test_without_keys_nobody_reads_it_and_acts_are_anybodys(open_api: Api) -> None:
    video_id = done_video(open_api)
    open_api.client.delete(f"/videos/{video_id}")

    assert told(open_api.client.get("/audit")) == (403, "forbidden")
    entry = open_api.services.jobs.audit.entries(1).items[0]
    assert (entry.target, entry.actor, entry.address) == (video_id, "anybody", "127.0.0.1")
