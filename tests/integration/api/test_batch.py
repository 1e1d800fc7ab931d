"""POST /videos:batch: each item judged by itself, and taking turns with everything else."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from cluster.stores.postgres.intake.imports import NewImport
from serve_app.web import concurrency
from tests.support.api.imports import importing, quiet_api, settled, web
from tests.support.api.running import Api
from tests.support.servers.sources import FILM, Web
from tests.support.servers.stores import execute, wait_until

__all__ = ["quiet_api", "web"]


def send(api: Api, items: list[Any], **headers: str) -> httpx.Response:
    return api.client.post("/videos:batch", json={"items": items}, headers=headers)


def test_every_item_gets_its_own_answer_in_order(quiet_api: Api, web: Web) -> None:
    items = [
        {"url": f"{web.url}/film.mp4", "preset": "film"},
        {"url": "http://10.0.0.1/secret.mp4"},
        {"address": "nothing known"},
        7,
        {"url": "http://[::1/a.mp4"},
        {"url": f"{web.url}/film.mp4", "settings": {"min_shot_s": -1}},
        {
            "url": f"{web.url}/status/404",
            "webhook": {"url": "https://example.org/hook"},
            "priority": "interactive",
        },
    ]

    answer = send(quiet_api, items)

    assert answer.status_code == 200
    outcomes = answer.json()["items"]
    assert [outcome["status"] for outcome in outcomes] == [202, 422, 422, 422, 422, 422, 202]
    codes = [outcome["problem"] and outcome["problem"]["code"] for outcome in outcomes]
    assert codes == [
        None, "address_refused", "invalid_request", "invalid_request", "address_refused", "invalid_settings",
        None,
    ]  # fmt: skip
    assert outcomes[6]["webhook_secret"].startswith("whsec_")
    assert [outcomes[n]["video"]["priority"] for n in (0, 6)] == ["batch", "interactive"]
    with importing(quiet_api):
        assert settled(quiet_api, outcomes[0]["video"]["id"])["bytes"] == len(FILM)
        assert settled(quiet_api, outcomes[6]["video"]["id"])["error"]["code"] == "source_not_found"


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


def test_owners_take_turns_however_many_batches_they_send(quiet_api: Api) -> None:
    jobs = quiet_api.services.jobs
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
    asked = [("anna", f"batch:anna-{n}") for n in range(5)] + [("bert", "single:bert")] * 3
    jobs.imports.create_many(
        [
            NewImport(f"http://a.example/{n}", "a.mp4", "default", {}, lane, owner=owner)
            for n, (owner, lane) in enumerate(asked)
        ]
    )

    claimed = [jobs.imports.claim(60, 6) for _ in range(6)]

    assert [one.url.rpartition("/")[2] for one in claimed if one] == ["0", "5", "1", "6", "2", "7"]
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")


def test_who_is_slow_gives_the_place_to_who_waits_and_goes_on_later(quiet_api: Api, web: Web) -> None:
    execute(quiet_api.services.jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
    web.films["/short.mp4"] = FILM[:1000]
    with importing(quiet_api, concurrency=1, turn_s=0.3):
        slow = quiet_api.client.post("/videos", json={"url": f"{web.url}/paced"}).json()["id"]
        wait_until(lambda: bool(web.asked_for("/paced")))
        other = send(quiet_api, [{"url": f"{web.url}/short.mp4"}]).json()["items"][0]["video"]["id"]
        settled(quiet_api, other)
        video = settled(quiet_api, slow)

    assert video["sha256"] == hashlib.sha256(FILM).hexdigest()
    asked = [seen for seen in web.seen if seen.path in ("/paced", "/short.mp4")]
    assert [seen.path for seen in asked] == ["/paced", "/short.mp4", "/paced"]
    assert "range" in asked[2].headers


def test_a_source_that_changes_its_name_again_and_again_gets_no_longer_turn(quiet_api: Api, web: Web) -> None:
    execute(quiet_api.services.jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
    web.films["/next.mp4"] = FILM[:1000]
    with importing(quiet_api, concurrency=1, turn_s=0.3):
        greedy = quiet_api.client.post("/videos", json={"url": f"{web.url}/renamed"}).json()["id"]
        wait_until(lambda: len(web.asked_for("/renamed")) > 12)
        other = send(quiet_api, [{"url": f"{web.url}/next.mp4"}]).json()["items"][0]["video"]["id"]

        assert settled(quiet_api, other)["bytes"] == 1000
        quiet_api.client.post(f"/videos/{greedy}/cancel")


def test_few_batches_are_read_at_a_time(quiet_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "WAIT_S", 0.05)
    go_on = threading.Event()

    def slow() -> Iterator[bytes]:
        yield b'{"items": ['
        assert go_on.wait(60)
        yield b"7]}"

    def held() -> int:
        """Comes again as long as the look below has the last place."""
        headers = {"Content-Type": "application/json"}
        status = 503
        while status == 503:
            status = quiet_api.client.post("/videos:batch", content=slow(), headers=headers).status_code
        return status

    with ThreadPoolExecutor(concurrency.MAX_BATCHES) as pool:
        under_way = [pool.submit(held) for _ in range(concurrency.MAX_BATCHES - 1)]
        wait_until(lambda: send(quiet_api, [7]).status_code == 503)
        go_on.set()
        assert {one.result() for one in under_way} == {200}
    assert send(quiet_api, [7]).status_code == 200


@pytest.mark.parametrize("path", ["/drip", "/silent"])
def test_a_cancelled_import_frees_its_place_at_once(quiet_api: Api, web: Web, path: str) -> None:
    execute(quiet_api.services.jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
    web.gate.clear()
    with importing(quiet_api, concurrency=1, idle_timeout_s=60.0):
        held = quiet_api.client.post("/videos", json={"url": web.url + path}).json()["id"]
        wait_until(lambda: bool(web.asked_for(path)))
        quiet_api.client.post(f"/videos/{held}/cancel")
        next_one = quiet_api.client.post("/videos", json={"url": f"{web.url}/film.mp4"}).json()["id"]
        fetched = settled(quiet_api, next_one)
    web.gate.set()

    assert fetched["bytes"] == len(FILM)


def test_longer_turns_leave_a_place_to_others(quiet_api: Api) -> None:
    jobs = quiet_api.services.jobs
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")

    def create(name: str, owner: str) -> None:
        jobs.imports.create(
            NewImport(f"http://a.example/{name}", "a.mp4", "default", {}, f"single:{owner}", owner=owner)
        )

    for number in range(5):
        create(f"long-{number}", "anna")
    execute(jobs, "UPDATE imports SET turns = 3 WHERE state = 'waiting'")
    claimed = [jobs.imports.claim(60, 4) for _ in range(4)]
    held = [one for one in claimed if one is not None]
    alone = jobs.imports.is_waited_for(held[0], 4)
    create("now", "bert")
    short = jobs.imports.claim(60, 4)
    create("later", "carl")

    assert [one is None for one in claimed] == [False, False, False, True]
    assert short is not None
    assert short.url.endswith("/now")
    assert not alone
    assert jobs.imports.is_waited_for(held[0], 4)
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL, turns = 0")


def test_a_batch_leaves_a_place_to_what_somebody_waits_for(quiet_api: Api) -> None:
    jobs = quiet_api.services.jobs
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
    batch = [
        NewImport(f"http://a.example/{n}", "a.mp4", "default", {}, "batch:c", priority="batch")
        for n in range(5)
    ]
    jobs.imports.create_many(batch)

    claimed = [jobs.imports.claim(60, 4) for _ in range(4)]
    jobs.imports.create(NewImport("http://a.example/now", "a.mp4", "default", {}, "single:"))
    waited_for = jobs.imports.claim(60, 4)

    assert [one is None for one in claimed] == [False, False, False, True]
    assert waited_for is not None
    assert waited_for.url.endswith("/now")
    execute(jobs, "UPDATE imports SET state = 'stopped', lease_expires_at = NULL")
