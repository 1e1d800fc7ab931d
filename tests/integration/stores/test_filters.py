"""Which segments a listing gives: the same for provisional shots and for those of a finished timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cluster.errors import UsageError
from cluster.stores.mongodb.results import Results
from cluster.stores.page import Page
from tests.support.api.running import segment

Find = Callable[..., Page[dict[str, Any]]]


def shots() -> list[dict[str, Any]]:
    """Five shots of two seconds: the start, sure and unsure boundaries, with and without tags."""
    tags = (["cat"], ["cat", "dog's tail"], [], ["dog's tail"], None)
    confidences = (0.1, 0.9, 0.4, 0.5, 1.0)
    made = [segment("shot", n, n * 2.0, n * 2.0 + 2) for n in range(5)]
    for shot, names, confidence in zip(made, tags, confidences, strict=True):
        shot["start_boundary"]["confidence"] = confidence
        shot["visual"] = (
            names
            if names is None
            else {
                "brightness": 0.5,
                "tags": [{"label": name, "probability": 0.5} for name in names],
            }
        )
    made[1]["role"], made[2]["role"] = "content", "black"  # the others are of before there were roles
    return made


@pytest.fixture(params=["provisional", "final"])
def find(request: pytest.FixtureRequest, results: Results, video_id: str) -> Find:
    """The listing of five shots in either store."""
    if request.param == "final":
        results.put_timeline(f"{video_id}:1:1", video_id, 1, shots(), {})
        return lambda **wanted: results.segments(f"{video_id}:1:1", **wanted)
    for index, part in enumerate((shots()[:2], shots()[2:])):
        results.put_chunk(
            video_id,
            "h",
            index,
            start_frame=index * 100,
            end_frame=index * 100 + 100,
            payload=b"",
            shots=part,
        )
    return lambda **wanted: results.provisional_segments(video_id, "h", **wanted)


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"tag": "cat"}, [0, 1]),
        ({"tag": "dog's tail"}, [1, 3]),
        ({"tag": "Cat"}, []),
        ({"min_confidence": 0.0}, [0, 1, 2, 3, 4]),
        ({"min_confidence": 0.5}, [0, 1, 3, 4]),
        ({"min_confidence": 1.0}, [0, 4]),
        ({"min_confidence": 0.5, "tag": "cat", "from_s": 2.5}, [1]),
        ({"min_confidence": 0.5, "level": "shot", "label": "speech", "to_s": 7.0}, [0, 1, 3]),
        ({"tag": "cat", "level": "scene"}, []),
        ({"role": "black"}, [2]),
        ({"role": "content"}, [0, 1, 3, 4]),
    ],
)
def test_segments_by_tag_and_confidence(find: Find, wanted: dict[str, Any], places: list[int]) -> None:
    assert [item["index"] for item in find(**wanted).items] == places


def test_a_filtered_listing_goes_on_where_its_page_ended(find: Find) -> None:
    first = find(min_confidence=0.5, limit=2)
    second = find(min_confidence=0.5, limit=2, cursor=first.next_cursor)
    assert [item["index"] for item in (*first.items, *second.items)] == [0, 1, 3, 4]
    assert second.next_cursor is None


def test_a_cursor_of_provisional_shots_leads_on_in_the_final_ones(results: Results, video_id: str) -> None:
    timeline_id = f"{video_id}:1:1"
    results.put_chunk(video_id, "h", 0, start_frame=0, end_frame=250, payload=b"", shots=shots())
    begun = results.provisional_segments(video_id, "h", limit=3)
    final = [*shots(), segment("scene", 0, 0.0, 10.0), segment("chapter", 0, 0.0, 10.0)]
    results.put_timeline(timeline_id, video_id, 1, final, {})

    rest = results.segments(timeline_id, cursor=begun.next_cursor, limit=3)
    assert [(item["level"], item["index"]) for item in rest.items] == [("shot", 3), ("shot", 4), ("scene", 0)]
    last = results.provisional_segments(video_id, "h", limit=4)
    assert [item["level"] for item in results.segments(timeline_id, cursor=last.next_cursor).items] == [
        "shot",
        "scene",
        "chapter",
    ]


def test_a_cursor_of_the_final_ones_does_not_lead_back(results: Results, video_id: str) -> None:
    results.put_timeline(f"{video_id}:1:1", video_id, 1, shots(), {})
    cursor = results.segments(f"{video_id}:1:1", limit=2).next_cursor
    with pytest.raises(UsageError):
        results.provisional_segments(video_id, "h", cursor=cursor)


def test_segments_are_counted_by_level(results: Results, video_id: str) -> None:
    results.put_timeline(f"{video_id}:1:1", video_id, 1, [*shots(), segment("scene", 0, 0.0, 10.0)], {})
    assert results.counts(f"{video_id}:1:1") == {"shot": 5, "scene": 1, "chapter": 0}
    assert results.counts(f"{video_id}:9:1") == {}
