"""Exports of some segments of a film: only these, end to end on a timeline, each where the source has it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest
import webvtt

from serve_app.exports import FORMATS
from serve_app.exports.cuts import cut_list
from serve_app.exports.edl import write_edl
from serve_app.exports.fcp7xml import write_fcp7xml
from serve_app.exports.fcpxml import write_fcpxml
from serve_app.exports.material import Export
from serve_app.exports.otio_file import write_otio
from serve_app.exports.resolve_markers import write_resolve_markers
from tests.support.exports import film, frames, frames_of

BOUNDS = [0, 50, 125, 250, 300, 400, 500]
"""Six shots at 25 frames a second; the scenes begin at 0, 125 and 300."""
ONLY = frozenset({1, 3, 4})
"""A dissolve leads from shot 0 to 1 and from 3 to 4: of these only the second is between wanted shots."""
SPANS = [(50, 125), (250, 300), (300, 400)]


@pytest.fixture
def some() -> Export:
    kinds = {50: ("dissolve", 40, 60), 300: ("dissolve", 290, 310)}
    made = film(BOUNDS, kinds=kinds, scenes=[125, 300], frames=500, duration_s=20.0)
    return replace(made, level="shot", only=ONLY)


def rows(made: Export, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(str(FORMATS[name].write(made)), newline="")))


def test_the_timeline_has_the_wanted_ones_end_to_end(some: Export) -> None:
    cuts = cut_list(some)

    assert [(clip.start, clip.end) for clip in cuts.clips] == SPANS
    assert [(clip.record, clip.record_end) for clip in cuts.clips] == [(0, 75), (75, 125), (125, 225)]
    assert [clip.half for clip in cuts.clips] == [0, 0, 10]
    assert (cuts.length, cuts.total, cuts.first) == (225, 500, 0)


def test_coarser_levels_reach_over_their_wanted_shots_and_others_are_left_out(some: Export) -> None:
    def markers(made: Export) -> list[tuple[str, int, int, int]]:
        found = cut_list(made).markers
        return [(one.segment.level, one.segment.index, one.start, one.end) for one in found]

    assert markers(some) == [
        ("chapter", 0, 0, 225),
        ("scene", 0, 0, 75),
        ("scene", 1, 75, 125),
        ("scene", 2, 125, 225),
    ]
    assert markers(replace(some, only=frozenset({2, 3}))) == [("chapter", 0, 0, 175), ("scene", 1, 0, 175)]


def test_every_number_at_once_is_the_whole(some: Export) -> None:
    whole = replace(some, only=None)
    every = replace(some, only=frozenset(range(6)))

    for name, kind in FORMATS.items():
        if kind.takes_segments:
            assert kind.write(every) == kind.write(whole), name


def test_an_edl_counts_record_times_from_event_to_event(some: Export) -> None:
    text = write_edl(some)

    (track,) = otio.adapters.read_from_string(text, "cmx_3600", rate=25.0).tracks
    clips = [item for item in track if isinstance(item, otio.schema.Clip)]
    assert [frames(clip) for clip in clips] == [(50, 125), (250, 290), (290, 400)]
    assert "00:00:02:00 00:00:05:00 00:00:00:00 00:00:03:00" in text
    assert "00:00:10:00 00:00:11:15 00:00:03:00 00:00:04:15" in text
    assert "D    020 00:00:11:15 00:00:16:00 00:00:04:15 00:00:09:00" in text
    assert "* LOC: 00:00:05:00 CYAN    Scene 3: speech" in text


def test_otio_has_no_gap_and_knows_the_whole_source(some: Export) -> None:
    timeline = otio.adapters.read_from_string(write_otio(some), "otio_json")

    for track in timeline.tracks:
        clips = [item for item in track if isinstance(item, otio.schema.Clip)]
        assert [frames(clip) for clip in clips] == SPANS
        assert {frames_of(clip.media_reference.available_range) for clip in clips} == {(0, 500)}
        assert [round(track.range_of_child(clip).start_time.value) for clip in clips] == [0, 75, 125]
    assert [frames_of(one.marked_range) for one in timeline.tracks.markers] == [
        (0, 225),
        (0, 75),
        (75, 125),
        (125, 225),
    ]


def test_fcpxml_has_no_gap_and_its_markers_are_on_the_clock_of_the_clips(some: Export) -> None:
    root = ET.fromstring(write_fcpxml(some))

    def seconds(element: ET.Element, name: str) -> Fraction:
        return Fraction(element.attrib[name].removesuffix("s"))

    clips = [
        [seconds(clip, name) for name in ("offset", "start", "duration")] for clip in root.iter("asset-clip")
    ]
    assert clips == [[0, 2, 3], [3, 10, 2], [5, 12, 4]]
    (sequence,), (mix,) = list(root.iter("sequence")), list(root.iter("transition"))
    assert (seconds(sequence, "duration"), seconds(mix, "offset")) == (9, Fraction(115, 25))
    assert [seconds(marker, "start") for marker in root.iter("marker")] == [10, 12]
    assert [seconds(marker, "start") for marker in root.iter("chapter-marker")] == [2]


def test_fcp7xml_has_no_gap_and_markers_on_its_timeline(some: Export) -> None:
    root = ET.fromstring(write_fcp7xml(some))

    def texts(path: str, *names: str) -> list[list[str | None]]:
        return [[element.findtext(name) for name in names] for element in root.iterfind(path)]

    items = texts("sequence/media/video/track/clipitem", "start", "end", "in", "out")
    assert items == [["0", "75", "50", "125"], ["75", "-1", "250", "310"], ["-1", "225", "290", "400"]]
    assert texts("sequence/media/video/track/transitionitem", "start", "end") == [["115", "135"]]
    assert texts("sequence/media/audio/track/clipitem", "start", "end")[:3] == [
        ["0", "75"],
        ["75", "125"],
        ["125", "225"],
    ]
    assert texts("sequence/marker", "in", "out") == [["0", "225"], ["0", "75"], ["75", "125"], ["125", "225"]]
    assert root.findtext("sequence/duration") == "225"


def test_markers_for_resolve_stay_where_the_film_has_them(some: Export) -> None:
    text = write_resolve_markers(replace(some, level="scene", only=frozenset({1, 2})))

    assert [line.split()[4] for line in text.splitlines() if line.startswith("00")] == [
        "00:00:05:00",
        "00:00:12:00",
    ]
    assert [line.rpartition("D:")[2] for line in text.splitlines() if "|M:" in line] == ["175", "200"]


def test_tables_and_lists_have_the_wanted_rows_with_their_own_numbers(some: Export) -> None:
    assert [(row["level"], row["index"]) for row in rows(some, "csv")] == [
        ("shot", "1"),
        ("shot", "3"),
        ("shot", "4"),
    ]
    document = json.loads(str(FORMATS["json"].write(some)))
    assert [segment["index"] for segment in document["segments"]] == [1, 3, 4]
    assert str(FORMATS["keyframes"].write(some)).splitlines()[2:] == ["50", "250", "300"]


def test_chapters_of_players_end_where_they_end(some: Export) -> None:
    cues = webvtt.from_string(str(FORMATS["webvtt"].write(some)))
    assert [(cue.start, cue.end) for cue in cues] == [
        ("00:00:02.000", "00:00:05.000"),
        ("00:00:10.000", "00:00:12.000"),
        ("00:00:12.000", "00:00:16.000"),
    ]
    lines = str(FORMATS["ffmetadata"].write(some)).splitlines()
    times = [line for line in lines if line.startswith(("START", "END"))]
    assert times == ["START=2000", "END=5000", "START=10000", "END=12000", "START=12000", "END=16000"]
    root = ET.fromstring(str(FORMATS["mkvchapters"].write(some)))
    ends = [end.text for end in root.iter("ChapterTimeEnd")]
    assert ends == ["00:00:05.000000000", "00:00:12.000000000", "00:00:16.000000000"]


def test_a_film_whose_rate_no_editor_knows_has_the_same_frames_in_part_as_in_whole() -> None:
    times_s = [frame * 0.0123 for frame in range(501)]
    whole = film(BOUNDS, times_s=times_s, fps=81.3, level="shot")
    spans = [(clip.start, clip.end) for clip in cut_list(whole).clips]

    some = cut_list(replace(whole, only=frozenset({2, 5}))).clips
    assert [(clip.start, clip.end) for clip in some] == [spans[2], spans[5]]
