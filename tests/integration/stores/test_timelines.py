"""Finished timelines: whole or not at all, and how their segments are listed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from pymongo import MongoClient

from cluster.contract.vocabulary import LEVELS
from cluster.errors import UsageError
from cluster.stores.ids import new_id
from cluster.stores.mongodb.keys import below
from cluster.stores.mongodb.results import Results
from tests.support.servers.stores import MongoAddress


def segments(shots: int, tag: str = "a") -> list[dict[str, Any]]:
    """Shots of a second, scenes of two shots, chapters of two scenes; last first, as any order is allowed."""
    made: list[dict[str, Any]] = []
    for level, length in zip(LEVELS, (1, 2, 4), strict=True):
        for index in range(shots // length):
            start, end = index * length, (index + 1) * length
            made.append(
                {
                    "level": level,
                    "index": index,
                    "parent": None if level == "chapter" else index // 2,
                    "start_s": float(start),
                    "end_s": float(end),
                    "start_frame": start * 25,
                    "end_frame": end * 25,
                    "start_pts": start * 90_000,
                    "end_pts": end * 90_000,
                    "start_boundary": {"kind": "cut", "confidence": 0.9, "visual": 0.8, "audio": None},
                    "label": "speech" if index % 2 else "music",
                    "audio": None if index % 3 else {"speech": 0.5, "loudness_lufs": -23.0},
                    "visual": {"brightness": 0.25, "tags": [tag, "ünï"]},
                    "keyframe_s": start + 0.5,
                    "thumbnail": start * 25 + 12,
                }
            )
    return made[::-1]


def in_order(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(made, key=lambda segment: (LEVELS.index(segment["level"]), segment["index"]))


def put(results: Results, video_id: str, revision: int = 1, epoch: int = 1, shots: int = 8) -> str:
    timeline_id = f"{video_id}:{revision}:{epoch}"
    results.put_timeline(
        timeline_id, video_id, revision, segments(shots, timeline_id), {"settings": {"r": revision}}
    )
    return timeline_id


def count(mongo_address: MongoAddress, collection: str, video_id: str) -> int:
    url, database = mongo_address
    field = "_id" if collection == "payloads" else "key"
    with MongoClient[dict[str, Any]](url) as client:
        return client[database][collection].count_documents({field: below(video_id)})


def test_segments_come_back_as_they_were_by_level_and_index(results: Results, video_id: str) -> None:
    made = segments(8)
    results.put_timeline("t1:" + video_id, video_id, 1, made, {})
    page = results.segments("t1:" + video_id)
    assert list(page.items) == in_order(made)
    assert page.next_cursor is None
    assert set(page.items[0]) == set(made[0])


@pytest.mark.parametrize("limit", [1, 3, 13, 14, 15])
def test_pages_hold_every_segment_once(results: Results, video_id: str, limit: int) -> None:
    timeline_id = put(results, video_id)
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = results.segments(timeline_id, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == in_order(segments(8, timeline_id))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"level": "chapter"}, [("chapter", 0), ("chapter", 1)]),
        ({"level": "scene", "label": "speech"}, [("scene", 1), ("scene", 3)]),
        ({"level": "shot", "from_s": 6.0}, [("shot", 6), ("shot", 7)]),
        ({"level": "shot", "to_s": 1.0}, [("shot", 0)]),
        ({"from_s": 3.5, "to_s": 4.0}, [("shot", 3), ("scene", 1), ("chapter", 0)]),
        ({"from_s": 8.0}, []),
        ({"label": "noise"}, []),
    ],
)
def test_segments_can_be_filtered(
    results: Results, video_id: str, wanted: dict[str, Any], found: list[tuple[str, int]]
) -> None:
    page = results.segments(put(results, video_id), **wanted)
    assert [(item["level"], item["index"]) for item in page.items] == found


def test_a_filtered_listing_can_be_paged_too(results: Results, video_id: str) -> None:
    timeline_id = put(results, video_id)
    first = results.segments(timeline_id, label="music", limit=4)
    second = results.segments(timeline_id, label="music", limit=4, cursor=first.next_cursor)
    assert [(item["level"], item["index"]) for item in first.items + second.items] == [
        ("shot", 0),
        ("shot", 2),
        ("shot", 4),
        ("shot", 6),
        ("scene", 0),
        ("scene", 2),
        ("chapter", 0),
    ]
    assert second.next_cursor is None


def test_a_cursor_does_not_lead_from_one_revision_into_another(results: Results, video_id: str) -> None:
    first = results.segments(put(results, video_id), limit=4)
    newer = put(results, video_id, revision=2, epoch=2)
    with pytest.raises(UsageError) as refused:
        results.segments(newer, limit=4, cursor=first.next_cursor)
    assert refused.value.code == "bad_cursor"


def test_wrong_requests_are_refused(results: Results, video_id: str) -> None:
    timeline_id = put(results, video_id)
    for wrong in (
        {"level": "act"},
        {"limit": 0},
        {"limit": 100_000},
        {"cursor": "x"},
        {"cursor": "WyJhIl0"},
        {"cursor": "WyJhY3QiLDFd"},
    ):
        with pytest.raises(UsageError):
            results.segments(timeline_id, **wrong)


def test_the_document_comes_back_with_its_names(results: Results, video_id: str) -> None:
    document = {
        "media": {"duration_s": 8.0, "audio_codec": None},
        "settings": {"preset": "film"},
        "audio_track": [{"start_s": 0.0, "end_s": 8.0, "label": "speech", "audio": {"speech": 1.0}}],
        "curves": {"motion": b"\x00\x01\xff"},
    }
    results.put_timeline("t:" + video_id, video_id, 3, segments(4), document)
    assert results.timeline("t:" + video_id) == document | {
        "timeline_id": "t:" + video_id,
        "video_id": video_id,
        "revision": 3,
        "segment_count": 7,
    }


def test_a_document_larger_than_mongodb_allows_comes_back(results: Results, video_id: str) -> None:
    curves = {"motion": bytes(range(256)) * 80_000}
    results.put_timeline(
        "t:" + video_id, video_id, 1, segments(4), {"curves": curves, "media": {"fps": 25.0}}
    )
    found = results.timeline("t:" + video_id)
    assert found is not None
    assert found["curves"] == curves
    assert found["media"] == {"fps": 25.0}


def test_a_timeline_that_does_not_exist_is_empty(results: Results, video_id: str) -> None:
    assert results.segments("none:" + video_id).items == ()
    assert results.timeline("none:" + video_id) is None


def test_writing_it_again_changes_nothing(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    timeline_id = put(results, video_id)
    before = results.segments(timeline_id).items
    put(results, video_id)
    assert results.segments(timeline_id).items == before
    assert count(mongo_address, "segments", video_id) == len(before)


def test_what_an_interrupted_writer_left_is_never_seen(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    unwritable = {"curves": object()}  # refused after the segments have been written
    with pytest.raises(Exception, match="cannot encode object"):
        results.put_timeline(f"{video_id}:1:1", video_id, 1, segments(8, "broken"), unwritable)
    assert count(mongo_address, "segments", video_id) == 14
    assert results.segments(f"{video_id}:1:1").items == ()
    assert results.timeline(f"{video_id}:1:1") is None
    results.put_timeline(f"{video_id}:1:1", video_id, 1, segments(4, "whole"), {})
    assert list(results.segments(f"{video_id}:1:1").items) == in_order(segments(4, "whole"))


def test_a_reader_sees_a_whole_revision_or_nothing_while_it_is_written_and_dropped(
    results: Results, video_id: str
) -> None:
    timeline_ids = [f"{video_id}:{revision}:1" for revision in range(1, 7)]
    number = len(segments(200))
    done = threading.Event()
    seen: list[tuple[str, int, int]] = []

    def read() -> None:
        while not done.is_set():
            for timeline_id in timeline_ids:
                items = results.segments(timeline_id, limit=1000).items
                tags = {item["visual"]["tags"][0] for item in items}
                assert tags <= {timeline_id}
                seen.append((timeline_id, len(items), len(tags)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for revision, timeline_id in enumerate(timeline_ids, 1):
        put(results, video_id, revision, shots=200)
        results.drop_other_timelines(video_id, {timeline_id})
    results.delete_video(video_id)
    done.set()
    for reader in readers:
        reader.join()
    assert {length for _, length, _ in seen} == {0, number}


class DeletionInBetween:
    """The collection of segments, where a deletion gets half way just before each query."""

    def __init__(self, results: Results, timeline_id: str) -> None:
        self._results = results
        self._segments = results._segments
        self._timeline_id = timeline_id

    def find(self, *query: Any) -> Any:
        self._results._timelines.delete_one({"_id": self._timeline_id})
        self._segments.delete_many({"timeline_id": self._timeline_id, "level": "scene"})
        return self._segments.find(*query)


def test_a_deletion_that_begins_during_the_query_leaves_nothing_to_see(
    mongo_address: MongoAddress, video_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Results(*mongo_address) as results:
        timeline_id = put(results, video_id)
        monkeypatch.setattr(results, "_segments", DeletionInBetween(results, timeline_id))
        assert results.segments(timeline_id).items == ()


def test_writers_of_one_timeline_at_once_leave_one_whole(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    barrier = threading.Barrier(4)

    def write() -> None:
        barrier.wait()
        put(results, video_id, shots=40)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timeline_id = f"{video_id}:1:1"
    assert list(results.segments(timeline_id).items) == in_order(segments(40, timeline_id))
    assert count(mongo_address, "segments", video_id) == len(segments(40))
    assert count(mongo_address, "timelines", video_id) == 1


def test_only_the_timelines_to_keep_stay(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    large = {"curves": bytes(2_000_000)}
    for epoch in (1, 2, 3):
        results.put_timeline(f"{video_id}:1:{epoch}", video_id, 1, segments(4), large)
    other = put(results, new_id())
    results.drop_other_timelines(video_id, {f"{video_id}:1:2"})
    assert results.timeline(f"{video_id}:1:1") is None
    assert results.segments(f"{video_id}:1:3").items == ()
    kept = results.timeline(f"{video_id}:1:2")
    assert kept is not None
    assert kept["curves"] == large["curves"]
    assert len(results.segments(f"{video_id}:1:2").items) == 7
    assert count(mongo_address, "payloads", video_id) == 1
    assert len(results.segments(other).items) == 14


def test_nothing_stays_of_a_deleted_video(
    results: Results, mongo_address: MongoAddress, video_id: str
) -> None:
    timeline_id = put(results, video_id)
    results.delete_video(video_id)
    assert results.timeline(timeline_id) is None
    for collection in ("timelines", "segments", "payloads"):
        assert count(mongo_address, collection, video_id) == 0


def test_numbers_that_json_cannot_hold_are_refused(results: Results, video_id: str) -> None:
    broken = segments(4)
    broken[0]["start_s"] = float("nan")
    with pytest.raises(ValueError, match=r"segments\[0\]\.start_s is nan"):
        results.put_timeline("t:" + video_id, video_id, 1, broken, {})
    with pytest.raises(ValueError, match=r"media\.fps is inf"):
        results.put_timeline("t:" + video_id, video_id, 1, segments(4), {"media": {"fps": float("inf")}})
