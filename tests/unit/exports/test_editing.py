"""EDL, OTIO and FCPXML, read by OpenTimelineIO and its adapters, and by what their specifications say."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve_app.exports.edl import reel_of, write_edl
from serve_app.exports.fcpxml import write_fcpxml
from serve_app.exports.material import Export
from serve_app.exports.otio_file import write_otio
from tests.support.exports import BOUNDS, NTSC, ODD_NAMES, RATES, film, frames, frames_of

EVENT = re.compile(
    r"(\d{3,})  (\S{1,8}) +V +(C|D|W001) +(?:(\d{3}) )?"
    r"(\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d)"
)


def read_edl(text: str, rate: Fraction) -> Any:
    return otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("start_s", [0.0, 0.54])
def test_an_edl_has_every_boundary_on_its_frame(rate: Fraction, start_s: float) -> None:
    text = write_edl(film(BOUNDS, fps=rate, start_s=start_s))

    track = read_edl(text, rate).tracks[0]

    assert [frames(clip) for clip in track] == list(pairwise(BOUNDS))
    assert [round(track.range_of_child(clip).start_time.value) for clip in track] == BOUNDS[:-1]


@pytest.mark.parametrize(
    ("rate", "mode", "timecode"),
    [
        (NTSC, "DROP FRAME", "00:01:00;04"),
        (2 * NTSC, "DROP FRAME", "00:00:30;02"),
        (Fraction(30), "NON-DROP FRAME", "00:01:00:02"),
        (Fraction(24_000, 1001), "NON-DROP FRAME", "00:01:15:02"),
    ],
)
def test_an_edl_says_how_it_counts(rate: Fraction, mode: str, timecode: str) -> None:
    lines = write_edl(film(BOUNDS, fps=rate)).split("\r\n")

    assert lines[1] == f"FCM: {mode}"
    assert sum(timecode in line for line in lines) == 2  # out of one event, into the next


def test_dissolves_and_wipes_are_transitions_around_the_boundary() -> None:
    kinds = {100: ("dissolve", 88, 112), 200: ("wipe", 190, 210), 300: ("fade", 290, 310)}
    text = write_edl(film([0, 100, 200, 300, 400], kinds=kinds))

    track = read_edl(text, Fraction(25)).tracks[0]

    shape = [frames(item) if isinstance(item, otio.schema.Clip) else "mix" for item in track]
    assert shape == [(0, 88), "mix", (88, 190), "mix", (190, 300), (300, 400)]
    mixes = [item for item in track if isinstance(item, otio.schema.Transition)]
    assert [(mix.transition_type, mix.out_offset.value) for mix in mixes] == [
        ("SMPTE_Dissolve", 24),
        ("SMPTE_Wipe", 20),
    ]
    assert "D    024 00:00:03:13" in text
    assert "W001 020 00:00:07:15" in text


@settings(max_examples=40, deadline=None)
@given(lengths=st.lists(st.integers(1, 60), min_size=2, max_size=12), data=st.data())
def test_readers_find_every_boundary_whatever_is_mixed(lengths: list[int], data: st.DataObject) -> None:
    bounds = [0, *accumulate(lengths)]
    kinds = {
        frame: (
            data.draw(st.sampled_from(["cut", "dissolve", "wipe", "fade", "audio"])),
            data.draw(st.integers(max(0, frame - 70), frame)),
            data.draw(st.integers(frame, min(bounds[-1], frame + 70))),
        )
        for frame in bounds[1:-1]
    }
    made = film(bounds, kinds=kinds)

    edl = read_edl(write_edl(made), Fraction(25))
    timeline = otio.adapters.read_from_string(write_otio(made), "otio_json")

    starts, half = [], 0.0
    for item in edl.tracks[0]:
        if isinstance(item, otio.schema.Transition):
            half = item.out_offset.value / 2
        else:
            starts.append(item.source_range.start_time.value + half)
            half = 0.0
    assert starts == bounds[:-1]
    track = timeline.video_tracks()[0]
    assert [frames(clip) for clip in track.find_clips()] == list(pairwise(bounds))
    otio.algorithms.track_with_expanded_transitions(track)  # raises where a clip is too short for its mixes


def test_an_edl_of_a_thousand_events_numbers_them_all() -> None:
    bounds = list(range(0, 1205 * 3, 3))
    text = write_edl(film(bounds))

    numbers = [match[1] for line in text.split("\r\n") if (match := EVENT.match(line))]

    assert numbers == [f"{number:04}" for number in range(1, 1205)]
    assert len(read_edl(text, Fraction(25)).tracks[0]) == 1204


def test_an_edl_begins_anew_after_a_day() -> None:
    day = 25 * 86_400
    text = write_edl(film([0, day - 25, day + 25], times_s=_clock(25)))

    events = [EVENT.match(line) for line in text.split("\r\n") if EVENT.match(line)]

    assert [event.group(5, 6) for event in events if event] == [
        ("00:00:00:00", "23:59:59:00"),
        ("23:59:59:00", "00:00:01:00"),
    ]


def _clock(fps: int) -> Any:
    class Clock:
        def __getitem__(self, frame: int) -> float:
            return frame / fps

    return Clock()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_every_line_of_an_edl_is_an_event_or_a_comment(name: str) -> None:
    text = write_edl(film([0, 50, 100], kinds={50: ("dissolve", 40, 60)}, filename=name, label="a\r\nb"))

    lines = [line for line in text.split("\r\n") if line]
    assert lines[0].startswith("TITLE: ")
    assert all(EVENT.fullmatch(line) or line.startswith("* ") for line in lines[2:])
    assert {clip.name for clip in read_edl(text, Fraction(25)).tracks[0].find_clips()} == {name}


@pytest.mark.parametrize(
    ("stem", "reel"),
    [
        ("sintel_trailer-720p", "SINTEL_T"),
        ("Führung 3", "FUHRUNG"),
        ("映画", "AX"),
        ("bl", "BL_"),
        ("...", "AX"),
        ("A1", "A1"),
    ],
)
def test_reels_are_eight_plain_characters(stem: str, reel: str) -> None:
    assert reel_of(stem) == reel


def test_scenes_and_chapters_are_locators() -> None:
    text = write_edl(film([0, 50, 100, 150], scenes=[100]))

    clips = read_edl(text, Fraction(25)).tracks[0].find_clips()

    marks = [[(m.name, frames_of(m.marked_range)[0], m.color) for m in clip.markers] for clip in clips]
    assert marks == [
        [("Chapter 1: speech", 0, "RED"), ("Scene 1: speech", 0, "CYAN")],
        [],
        [("Scene 2: speech", 100, "CYAN")],
    ]


@pytest.mark.parametrize("rate", RATES)
def test_otio_has_every_boundary_on_its_frame(rate: Fraction) -> None:
    timeline = otio.adapters.read_from_string(write_otio(film(BOUNDS, fps=rate, start_s=0.54)), "otio_json")

    picture, sound = timeline.video_tracks()[0], timeline.audio_tracks()[0]
    for track in (picture, sound):
        assert [frames(clip) for clip in track.find_clips()] == list(pairwise(BOUNDS))
        assert {clip.source_range.duration.rate for clip in track.find_clips()} == {float(rate)}
    assert timeline.duration() == otio.opentime.RationalTime(BOUNDS[-1], float(rate))


def test_otio_mixes_within_what_the_clips_have() -> None:
    kinds = {100: ("dissolve", 88, 112), 200: ("wipe", 190, 210)}
    made = film([0, 100, 200, 300], kinds=kinds, scenes=[200], filename="my film.mp4")

    timeline = otio.adapters.read_from_string(write_otio(made), "otio_json")

    track = timeline.video_tracks()[0]
    mixes = [item for item in track if isinstance(item, otio.schema.Transition)]
    assert [(mix.in_offset.value, mix.out_offset.value) for mix in mixes] == [(12, 12), (10, 10)]
    # expect: the library itself can lay them out, and finds room
    expanded = otio.algorithms.track_with_expanded_transitions(track)
    assert len(expanded) == 5
    references = {clip.media_reference.target_url for clip in track.find_clips()}
    assert references == {"my%20film.mp4"}
    marks = [(mark.name, frames_of(mark.marked_range)) for mark in timeline.tracks.markers]
    assert marks == [
        ("Chapter 1: speech", (0, 300)),
        ("Scene 1: speech", (0, 200)),
        ("Scene 2: speech", (200, 300)),
    ]
    assert dict(track[0].metadata["scenestream"])["boundary"] == "start"


def test_only_the_picture_is_mixed_in_otio() -> None:
    text = write_otio(film([0, 100, 200], kinds={100: ("dissolve", 90, 110)}))

    picture, sound = otio.adapters.read_from_string(text, "otio_json").tracks

    assert [type(item).__name__ for item in picture] == ["Clip", "Transition", "Clip"]
    assert [type(item).__name__ for item in sound] == ["Clip", "Clip"]


@pytest.mark.parametrize(("codec", "tracks", "has_audio"), [("aac", 1, "1"), (None, 0, None)])
def test_sound_is_there_only_where_the_film_has_some(
    codec: str | None, tracks: int, has_audio: str | None
) -> None:
    made = film([0, 50, 100], audio_codec=codec)

    assert len(otio.adapters.read_from_string(write_otio(made), "otio_json").audio_tracks()) == tracks
    asset = ET.fromstring(write_fcpxml(made)).find("resources/asset")
    assert asset is not None
    assert (asset.get("hasAudio"), asset.get("audioSources")) == (has_audio, has_audio)


@pytest.mark.parametrize("write", [write_edl, write_otio, write_fcpxml])
@pytest.mark.parametrize("level", ["shot", "scene", "chapter"])
def test_one_segment_is_one_clip(write: Callable[[Export], str], level: Any) -> None:
    text = write(film([0, 50], level=level))

    assert text.count(f"{level.capitalize()} 1: speech") >= 1
    if write is write_edl:
        track = read_edl(text, Fraction(25)).tracks[0]
        assert [frames(clip) for clip in track] == [(0, 50)]


@pytest.mark.parametrize("write", [write_edl, write_otio, write_fcpxml])
def test_no_segments_are_no_error(write: Callable[[Export], str]) -> None:
    nothing = Export("film.mp4", media={}, settings={}, audio_track=[], segments=[], level="shot")

    assert "film" in write(nothing)


def test_an_edl_has_three_digits_for_the_frames_of_a_transition() -> None:
    made = film([0, 5000, 10_000], kinds={5000: ("dissolve", 3000, 7000)})

    events = [line for line in write_edl(made).splitlines() if line.startswith("0")]

    assert events == [
        "001  FILM     V     C        00:00:00:00 00:03:00:01 00:00:00:00 00:03:00:01",
        "002  FILM     V     C        00:03:00:01 00:03:00:01 00:03:00:01 00:03:00:01",
        "002  FILM     V     D    998 00:03:00:01 00:06:40:00 00:03:00:01 00:06:40:00",
    ]
