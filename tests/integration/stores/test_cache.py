"""Redis: progress and events, and life without it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import structlog

from cluster.stores.ids import new_id
from cluster.stores.redis.cache import Cache, StreamEvent
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import wait_until

NO_SERVER = "redis://127.0.0.1:1"


@pytest.fixture
def cache(session_servers: SessionServers) -> Iterator[Cache]:
    with Cache(session_servers.url("redis")) as cache:
        yield cache


def types(events: list[StreamEvent] | None) -> list[str]:
    assert events is not None
    return [event.type for event in events]


def test_progress_is_replaced(cache: Cache, video_id: str) -> None:
    assert cache.get_progress(video_id) is None
    assert cache.set_progress(video_id, {"fraction": 0.25, "eta_s": None})
    assert cache.set_progress(video_id, {"fraction": 0.5, "frames": [1, 2]})
    assert cache.get_progress(video_id) == {"fraction": 0.5, "frames": [1, 2]}


def test_events_are_read_after_an_id(cache: Cache, video_id: str) -> None:
    ids = [cache.publish_event(video_id, f"type-{n}", {"n": n, "text": "ünï"}) for n in range(4)]
    events = cache.read_events(video_id)
    assert events == [
        StreamEvent(str(id_), f"type-{n}", {"n": n, "text": "ünï"}) for n, id_ in enumerate(ids)
    ]
    assert types(cache.read_events(video_id, str(ids[1]))) == ["type-2", "type-3"]
    assert types(cache.read_events(video_id, limit=2)) == ["type-0", "type-1"]
    assert cache.read_events(video_id, str(ids[3])) == []
    assert cache.read_events(new_id()) == []


@pytest.mark.parametrize("after_id", ["", "$", "+", "x", "1-1-1", "-1", "1" * 50])
def test_an_id_that_is_none_means_from_the_start(cache: Cache, video_id: str, after_id: str) -> None:
    cache.publish_event(video_id, "state", {})
    assert types(cache.read_events(video_id, after_id)) == ["state"]


def test_a_reader_waits_for_the_next_event(cache: Cache, video_id: str) -> None:
    first = cache.publish_event(video_id, "first", {})
    assert first is not None
    read: list[list[StreamEvent] | None] = []
    reader = threading.Thread(target=lambda: read.append(cache.read_events(video_id, first, block_ms=10_000)))
    reader.start()
    cache.publish_event(video_id, "second", {})
    reader.join()
    assert types(read[0]) == ["second"]


def test_a_reader_waits_no_longer_than_it_wants(cache: Cache, video_id: str) -> None:
    assert cache.read_events(video_id, block_ms=20) == []


def test_a_stream_keeps_its_latest_events(cache: Cache, video_id: str) -> None:
    for number in range(1500):
        cache.publish_event(video_id, "progress", {"n": number})
    events = cache.read_events(video_id, limit=10_000)
    assert events is not None
    assert 1000 <= len(events) < 1500
    assert events[-1].data == {"n": 1499}


def test_a_deleted_video_leaves_nothing(cache: Cache, video_id: str) -> None:
    cache.set_progress(video_id, {"fraction": 1.0})
    cache.publish_event(video_id, "done", {})
    assert cache.delete_video(video_id)
    assert cache.get_progress(video_id) is None
    assert cache.read_events(video_id) == []


def test_two_installations_share_a_server(
    session_servers: SessionServers, cache: Cache, video_id: str
) -> None:
    with Cache(session_servers.url("redis"), prefix="other") as other:
        cache.set_progress(video_id, {"fraction": 0.5})
        assert other.get_progress(video_id) is None


def test_without_redis_every_call_answers_that_there_is_nothing(video_id: str) -> None:
    with Cache(NO_SERVER) as cache, structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert cache.ping() is False
            assert cache.set_progress(video_id, {}) is False
            assert cache.get_progress(video_id) is None
            assert cache.publish_event(video_id, "state", {}) is None
            assert cache.read_events(video_id, block_ms=60_000) is None
            assert cache.delete_video(video_id) is False
    assert [line["log_level"] for line in logs] == ["warning"]


def test_it_is_used_again_when_it_is_back(session_servers: SessionServers, video_id: str) -> None:
    servers = session_servers.start(["redis"])
    with Cache(servers.urls["redis"]) as cache:
        assert cache.ping()
        servers.kill("redis")
        try:
            assert not cache.set_progress(video_id, {})
        finally:
            servers.restart("redis")
        wait_until(lambda: cache.set_progress(video_id, {"fraction": 0.5}))
        assert cache.get_progress(video_id) == {"fraction": 0.5}


def test_a_server_that_does_not_answer_is_asked_once_and_then_left_alone(video_id: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        with Cache(f"redis://127.0.0.1:{silent.getsockname()[1]}") as cache:
            answers = [cache.set_progress(video_id, {}) for _ in range(100)]
        assert answers == [False] * 100
        asked, _ = silent.accept()
        asked.close()
        with pytest.raises(BlockingIOError):
            silent.accept()
