"""Exports of a film of which only a part is segmented: places in the source are the film's own."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from serve_app.exports.csv_file import write_csv
from serve_app.exports.cuts import cut_list
from serve_app.exports.edl import write_edl
from serve_app.exports.fcpxml import write_fcpxml
from serve_app.exports.ffmetadata import write_ffmetadata
from serve_app.exports.material import Export
from serve_app.exports.otio_file import write_otio
from serve_app.exports.page.document import write_html
from serve_app.exports.webvtt import write_webvtt
from tests.support.exports import film, frames, frames_of

BOUNDS = [250, 300, 375, 500]
"""Frames of a film of 1000 frames at 25 a second, which begins at 0.52 s on the file's clock."""


@pytest.fixture
def part() -> Export:
    kinds = {375: ("dissolve", 365, 385)}
    return film(BOUNDS, start_s=0.52, kinds=kinds, scenes=[375], frames=1000, duration_s=40.0)


def test_the_timeline_begins_with_the_part_and_the_source_with_the_film(part: Export) -> None:
    cuts = cut_list(part)

    assert [(clip.start, clip.end) for clip in cuts.clips] == list(pairwise(BOUNDS))
    assert (cuts.first, cuts.length, cuts.total) == (250, 250, 1000)
    assert [clip.half for clip in cuts.clips] == [0, 0, 10]


def test_an_edl_takes_the_source_where_it_is(part: Export) -> None:
    text = write_edl(part)

    track = otio.adapters.read_from_string(text, "cmx_3600", rate=25.0).tracks[0]
    clips = [item for item in track if isinstance(item, otio.schema.Clip)]
    assert [frames(clip) for clip in clips] == [(250, 300), (300, 365), (365, 500)]
    assert "00:00:10:00 00:00:12:00 00:00:00:00 00:00:02:00" in text
    assert "* LOC: 00:00:05:00 CYAN    Scene 2: speech" in text


def test_otio_takes_the_source_where_it_is_and_knows_the_whole_of_it(part: Export) -> None:
    timeline = otio.adapters.read_from_string(write_otio(part), "otio_json")

    for track in timeline.tracks:
        clips = [item for item in track if isinstance(item, otio.schema.Clip)]
        assert [frames(clip) for clip in clips] == list(pairwise(BOUNDS))
        assert {frames_of(clip.media_reference.available_range) for clip in clips} == {(0, 1000)}
        assert [round(track.range_of_child(clip).start_time.value) for clip in clips] == [0, 50, 125]
    assert [frames_of(m.marked_range) for m in timeline.tracks.markers] == [(0, 250), (0, 125), (125, 250)]


def test_fcpxml_takes_the_source_where_it_is_and_knows_the_whole_of_it(part: Export) -> None:
    root = ET.fromstring(write_fcpxml(part))

    clips = [
        [Fraction(clip.attrib[name].removesuffix("s")) for name in ("offset", "start", "duration")]
        for clip in root.iter("asset-clip")
    ]
    assert clips == [[0, 10, 2], [2, 12, 3], [5, 15, 5]]
    (asset,), (sequence,), (mix,) = (list(root.iter(name)) for name in ("asset", "sequence", "transition"))
    assert Fraction(asset.attrib["duration"].removesuffix("s")) == 40
    assert Fraction(sequence.attrib["duration"].removesuffix("s")) == 10
    assert Fraction(mix.attrib["offset"].removesuffix("s")) == Fraction(115, 25)
    (marker, chapter) = (next(root.iter(name)) for name in ("marker", "chapter-marker"))
    assert Fraction(chapter.attrib["start"].removesuffix("s")) == 10  # on the clip's clock
    assert Fraction(marker.attrib["start"].removesuffix("s")) == 15

    (timeline,) = otio.adapters.read_from_string(write_fcpxml(part), "fcpx_xml")
    assert next(frames(clip)[0] for clip in timeline.find_clips()) == 250


def test_chapters_for_ffmpeg_count_from_the_file_s_start(part: Export) -> None:
    text = write_ffmetadata(replace(part, level="scene"))

    times = [line for line in text.splitlines() if line.startswith(("START", "END"))]
    assert times == ["START=10000", "END=15000", "START=15000", "END=20000"]


def test_texts_have_the_times_that_players_show(part: Export) -> None:
    rows = list(csv.DictReader(io.StringIO(write_csv(part))))

    assert "00:00:10.520 --> 00:00:20.520" in write_webvtt(replace(part, level="chapter"))
    assert [row["start_frame"] for row in rows if row["level"] == "shot"] == ["250", "300", "375"]
    assert "0:00:10.520" in "".join(write_html(part))


def test_a_film_that_begins_at_zero_without_a_stated_start_is_counted_from_zero() -> None:
    made = film(BOUNDS, frames=1000, duration_s=40.0)
    media = {name: value for name, value in made.media.items() if name != "start_s"}

    assert cut_list(Export("film.mp4", media, {}, [], made.segments)).first == 250
