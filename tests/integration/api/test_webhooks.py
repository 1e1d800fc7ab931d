"""Webhooks: signed, at least once, again after failures, and never to where they must not go."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from actors.bridge.webhooks import Deliveries
from cluster.stores.postgres.webhooks import Webhooks
from tests.support.api import running as support
from tests.support.api.imports import ONLY_THIS, web
from tests.support.api.keyed import Client, client
from tests.support.api.running import Api, api_over
from tests.support.servers.private import SessionServers
from tests.support.servers.sources import Web
from tests.support.servers.stores import execute, wait_until

__all__ = ["client", "web"]

SETTINGS = {
    "private_networks": [ONLY_THIS],
    "timeout_s": 30.0,
    "retry_first_s": 0.05,
    "retry_longest_s": 0.2,
}


@pytest.fixture(scope="module")
def api(session_servers: SessionServers) -> Iterator[Api]:
    access = {"required": "always", "limits": "never"}
    with api_over(session_servers, webhooks=SETTINGS, access=access) as running:
        yield running


@contextmanager
def delivering(api: Api, **changed: Any) -> Iterator[Deliveries]:
    """The bridge's part that delivers, until the block ends."""
    settings = api.services.settings.webhooks.model_copy(update=changed)
    deliveries = Deliveries(settings, api.services.jobs)
    deliveries.start()
    try:
        yield deliveries
    finally:
        assert deliveries.stop(20.0)


@pytest.fixture
def anna(api: Api, client: Client) -> Any:
    execute(api.services.jobs, "TRUNCATE webhooks CASCADE")
    return client("anna")


def make(anna: Any, url: str, **more: Any) -> tuple[str, str]:
    """A webhook of anna's: its id and its secret."""
    answer = anna.post("/webhooks", json={"url": url, **more})
    assert answer.status_code == 201
    made = answer.json()
    return made["webhook"]["id"], made["secret"]


def fail(api: Api, owner: str | None = "anna") -> str:
    """A video of hers that fails; its id."""
    video_id = api.make(owner=owner)
    epoch = support.start_work(api, video_id)
    assert api.services.jobs.fail(video_id, epoch, "not_media", "It is no video.")
    return video_id


def log_of(anna: Any, webhook_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = anna.get(f"/webhooks/{webhook_id}/deliveries").json()["items"]
    return found


def once(look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it is something."""
    wait_until(lambda: bool(look()))
    return look()


def test_the_end_of_a_video_is_told_signed_and_whole(api: Api, anna: Any, web: Web) -> None:
    webhook_id, secret = make(anna, f"{web.url}/told")
    with delivering(api):
        video_id = support.done_video(api, owner="anna")
        heard = once(lambda: web.asked_for("/told"))[0]
        delivered = once(lambda: [row for row in log_of(anna, webhook_id) if row["state"] == "delivered"])

    message = Webhook(secret).verify(heard.body, heard.headers)
    assert (message["type"], message["id"]) == ("done", heard.headers["webhook-id"])
    assert message["video"] == anna.get(f"/videos/{video_id}").json()
    assert (delivered[0]["event_id"], delivered[0]["attempts"], delivered[0]["last_status"]) == (
        message["id"], 1, 200,
    )  # fmt: skip
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(heard.body + b" ", heard.headers)


def test_only_the_events_asked_for_and_only_ones_own_videos_are_told(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/failures", events=["failed"])
    support.done_video(api, owner="anna")
    fail(api, "bert")
    fail(api, None)
    video_id = fail(api)

    assert [(row["video_id"], row["event"]) for row in log_of(anna, webhook_id)] == [(video_id, "failed")]


def test_a_failure_is_told_again_later_and_the_same(api: Api, anna: Any, web: Web) -> None:
    webhook_id, secret = make(anna, f"{web.url}/flaky")
    web.answers["/flaky"] = [500, 302, 0, 204]
    with delivering(api, timeout_s=2.0):
        fail(api)
        row = once(lambda: [row for row in log_of(anna, webhook_id) if row["state"] == "delivered"])[0]

    heard = web.asked_for("/flaky")
    assert (row["attempts"], row["last_status"], len(heard)) == (4, 204, 4)
    assert len({seen.body for seen in heard}) == len({seen.headers["webhook-id"] for seen in heard}) == 1
    assert web.asked_for("/elsewhere") == []
    for seen in heard:
        Webhook(secret).verify(seen.body, seen.headers)


def test_a_receiver_that_is_gone_is_left_alone(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/gone")
    web.answers["/gone"] = [410]
    with delivering(api):
        fail(api)
        once(lambda: anna.get(f"/webhooks/{webhook_id}").json()["disabled_at"])
    fail(api)

    assert [row["state"] for row in log_of(anna, webhook_id)] == ["failed"]


def test_an_event_that_is_too_old_is_given_up(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/never")
    web.answers["/never"] = [500]
    with delivering(api):
        fail(api)
        once(lambda: log_of(anna, webhook_id)[0]["attempts"] > 1)
        execute(api.services.jobs, "UPDATE webhook_deliveries SET created_at = now() - interval '2 days'")
        row = once(lambda: [row for row in log_of(anna, webhook_id) if row["state"] == "failed"])[0]

    assert row["attempts"] > 1
    assert (row["last_status"], row["last_error"]) == (500, "The receiver answered 500.")


def test_an_address_that_is_not_public_any_more_is_not_connected_to(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/private")
    with delivering(api, private_networks=(), give_up_after_s=1e-9):
        fail(api)
        row = once(lambda: [row for row in log_of(anna, webhook_id) if row["state"] == "failed"])[0]

    assert "not a public address" in row["last_error"]
    assert web.asked_for("/private") == []


def test_several_bridges_make_each_attempt_once(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/shared")
    videos = {fail(api) for _ in range(20)}
    with delivering(api), delivering(api), delivering(api):
        once(lambda: all(row["state"] == "delivered" for row in log_of(anna, webhook_id)))

    told = [json.loads(seen.body)["video"]["id"] for seen in web.asked_for("/shared")]
    assert sorted(told) == sorted(videos)


def test_who_died_while_delivering_is_replaced_and_not_believed(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/taken-over")
    fail(api)
    webhooks: Webhooks = api.services.jobs.webhooks
    died = webhooks.claim(1, 60.0)[0].delivery
    assert webhooks.claim(1, 60.0) == []
    execute(api.services.jobs, "UPDATE webhook_deliveries SET lease_expires_at = now() - interval '1 s'")
    with delivering(api):
        once(lambda: [row for row in log_of(anna, webhook_id) if row["state"] == "delivered"])

    assert not webhooks.not_delivered(died, 500, "too late", None)
    assert log_of(anna, webhook_id)[0]["attempts"] == 2


def test_one_owner_with_many_deliveries_does_not_hold_up_the_others(
    api: Api, anna: Any, client: Client, web: Web
) -> None:
    webhooks: Webhooks = api.services.jobs.webhooks
    for number in range(10):
        make(anna, f"{web.url}/many/{number}")
    bert_id, _ = make(client("bert"), f"{web.url}/bert")
    fail(api)
    fail(api, "bert")

    together = webhooks.claim(3, 60.0)
    alone = webhooks.claim(5, 60.0, kept=2)
    nobody = webhooks.claim(2, 60.0, kept=2)
    make(client("carl"), f"{web.url}/carl")
    fail(api, "carl")
    kept = webhooks.claim(2, 60.0, kept=2)

    assert [claimed.delivery.webhook_id == bert_id for claimed in together].count(True) == 1
    assert (len(alone), nobody) == (3, [])
    assert [claimed.url for claimed in kept] == [f"{web.url}/carl"]


def test_a_video_may_have_a_webhook_of_its_own(api: Api, anna: Any, web: Web) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    wish = {"url": f"{web.url}/one", "events": ["failed", "cancelled"], "secret": secret}
    files = {"file": ("a.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(100))}

    chosen = anna.post("/videos", files=files, data={"webhook": json.dumps(wish)})
    made = anna.post("/videos", files=files, data={"webhook": json.dumps({"url": f"{web.url}/two"})})
    video_id = chosen.json()["id"]
    with delivering(api):
        anna.post(f"/videos/{video_id}/cancel")
        heard = once(lambda: web.asked_for("/one"))[0]
    anna.delete(f"/videos/{video_id}")

    assert "scenestream-webhook-secret" not in chosen.headers
    assert made.headers["scenestream-webhook-secret"].startswith("whsec_")
    assert Webhook(secret).verify(heard.body, heard.headers)["type"] == "cancelled"
    listed = anna.get("/webhooks", params={"video_id": video_id}).json()["items"]
    assert [(one["url"], one["video_id"]) for one in listed] == [(f"{web.url}/one", video_id)]
    assert anna.get("/webhooks").json()["items"] == []
    assert len(log_of(anna, listed[0]["id"])) == 1


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"url": "http://127.0.0.9/x"}, "address_refused"),
        ({"url": "ftp://example.org/x"}, "address_refused"),
        ({"url": "https://example.org/x", "events": ["nonsense"]}, "invalid_request"),
        ({"url": "https://example.org/x", "events": []}, "invalid_request"),
        ({"url": "https://example.org/x", "secret": "short"}, "invalid_request"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(anna: Any, wish: dict[str, Any], code: str) -> None:
    answer = anna.post("/webhooks", json=wish)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_webhooks_of_others_do_not_exist_for_a_key(anna: Any, client: Client, web: Web) -> None:
    webhook_id, secret = make(anna, f"{web.url}/hers")
    bert = client("bert")

    assert bert.get("/webhooks").json()["items"] == []
    for answer in (
        bert.get(f"/webhooks/{webhook_id}"),
        bert.get(f"/webhooks/{webhook_id}/deliveries"),
        bert.delete(f"/webhooks/{webhook_id}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert secret not in anna.get("/webhooks").text
    assert anna.delete(f"/webhooks/{webhook_id}").status_code == 204
    assert anna.get(f"/webhooks/{webhook_id}").status_code == 404


def test_deliveries_come_in_pages(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/pages")
    videos = [fail(api) for _ in range(5)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = anna.get(f"/webhooks/{webhook_id}/deliveries", params=params).json()
        seen += [row["video_id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == videos[::-1]


def test_old_deliveries_and_webhooks_of_gone_videos_are_forgotten(api: Api, anna: Any, web: Web) -> None:
    webhook_id, _ = make(anna, f"{web.url}/old")
    fail(api)
    execute(api.services.jobs, "UPDATE webhook_deliveries SET state = 'delivered'")
    api.services.jobs.webhooks.forget_old(3600)
    assert len(log_of(anna, webhook_id)) == 1

    api.services.jobs.webhooks.forget_old(0)

    assert log_of(anna, webhook_id) == []
    assert anna.get(f"/webhooks/{webhook_id}").status_code == 200


def test_an_upload_in_parts_may_name_one(api: Api, anna: Any, web: Web) -> None:
    wish = base64.b64encode(json.dumps({"url": f"{web.url}/upload"}).encode()).decode()
    body = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
    begun = anna.post(
        "/uploads",
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(body)),
            "Upload-Metadata": f"filename {base64.b64encode(b'a.mp4').decode()},webhook {wish}",
            "Content-Type": "application/offset+octet-stream",
        },
        content=body,
    )
    assert begun.status_code == 201
    with delivering(api):
        anna.post(f"/videos/{begun.headers['scenestream-video-id']}/cancel")
        heard = once(lambda: web.asked_for("/upload"))[0]

    secret = begun.headers["scenestream-webhook-secret"]
    assert Webhook(secret).verify(heard.body, heard.headers)["type"] == "cancelled"
