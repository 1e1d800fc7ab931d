"""Plans and chunks in a real server that speaks MongoDB's protocol."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from pymongo import MongoClient

from cluster.errors import NotFoundError, UnavailableError, UsageError
from cluster.stores.ids import new_id
from cluster.stores.mongodb import payloads
from cluster.stores.mongodb.keys import below
from cluster.stores.mongodb.results import Results
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import MongoAddress, wait_until


def shot(start_frame: int, end_frame: int, label: str = "speech") -> dict[str, Any]:
    return {
        "level": "shot",
        "index": 0,
        "parent": None,
        "start_frame": start_frame,
        "end_frame": end_frame,
        "start_s": start_frame / 25,
        "end_s": end_frame / 25,
        "label": label,
        "audio": None,
    }


def put_chunk(results: Results, video_id: str, index: int, payload: bytes = b"tracks", **values: Any) -> None:
    start, end = index * 100, index * 100 + 100
    shots = values.pop("shots", [shot(start, start + 40), shot(start + 40, end, "music")])
    results.put_chunk(
        video_id,
        values.pop("tracks_hash", "h1"),
        index,
        start_frame=start,
        end_frame=end,
        payload=payload,
        shots=shots,
    )


def count(mongo_address: MongoAddress, collection: str, video_id: str) -> int:
    url, database = mongo_address
    with MongoClient[dict[str, Any]](url) as client:
        return client[database][collection].count_documents({"_id": below(video_id)})


def test_indexes_can_be_ensured_again_and_by_several_at_once(results: Results) -> None:
    threads = [threading.Thread(target=results.ensure_indexes) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.ensure_indexes()
    results.ping()


def test_a_plan_is_kept_for_its_settings(results: Results, video_id: str) -> None:
    assert results.get_plan(video_id, "h1") is None
    results.put_plan(video_id, "h1", b"\x00plan")
    results.put_plan(video_id, "h2", b"")
    results.put_plan(video_id, "h1", b"\x00plan")
    assert results.get_plan(video_id, "h1") == b"\x00plan"
    assert results.get_plan(video_id, "h2") == b""


def test_chunks_come_back_in_order_whatever_the_order_of_writing(results: Results, video_id: str) -> None:
    written = {index: os.urandom(1000) for index in (11, 2, 0, 100, 1)}
    for index, payload in written.items():
        put_chunk(results, video_id, index, payload)
    put_chunk(results, video_id, 7, tracks_hash="h2")
    assert results.stored_chunks(video_id, "h1") == set(written)
    assert list(results.load_chunks(video_id, "h1")) == sorted(written.items())


def test_a_chunk_written_twice_is_there_once(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    for _ in range(2):
        put_chunk(results, video_id, 3, b"same")
    assert list(results.load_chunks(video_id, "h1")) == [(3, b"same")]
    assert (count(mongo_address, "chunks", video_id), count(mongo_address, "payloads", video_id)) == (1, 1)


def test_of_two_different_writes_the_last_one_counts(results: Results, video_id: str) -> None:
    put_chunk(results, video_id, 3, b"first")
    put_chunk(results, video_id, 3, b"second", shots=[])
    assert list(results.load_chunks(video_id, "h1")) == [(3, b"second")]
    assert results.provisional_segments(video_id, "h1").items == ()


def test_writers_of_the_same_chunk_at_once_leave_one(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    barrier = threading.Barrier(8)
    errors: list[BaseException] = []

    def write() -> None:
        barrier.wait()
        try:
            for index in range(5):
                put_chunk(results, video_id, index, bytes([index]) * 1000)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(results.load_chunks(video_id, "h1")) == [(i, bytes([i]) * 1000) for i in range(5)]
    assert (count(mongo_address, "chunks", video_id), count(mongo_address, "payloads", video_id)) == (5, 5)


def write_from_another_process(mongo_address: MongoAddress, video_id: str, indices: range) -> None:
    with Results(*mongo_address) as results:
        for index in indices:
            put_chunk(results, video_id, index, bytes([index]) * 100_000)


def test_processes_write_side_by_side(results: Results, mongo_address: MongoAddress, video_id: str) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        other = pool.submit(write_from_another_process, mongo_address, video_id, range(12))
        write_from_another_process(mongo_address, video_id, range(8, 20))
        other.result()
    assert results.stored_chunks(video_id, "h1") == set(range(20))
    assert count(mongo_address, "chunks", video_id) == 20


def test_a_payload_larger_than_a_document_may_be_comes_back(results: Results, video_id: str) -> None:
    payload = os.urandom(17 << 20)
    put_chunk(results, video_id, 0, payload)
    ((_, loaded),) = results.load_chunks(video_id, "h1")
    assert loaded == payload


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 3000, 25_432])
def test_payloads_of_any_size_come_back_as_they_were(
    results: Results, video_id: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "PART_BYTES", 1000)
    payload = os.urandom(size)
    for _ in range(2):
        put_chunk(results, video_id, 0, payload)
    monkeypatch.undo()  # what was written with another part size stays readable
    ((_, loaded),) = results.load_chunks(video_id, "h1")
    assert loaded == payload


def test_shots_show_before_the_video_is_done(results: Results, video_id: str) -> None:
    put_chunk(results, video_id, 2)
    put_chunk(results, video_id, 0)
    shots = results.provisional_segments(video_id, "h1").items
    assert [(item["index"], item["start_frame"]) for item in shots] == [(0, 0), (1, 40), (2, 200), (3, 240)]
    put_chunk(results, video_id, 1)
    shots = results.provisional_segments(video_id, "h1").items
    assert [item["start_frame"] for item in shots] == [0, 40, 100, 140, 200, 240]
    assert [item["index"] for item in shots] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("wanted", "frames"),
    [
        ({"level": "shot"}, [0, 40, 100, 140]),
        ({"level": "scene"}, []),
        ({"label": "music"}, [40, 140]),
        ({"from_s": 1.6}, [40, 100, 140]),
        ({"to_s": 1.6}, [0]),
        ({"from_s": 1.7, "to_s": 4.0}, [40]),
        ({"from_s": 99.0}, []),
    ],
)
def test_provisional_shots_can_be_filtered(
    results: Results, video_id: str, wanted: dict[str, Any], frames: list[int]
) -> None:
    put_chunk(results, video_id, 0)
    put_chunk(results, video_id, 1)
    found = results.provisional_segments(video_id, "h1", **wanted).items
    assert [item["start_frame"] for item in found] == frames


def test_paging_through_provisional_shots_survives_chunks_that_arrive(
    results: Results, video_id: str
) -> None:
    put_chunk(results, video_id, 1)
    put_chunk(results, video_id, 3)
    first = results.provisional_segments(video_id, "h1", limit=3)
    assert [item["start_frame"] for item in first.items] == [100, 140, 300]
    put_chunk(results, video_id, 0)
    put_chunk(results, video_id, 4)
    second = results.provisional_segments(video_id, "h1", limit=3, cursor=first.next_cursor)
    assert [item["start_frame"] for item in second.items] == [340, 400, 440]
    assert second.next_cursor is None


def test_a_video_that_was_not_looked_at_yet_has_no_shots(results: Results, video_id: str) -> None:
    assert results.provisional_segments(video_id, None).items == ()
    with pytest.raises(UsageError):
        results.provisional_segments(video_id, None, level="act")


def test_numbers_that_json_cannot_hold_are_refused_by_name(results: Results, video_id: str) -> None:
    bad = shot(0, 100) | {"audio": {"loudness_lufs": float("-inf")}}
    with pytest.raises(ValueError, match=r"shots\[0\]\.audio\.loudness_lufs is -inf"):
        put_chunk(results, video_id, 0, shots=[bad])
    assert results.stored_chunks(video_id, "h1") == set()


def test_nothing_stays_of_a_deleted_video(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    other = new_id()
    for each in (video_id, other):
        results.put_plan(each, "h1", b"plan")
        put_chunk(results, each, 0)
        put_chunk(results, each, 1)
    chunks = results.load_chunks(video_id, "h1")
    next(chunks)
    results.delete_video(video_id)
    results.delete_video(video_id)
    with pytest.raises(NotFoundError):
        next(chunks)
    assert results.get_plan(video_id, "h1") is None
    assert results.stored_chunks(video_id, "h1") == set()
    assert count(mongo_address, "payloads", video_id) == 0
    assert results.stored_chunks(other, "h1") == {0, 1}


def test_without_a_server_every_call_says_so() -> None:
    with Results("mongodb://127.0.0.1:1", "nothing", timeout_s=0.2) as results:
        with pytest.raises(UnavailableError, match="MongoDB"):
            results.ping()
        with pytest.raises(UnavailableError, match="MongoDB"):
            put_chunk(results, "v", 0)
        with pytest.raises(UnavailableError, match="MongoDB"):
            list(results.load_chunks("v", "h"))
    with pytest.raises(UnavailableError, match="MongoDB"):
        results.ping()


def test_a_crash_of_the_server_loses_no_chunk_and_needs_no_restart_here(
    session_servers: SessionServers, results: Results, video_id: str
) -> None:
    servers = session_servers.start(["mongodb"])
    put_chunk(results, video_id, 0, b"before")
    servers.kill("mongodb")
    servers.restart("mongodb")

    def stored() -> bool:
        try:
            put_chunk(results, video_id, 1, b"after")
        except UnavailableError:
            return False
        return True

    wait_until(stored)
    assert list(results.load_chunks(video_id, "h1")) == [(0, b"before"), (1, b"after")]
