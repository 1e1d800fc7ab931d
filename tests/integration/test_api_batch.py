"""POST /videos:batch: each item judged by itself, and taking turns with everything else."""

from __future__ import annotations

from typing import Any

import httpx

from cluster.stores.imports import NewImport
from tests.support.api import Api
from tests.support.imports import importing, quiet_api, settled, web
from tests.support.sources import FILM, Web
from tests.support.stores import execute

__all__ = ["quiet_api", "web"]


def send(api: Api, items: list[Any], **headers: str) -> httpx.Response:
    return api.client.post("/videos:batch", json={"items": items}, headers=headers)


def test_every_item_gets_its_own_answer_in_order(quiet_api: Api, web: Web) -> None:
    items = [
        {"url": f"{web.url}/film.mp4", "preset": "film"},
        {"url": "http://10.0.0.1/secret.mp4"},
        {"address": "nothing known"},
        7,
        {"url": f"{web.url}/film.mp4", "settings": {"min_shot_s": -1}},
        {"url": f"{web.url}/status/404", "webhook": {"url": "https://example.org/hook"}},
    ]

    answer = send(quiet_api, items)

    assert answer.status_code == 200
    outcomes = answer.json()["items"]
    assert [outcome["status"] for outcome in outcomes] == [202, 422, 422, 422, 422, 202]
    codes = [outcome["problem"] and outcome["problem"]["code"] for outcome in outcomes]
    assert codes == [
        None, "address_refused", "invalid_request", "invalid_request", "invalid_settings", None,
    ]  # fmt: skip
    assert outcomes[5]["webhook_secret"].startswith("whsec_")
    with importing(quiet_api):
        assert settled(quiet_api, outcomes[0]["video"]["id"])["bytes"] == len(FILM)
        assert settled(quiet_api, outcomes[5]["video"]["id"])["error"]["code"] == "source_not_found"


def test_a_repeated_batch_gives_the_same_videos(quiet_api: Api, web: Web) -> None:
    items = [{"url": f"{web.url}/film.mp4?{n}"} for n in range(150)]
    items[3]["idempotency_key"] = "its own"
    key = {"Idempotency-Key": "batch-1"}

    first = send(quiet_api, items, **key).json()["items"]
    again = send(quiet_api, items, **key).json()["items"]
    own = send(quiet_api, [items[3]]).json()["items"]
    other = send(quiet_api, [{"url": f"{web.url}/busy", "idempotency_key": "its own"}]).json()["items"]

    ids = [outcome["video"]["id"] for outcome in first]
    assert len(set(ids)) == 150
    assert [outcome["video"]["id"] for outcome in again] == ids
    assert own[0]["video"]["id"] == ids[3]
    assert (other[0]["status"], other[0]["problem"]["code"]) == (422, "idempotency_key_reused")


def test_a_batch_has_between_one_and_a_thousand_items(quiet_api: Api, web: Web) -> None:
    before = quiet_api.services.jobs.counts()
    item = {"url": f"{web.url}/film.mp4"}

    many, none = send(quiet_api, [item] * 1001), send(quiet_api, [])

    assert (many.status_code, many.json()["code"]) == (413, "too_large")
    assert (none.status_code, none.json()["code"]) == (422, "invalid_request")
    assert quiet_api.services.jobs.counts() == before


def test_batches_and_single_imports_take_turns_within_one_bound(quiet_api: Api) -> None:
    jobs = quiet_api.services.jobs
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
    lanes = ["batch:a"] * 5 + ["batch:b"] * 2 + ["single:anna"]
    news = [NewImport(f"http://a.example/{n}", "a.mp4", "default", {}, lane) for n, lane in enumerate(lanes)]
    jobs.imports.create_many(news)

    claimed = [jobs.imports.claim(60, 4) for _ in range(5)]

    urls = [one.url.rpartition("/")[2] if one else None for one in claimed]
    assert urls == ["0", "5", "7", "1", None]
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
