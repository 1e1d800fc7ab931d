"""Following a video over server-sent events."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from serve_app.routes import events as events_route
from serve_app.services import ApiServices
from serve_app.web import concurrency
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, finish_work, put_shots, serving, start_work

api = support.running_api


@dataclass(frozen=True)
class Heard:
    id: str
    type: str
    data: Any


class Listener:
    """An open event stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.iter_lines()

    def heard(self) -> Iterator[Heard]:
        """Every event until the stream ends."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "id" in fields:
                yield Heard(fields["id"], fields["event"], json.loads(fields["data"]))
                fields = {}

    def until(self, type_: str, **values: Any) -> list[Heard]:
        """Events up to and with the first of a type with these values in its data."""
        seen = []
        for event in self.heard():
            seen.append(event)
            if event.type == type_ and values.items() <= event.data.items():
                return seen
        raise AssertionError(f"the stream ended without {type_} {values}; it had {[e.type for e in seen]}")

    def comment(self) -> str:
        """The next comment line."""
        return next(line for line in self._lines if line.startswith(":"))


@contextmanager
def listening(
    api: Api, video_id: str, last_event_id: str | None = None, *, follow: bool = False
) -> Iterator[Listener]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    path = f"/videos/{video_id}/events" + ("?follow=true" if follow else "")
    with api.client.stream("GET", path, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Listener(answer)


def report(api: Api, video_id: str, epoch: int, chunk: int) -> None:
    """One more chunk, told as the bridge tells it."""
    put_shots(api, video_id, chunk)
    api.services.jobs.record_progress(video_id, epoch, chunk + 1)
    values = {"fraction": (chunk + 1) / 4, "chunks_done": chunk + 1, "chunks_total": 4, "eta_s": 3.0}
    api.services.cache.set_progress(video_id, values)
    api.services.cache.publish_event(video_id, "progress", values)
    api.services.cache.publish_event(video_id, "segments", {"state": "provisional", "chunks": [chunk]})


def finish(api: Api, video_id: str, epoch: int) -> None:
    finish_work(api, video_id, epoch)
    api.services.cache.publish_event(video_id, "segments", {"state": "final", "revision": 1})
    api.services.cache.publish_event(video_id, "state", {"state": "done"})
    api.services.cache.publish_event(video_id, "done", {"state": "done"})


def test_a_video_is_followed_from_queued_to_done(api: Api) -> None:
    video_id = api.make()

    with listening(api, video_id) as listener:
        first = listener.until("progress")
        epoch = start_work(api, video_id)
        api.services.cache.publish_event(video_id, "state", {"state": "running"})
        running = listener.until("state", state="running")
        report(api, video_id, epoch, 0)
        worked = listener.until("segments")
        finish(api, video_id, epoch)
        rest = list(listener.heard())

    assert [(event.type, event.data.get("state")) for event in first] == [
        ("state", "queued"),
        ("progress", None),
    ]
    assert running[-1].data["media"] == support.MEDIA
    assert [event.type for event in worked] == ["progress", "segments"]
    assert worked[0].data["fraction"] == 0.25
    assert worked[1].data == {"state": "provisional", "chunks": [0]}
    assert rest[-1].type == "done"
    assert rest[-1].data["state"] == "done"
    assert rest[-1].data["id"] == video_id
    assert ("segments", "final") in [(event.type, event.data.get("state")) for event in rest]


def test_a_state_nobody_announced_is_told_all_the_same(api: Api) -> None:
    video_id = api.make()

    with listening(api, video_id) as listener:
        listener.until("progress")
        epoch = start_work(api, video_id)
        api.services.jobs.fail(video_id, epoch, "not_media", "The file is not a video.")
        rest = list(listener.heard())

    assert rest[-1].type == "done"
    assert rest[-1].data["state"] == "failed"
    assert rest[-1].data["error"]["code"] == "not_media"


def test_who_comes_late_gets_the_end_at_once(api: Api) -> None:
    video_id = done_video(api)

    with listening(api, video_id) as listener:
        heard = list(listener.heard())

    assert [event.type for event in heard] == ["state", "progress", "done"]
    assert heard[0].data["state"] == "done"
    assert heard[1].data["fraction"] == 1.0


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(api: Api) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)
    with listening(api, video_id) as listener:
        listener.until("progress")
        report(api, video_id, epoch, 0)
        last = listener.until("segments")[-1]
    report(api, video_id, epoch, 1)
    report(api, video_id, epoch, 2)

    with listening(api, video_id, last.id) as listener:
        missed = listener.until("state")
        report(api, video_id, epoch, 3)
        live = listener.until("segments", chunks=[3])

    assert [event.data["chunks"] for event in missed if event.type == "segments"] == [[1], [2]]
    assert [event.data["chunks"] for event in live if event.type == "segments"] == [[3]]
    ids = [event.id for event in missed + live if event.type == "segments"]
    assert ids == sorted(ids)


@pytest.mark.parametrize("last_event_id", ["nonsense", "1-0", "99999999999999-0"])
def test_who_comes_back_from_nowhere_gets_a_fresh_start(api: Api, last_event_id: str) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)
    report(api, video_id, epoch, 0)

    with listening(api, video_id, last_event_id) as listener:
        heard = listener.until("state")

    assert heard[-1].data["progress"]["fraction"] == 0.25


def test_several_listeners_hear_the_same(api: Api) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)
    ready = threading.Barrier(6)

    def listen(_: int) -> list[Heard]:
        with listening(api, video_id) as listener:
            listener.until("progress")
            ready.wait()
            return list(listener.heard())

    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(listen, number) for number in range(5)]
        ready.wait()
        for chunk in range(4):
            report(api, video_id, epoch, chunk)
        finish(api, video_id, epoch)
        heard = [future.result() for future in futures]

    for events in heard:
        provisional = [event.data for event in events if event.data.get("state") == "provisional"]
        assert [data["chunks"] for data in provisional] == [[0], [1], [2], [3]]
        assert [event.type for event in events].count("done") == 1
        assert events[-1].type == "done"


def test_a_deleted_video_ends_its_stream(api: Api) -> None:
    video_id = api.make()

    with listening(api, video_id) as listener:
        listener.until("progress")
        api.client.delete(f"/videos/{video_id}")
        rest = list(listener.heard())

    assert [event for event in rest if event.type == "done"] == []


def test_heartbeats_keep_a_silent_stream_open(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_route, "HEARTBEAT_S", 0.05)
    video_id = api.make()

    with listening(api, video_id) as listener:
        listener.until("progress")
        beats = [listener.comment(), listener.comment()]

    assert beats == [": still here", ": still here"]


def test_without_redis_the_row_is_followed(api: Api) -> None:
    with serving(_own_connections(api, redis_url="redis://127.0.0.1:1/0")) as blind:
        video_id = blind.make()
        with listening(blind, video_id) as listener:
            listener.until("progress")
            epoch = start_work(blind, video_id)
            listener.until("state", state="running")
            put_shots(blind, video_id, 0)
            blind.services.jobs.record_progress(video_id, epoch, 1)
            worked = listener.until("segments")
            finish_work(blind, video_id, epoch)
            rest = list(listener.heard())

        assert worked[-2].type == "progress"
        assert worked[-2].data["fraction"] == 0.25
        assert worked[-1].data == {"state": "provisional"}
        assert [event.type for event in rest][-2:] == ["segments", "done"]


def test_two_replicas_tell_the_same_in_the_same_order(api: Api) -> None:
    with serving(_own_connections(api)) as other:
        video_id = api.make()
        with listening(api, video_id) as here, listening(other, video_id) as there:
            for listener in (here, there):
                listener.until("progress")
            epoch = start_work(api, video_id)
            for chunk in range(2):
                report(api, video_id, epoch, chunk)
            first = [listener.until("segments", chunks=[1]) for listener in (here, there)]
        for chunk in range(2, 4):
            report(api, video_id, epoch, chunk)
        finish(api, video_id, epoch)
        # Each goes on at the replica it was not connected to.
        with (
            listening(other, video_id, first[0][-1].id) as here,
            listening(api, video_id, first[1][-1].id) as there,
        ):
            rest = [list(listener.heard()) for listener in (here, there)]

    for before, after in zip(first, rest, strict=True):
        told = [event for event in before + after if event.data.get("state") == "provisional"]
        assert [event.data["chunks"] for event in told] == [[0], [1], [2], [3]]
        numbers = [_number(event.id) for event in before + after]
        assert numbers == sorted(numbers)
        assert after[-1].type == "done"


def test_after_redis_was_emptied_the_row_is_told_and_ids_do_not_go_back(api: Api) -> None:
    video_id = api.make()
    epoch = start_work(api, video_id)
    with listening(api, video_id) as listener:
        listener.until("progress")
        report(api, video_id, epoch, 0)
        last = listener.until("segments")[-1]
    api.services.cache.delete_video(video_id)
    api.services.jobs.record_progress(video_id, epoch, 3)

    with listening(api, video_id, last.id) as listener:
        heard = listener.until("progress")
        report(api, video_id, epoch, 3)
        heard += listener.until("segments", chunks=[3])

    assert heard[0].data["progress"]["chunks_done"] == 3
    numbers = [_number(last.id), *(_number(event.id) for event in heard)]
    assert numbers == sorted(numbers)


def test_the_stream_is_fit_for_proxies_and_browsers(api: Api) -> None:
    with api.client.stream("GET", f"/videos/{done_video(api)}/events") as answer:
        text = answer.read().decode()

    assert answer.headers["cache-control"] == "no-store, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert text.startswith("retry: 2000\n\n")


def _number(event_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in event_id.split("-"))


def _own_connections(api: Api, **changed: str) -> ApiServices:
    """Services as another replica has them."""
    fresh = ApiServices.from_settings(api.services.settings.with_values(**changed))
    values = {field: getattr(fresh, field) for field in fresh.__dataclass_fields__}
    return ApiServices(**(values | {"doorbells": api.services.doorbells}))


def test_one_caller_listens_to_so_many_streams(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "MAX_LISTENERS_OF_ONE", 1)
    with serving(_own_connections(api)) as other:
        path = f"/videos/{other.make()}/events"
        with other.client.stream("GET", path) as first, other.client.stream("GET", path) as second:
            answers = (first.status_code, second.status_code)
            told = json.loads(second.read())
        heard_again = [*Listener(other.client.get(f"/videos/{done_video(other)}/events")).heard()]

    assert (answers, told["code"]) == ((200, 429), "rate_limited")
    assert heard_again[-1].type == "done"
