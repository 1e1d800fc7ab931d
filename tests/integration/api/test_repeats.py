"""Requests that are repeated with their Idempotency-Key: the same answer, and nothing done twice."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import httpx
import pytest

from tests.support.api import running as support
from tests.support.api.keyed import Client, admin, anna, api, client, told
from tests.support.api.running import Api
from tests.support.servers.stores import execute

__all__ = ["admin", "anna", "api", "client"]

HOOK = {"url": "https://example.org/hook"}
KEY = {"name": "a key", "owner": "carl", "scopes": ["read"]}


def send(client: httpx.Client, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def done(api: Api) -> str:
    """A finished video of anna's."""
    video_id = api.make(owner="anna")
    epoch = support.start_work(api, video_id)
    assert api.services.jobs.finish(video_id, epoch, 1, f"{video_id}:1:{epoch}")
    return video_id


def test_a_webhook_is_made_once_and_its_secret_told_again(api: Api, anna: httpx.Client) -> None:
    first, again = (send(anna, "/webhooks", HOOK, "hook-1") for _ in range(2))
    other = send(anna, "/webhooks", {"url": "https://example.org/other"}, "hook-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert len(anna.get("/webhooks").json()["items"]) == 1
    assert told(other) == (422, "idempotency_key_reused")


def test_a_key_is_made_once_and_nothing_stored_opens_anything(api: Api, admin: httpx.Client) -> None:
    first, again = (send(admin, "/keys", KEY, "key-1") for _ in range(2))

    assert again.json() == first.json()
    assert sum(key["owner"] == "carl" for key in admin.get("/keys").json()["items"]) == 1
    (row,) = api.services.jobs.database.all(b"SELECT * FROM answers ORDER BY created_at DESC LIMIT 1")
    kept = b"".join(value for value in row.values() if isinstance(value, bytes))
    assert first.json()["token"].encode() not in kept
    assert b"key-1" not in kept


def test_a_video_is_segmented_anew_once(api: Api, anna: httpx.Client) -> None:
    video_id = done(api)
    path, body = f"/videos/{video_id}/resegment", {"preset": "talk"}

    first, again = (send(anna, path, body, "resegment-1") for _ in range(2))
    without = anna.post(path, json=body)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert told(without) == (409, "conflict")
    assert [event.type for event in api.services.cache.read_events(video_id) or []] == ["state"]


def test_what_was_refused_may_be_asked_again(api: Api, anna: httpx.Client) -> None:
    video_id = api.make(owner="anna")
    path = f"/videos/{video_id}/resegment"
    refused = send(anna, path, {}, "resegment-2")
    epoch = support.start_work(api, video_id)
    assert api.services.jobs.finish(video_id, epoch, 1, f"{video_id}:1:{epoch}")

    assert told(refused) == (409, "conflict")
    assert send(anna, path, {}, "resegment-2").status_code == 202


def test_the_same_key_of_another_owner_is_another_key(client: Client) -> None:
    hers, his = (send(client(owner), "/webhooks", HOOK, "hook-2").json() for owner in ("ada", "bob"))
    assert hers["webhook"]["id"] != his["webhook"]["id"]


def test_repeats_at_once_wait_for_each_other(client: Client) -> None:
    eve = client("eve")
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(send(eve, "/webhooks", HOOK, "hook-3")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["webhook"]["id"] for answer in answers}) == 1
    assert len(eve.get("/webhooks").json()["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 300])
def test_what_cannot_be_a_key_is_refused(anna: httpx.Client, key: str) -> None:
    assert told(send(anna, "/webhooks", HOOK, key)) == (422, "invalid_request")


def test_answers_are_forgotten_after_a_day(api: Api, client: Client) -> None:
    fay = client("fay")
    first = send(fay, "/webhooks", HOOK, "hook-4").json()
    execute(api.services.jobs, "UPDATE answers SET created_at = now() - interval '2 days'")
    again = send(fay, "/webhooks", HOOK, "hook-4").json()
    assert again["webhook"]["id"] != first["webhook"]["id"]


NO_ADDRESS = "http://93.184.215.14/film.mp4"  # written down, and fetched by nobody here


def hand_in(client: httpx.Client, way: str, key: str, hook: dict[str, Any] | None) -> tuple[Any, Any]:
    """Hands a video in; its id, or the code of the problem, and the secret that is told."""
    headers = {"Idempotency-Key": key}
    wish = {} if hook is None else {"webhook": hook}
    if way == "batch":
        body = {"items": [{"url": NO_ADDRESS, **wish}]}
        outcome = client.post("/videos:batch", json=body, headers=headers).json()["items"][0]
        if outcome["problem"]:
            return outcome["problem"]["code"], None
        return outcome["video"]["id"], outcome["webhook_secret"]
    if way == "import":
        answer = client.post("/videos", json={"url": NO_ADDRESS, **wish}, headers=headers)
    else:
        form = {name: json.dumps(value) for name, value in wish.items()}
        answer = client.post("/videos", files={"file": ("film.mp4", b"film")}, data=form, headers=headers)
    told_now = answer.headers.get("scenestream-webhook-secret")
    return answer.json().get("id") or answer.json()["code"], told_now


@pytest.mark.parametrize("way", ["file", "import", "batch"])
def test_the_secret_of_a_webhook_is_told_to_a_repeat_of_its_request(anna: httpx.Client, way: str) -> None:
    first, again = (hand_in(anna, way, f"hook of {way}", HOOK) for _ in range(2))
    others = [hand_in(anna, way, f"hook of {way}", hook) for hook in (None, {**HOOK, "events": ["failed"]})]
    chosen = {**HOOK, "secret": "whsec_" + base64.b64encode(bytes(range(32))).decode()}
    named = [hand_in(anna, way, f"named hook of {way}", chosen) for _ in range(2)]

    assert first[1].startswith("whsec_")
    assert again == first
    assert others == [("idempotency_key_reused", None)] * 2
    assert named == [(named[0][0], None)] * 2
    assert hand_in(anna, way, f"hook of {way}", chosen) == ("idempotency_key_reused", None)
