"""Settings of one video: the library's ranges and the schema say the same, and errors name the key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields

import pytest

from actors.segmentation.settings import (
    CHOICES,
    RANGES,
    TRACKS_VERSION,
    AnalysisSettings,
    FusionSettings,
    WordSettings,
    split,
    tracks_hash,
    word_settings,
)
from cluster.errors import InvalidSettingsError
from cluster.segment_settings import check_part, parse_assignments, preset_names, resolve, schema

LIBRARY = {f.name: f for f in (*fields(AnalysisSettings), *fields(FusionSettings), *fields(WordSettings))}


def test_schema_and_library_know_the_same_settings() -> None:
    properties = schema()["properties"]

    assert set(properties) - {"preset"} == set(LIBRARY)
    for name, field in LIBRARY.items():
        assert properties[name]["default"] == field.default
        assert properties[name]["description"]
        if name in CHOICES:
            assert tuple(properties[name]["enum"]) == CHOICES[name]
            assert field.default == CHOICES[name][0]
            continue
        bounded = properties[name].get("items", properties[name])
        assert (bounded["minimum"], bounded["maximum"]) == RANGES[name]


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_is_complete_and_valid_for_the_library(preset: str) -> None:
    settings = resolve(preset, {})

    assert set(settings) == set(LIBRARY) | {"preset"}
    assert settings["preset"] == preset
    split(settings)


def test_overrides_win_over_the_preset_and_the_preset_over_defaults() -> None:
    film = resolve("film", {})
    own = resolve("film", {"min_scene_s": 7})

    assert film["chapter_length_s"] != resolve(None, {})["chapter_length_s"]
    assert own["min_scene_s"] == 7
    assert own["chapter_length_s"] == film["chapter_length_s"]


def test_a_preset_may_be_named_among_the_settings() -> None:
    assert resolve(None, {"preset": "talk"}) == resolve("talk", {})


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"no_such": 1}, ("no_such", "shot_sensitivity")),
        ({"min_shot_s": -1}, ("min_shot_s", "0", "60", "-1")),
        ({"audio_weight": "much"}, ("audio_weight", "number", "much")),
        ({"video_stream": 1.5}, ("video_stream", "whole number")),
        ({"shot_sensitivity": True}, ("shot_sensitivity", "true")),
        ({"scene_length_s": float("nan")}, ("scene_length_s", "NaN")),
        ({"jump_cuts": "never"}, ("jump_cuts", "one of split, ignore", "never")),
        ({"words": "some"}, ("words", "one of all, speech, screen, off", "some")),
        ({"jump_cuts": True}, ("jump_cuts", "one of split, ignore", "true")),
        ({"preset": "opera"}, ("preset", "film", "opera")),
        ({"from_s": -1}, ("from_s", "0", "null", "-1")),
        ({"from_s": 60, "to_s": 60}, ("to_s", "after from_s", "60")),
        ({"scenes": 0}, ("scenes", "whole number", "1", "1000")),
        ({"scenes": 3, "chapters": 4}, ("chapters", "at most scenes", "3", "4")),
        ({"ignore": [10, 20, 300, 80]}, ("ignore", "4 numbers from 0 to 1", "divided by", "300")),
        ({"ignore": [0.1, 0.2, 0.3]}, ("ignore", "4 numbers", "[x, y, width, height]")),
        ({"ignore": "logo"}, ("ignore", "4 numbers", "logo")),
        ({"ignore": [0.1, 0.2, float("nan"), 0.1]}, ("ignore", "4 numbers", "NaN")),
        ({"ignore": [0.8, 0, 0.3, 0.1]}, ("ignore", "x + width is 1.1")),
        ({"ignore": [0.8, 0.5, 0.1, 0.6]}, ("ignore", "y + height is 1.1")),
        ({"ignore": [0.8, 0.5, 0, 0.1]}, ("ignore", "width must be more than 0")),
        ({"ignore": [0, 0, 1, 0.8]}, ("ignore", "covers 0.8", "0.75")),
    ],
)
def test_an_error_names_the_key_and_what_it_takes(
    overrides: dict[str, object], words: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        resolve(None, overrides)

    assert all(word in refused.value.message for word in words), refused.value.message


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(InvalidSettingsError, match="opera"):
        resolve("opera", {})


def test_assignments_of_the_command_line() -> None:
    given = parse_assignments(
        ["min_scene_s=5", "audio_stream = null", "preset=film", "ignore=0.8, 0,0.2,0.1"]
    )

    assert given == {
        "min_scene_s": 5,
        "audio_stream": None,
        "preset": "film",
        "ignore": [0.8, 0, 0.2, 0.1],
    }
    assert parse_assignments(["ignore=[0.8,0,0.2,0.1]", "preset=a,b"]) == {
        "ignore": [0.8, 0, 0.2, 0.1],
        "preset": "a,b",
    }
    with pytest.raises(InvalidSettingsError, match="KEY=VALUE"):
        parse_assignments(["min_scene_s"])
    for text in ("9" * 5000, "[" * 100_000):
        assert parse_assignments([f"scenes={text}"]) == {"scenes": text}


@pytest.mark.parametrize("name", sorted(RANGES))
def test_the_library_checks_ranges_itself(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        split({name: RANGES[name][1] * 2 + 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"from_s": 60, "to_s": 60},
        {"scenes": 3, "chapters": 4},
        {"scenes": 2.5},
        {"ignore": [0.1, 0.2, 0.3]},
        {"ignore": [0.8, 0, 0.3, 0.1]},
        {"ignore": [0, 0, 1, 0.8]},
        {"ignore": [0, 0, 0.5, 0.0]},
        {"ignore": [0, 0, 0.5, float("nan")]},
        {"ignore": [0, 0, 0.5, True]},
        {"ignore": 0.5},
        {"shot_sensitivity": None},
        {"jump_cuts": "never"},
        {"jump_cuts": ["ignore"]},
        {"jump_cuts": None},
        {"from_s": True},
    ],
)
def test_the_library_checks_what_belongs_together_itself(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=list(wrong)[-1]):
        split(wrong)


def test_jump_cuts_divide_shots_unless_they_are_to_be_ignored() -> None:
    assert FusionSettings().jump_cuts == "split"
    assert split(resolve("talk", parse_assignments(["jump_cuts=ignore"])))[1].jump_cuts == "ignore"


def test_whole_numbers_may_be_written_with_a_point() -> None:
    given = resolve(None, {"scenes": 6.0, "audio_stream": 1.0})

    analysis, fusion = split(given)
    assert (repr(fusion.scenes), repr(analysis.audio_stream)) == ("6", "1")


MEDIA = {"start_s": 10.0, "duration_s": 50.0}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"from_s": 60}, "from_s must lie before the end: the video lasts from 10 to 60 s, and 60 is behind"),
        ({"to_s": 10}, "to_s must lie after the start: the video lasts from 10 to 60 s, and 10 is before"),
    ],
)
def test_a_part_outside_of_a_video_says_where_the_video_is(part: dict[str, float], said: str) -> None:
    with pytest.raises(InvalidSettingsError, match=said):
        check_part(resolve(None, part), MEDIA)


@pytest.mark.parametrize("part", [{}, {"from_s": 0, "to_s": 11}, {"from_s": 59, "to_s": 99}])
def test_a_part_that_reaches_into_the_video_is_taken(part: dict[str, float]) -> None:
    check_part(resolve(None, part), MEDIA)


@pytest.mark.parametrize("rectangle", [[0.75, 0, 0.25, 1], [0, 0, 1, 0.75], [1 / 3, 0, 2 / 3, 0.1]])
def test_a_rectangle_may_reach_the_edges(rectangle: list[float]) -> None:
    analysis, _ = split(resolve(None, {"ignore": rectangle}))

    assert analysis.ignore == tuple(rectangle)


def test_the_library_refuses_unknown_settings() -> None:
    with pytest.raises(ValueError, match="colour"):
        split({"colour": 1})


def test_only_what_is_decoded_changes_the_tracks() -> None:
    first, _ = split(resolve("film", {}))
    second, _ = split(resolve("talk", {"scene_sensitivity": 1, "from_s": 5, "scenes": 3, "chapters": 2}))
    other, _ = split(resolve("talk", {"audio_stream": 2}))
    decoded, _ = split(resolve("talk", {"decoding": "every"}))

    assert tracks_hash(first) == tracks_hash(second)
    assert len({tracks_hash(one) for one in (first, other, decoded)}) == 3


def test_a_rectangle_to_ignore_changes_the_tracks_and_none_does_not() -> None:
    """Tracks stored before there was such a setting are found by the hash that they were stored under."""
    before = json.dumps(
        {"version": TRACKS_VERSION, "video_stream": None, "audio_stream": None, "decoding": "auto"},
        sort_keys=True,
    )
    corner, _ = split({"ignore": [0.75, 0, 0.25, 0.25]})
    the_same, _ = split({"ignore": [0.75, 0.0, 0.25, 0.25]})

    assert tracks_hash(AnalysisSettings()) == hashlib.sha256(before.encode()).hexdigest()[:16]
    assert tracks_hash(corner) == tracks_hash(the_same) != tracks_hash(AnalysisSettings())


def test_words_change_neither_segments_nor_tracks() -> None:
    off = resolve("default", {"words": "off"})

    assert split(off) == split(resolve("default", {}))
    assert not word_settings(off).spoken
    assert word_settings({}).spoken
    assert word_settings(resolve("default", {"words": "speech"})).spoken
    with pytest.raises(ValueError, match="words must be one of"):
        WordSettings("some")
