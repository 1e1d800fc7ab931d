"""Scenes and chapters follow the cuts that a list of shots moves; starts that cannot are named."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.cut_lists.coarser import with_coarser
from cluster.errors import UsageError


def segments(**levels: list[int]) -> list[dict[str, Any]]:
    return [
        {"level": level, "start_frame": frame, "start_boundary": {"kind": "cut"}}
        for level, frames in levels.items()
        for frame in frames
    ]


FILM = segments(chapter=[0, 500], scene=[0, 250, 500], shot=[0, 100, 250, 400, 500, 600])


def at(*frames: int) -> list[dict[str, Any]]:
    return [{"start_frame": frame} for frame in frames]


def made(film: list[dict[str, Any]], **lists: list[dict[str, Any]]) -> dict[str, list[int]]:
    found = with_coarser(lists, film, fps=25.0)
    return {name: [one["start_frame"] for one in entries] for name, entries in found.items()}


def test_a_scene_and_its_chapter_move_with_the_cut_that_begins_them() -> None:
    assert made(FILM, shots=at(0, 100, 250, 400, 502, 600)) == {
        "shots": [0, 100, 250, 400, 502, 600], "scenes": [0, 250, 502], "chapters": [0, 502],
    }  # fmt: skip
    assert made(FILM, scenes=at(0, 250, 502))["chapters"] == [0, 502]


def test_where_all_starts_are_there_nothing_is_added() -> None:
    assert made(FILM, shots=at(0, 250, 255, 500)) == {"shots": [0, 250, 255, 500]}
    assert made(FILM, shots=at(250, 500)) == {"shots": [250, 500]}, "the first start is implied"
    assert made(FILM, shots=at(0, 502), scenes=at(0, 500), chapters=at(0)).keys() == {
        "shots", "scenes", "chapters",
    }  # fmt: skip
    assert made(segments(chapter=[0], scene=[0, 50]), scenes=at(0, 60)) == {"scenes": [0, 60]}


def test_a_title_that_was_given_goes_along_and_an_automatic_one_does_not() -> None:
    film = [dict(one) for one in FILM]
    for one in film:
        if one["level"] == "scene" and one["start_frame"] == 250:
            one |= {"title": "Sea", "title_source": "human"}
        if one["level"] == "scene" and one["start_frame"] == 500:
            one |= {"title": "waves", "title_source": "speech"}
    found = with_coarser({"shots": at(0, 248, 502)}, film, fps=25.0)

    assert found["scenes"] == [{"start_frame": 0}, {"start_frame": 248, "title": "Sea"}, {"start_frame": 502}]


def test_the_extent_of_a_transition_counts_as_near() -> None:
    film = segments(chapter=[0], scene=[0, 250], shot=[0, 250])
    faded = [one | {"start_boundary": {"kind": "fade", "from_frame": 230, "to_frame": 270}} for one in film]
    entry = {"start_frame": 280, "kind": "dissolve", "from_frame": 260, "to_frame": 300}

    assert made(faded, shots=at(0, 269))["scenes"] == [0, 269]
    assert made(film, shots=[*at(0), entry])["scenes"] == [0, 280]
    assert made(film, shots=at(0, 262))["scenes"] == [0, 262], "half a second"


def test_the_nearest_start_is_taken_and_each_once() -> None:
    film = segments(chapter=[0], scene=[0, 250, 256], shot=[0, 250, 256])

    assert made(film, shots=at(0, 245, 253, 260))["scenes"] == [0, 253, 260]
    with pytest.raises(UsageError, match="A scene starts at frame 256,"):
        made(film, shots=at(0, 253))


def test_starts_that_are_gone_are_named() -> None:
    with pytest.raises(UsageError) as refused:
        made(FILM, shots=at(0, 100, 263, 600))
    assert refused.value.message.startswith(
        "A scene starts at frame 250, 500, where no shot starts in the file, nor near it. "
        "Keep a start there; or correct the scenes first (--level scene)"
    )
    many = segments(chapter=[0], scene=list(range(0, 900, 100)), shot=list(range(0, 900, 100)))
    with pytest.raises(UsageError, match="100, 200, 300, 400, 500 and 3 more,"):
        made(many, shots=at(0))
