"""Timelines name the source's frames as the source does: by its timecode, and from where its file begins.

Read back by OpenTimelineIO, its adapters, a strict reader of EDLs and FFmpeg, and held against the document
type of FCPXML.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import av
import opentimelineio as otio
import pytest

from actors.segmentation.planning.plan import build_plan
from serve_app.exports import FORMATS
from serve_app.exports.csv_file import write_csv
from serve_app.exports.cuts import cut_list
from serve_app.exports.edl import write_edl
from serve_app.exports.fcpxml import write_fcpxml
from serve_app.exports.material import Export
from serve_app.exports.otio_file import write_otio
from tests.support import edl, fcpxml
from tests.support.exports import NTSC, film, frames, frames_of
from tests.support.media import read_number
from tests.support.timecodes import LABELLED, Labelled, late_picture

BOUNDS = [0, 2, 1798, 1800, 1802, 3600]
NTSC_FILM = Fraction(24_000, 1001)
HOUR_S = 3600


@dataclass(frozen=True)
class Source:
    """A film of `fps` frames/s whose first frame has a timecode.

    begin: number of that frame, counted from midnight at the timeline's rate. rate: of the timeline, counts:
    frames/s of the timecode; default both those of the film.
    """

    fps: Fraction
    timecode: str
    begin: int
    rate: Fraction | None = None
    counts: Fraction | None = None
    drop: bool = False

    def __str__(self) -> str:
        return f"{float(self.fps):.5g}-{self.timecode}-{float(self.counts or self.fps):.5g}"

    @property
    def timeline_rate(self) -> Fraction:
        return self.rate or self.fps

    def export(self) -> Export:
        told = {
            "timecode": self.timecode,
            "timecode_drop": ";" in self.timecode,
            "timecode_fps": float(self.counts or self.fps),
        }
        return film(BOUNDS, fps=self.fps, scenes=[1800], start_s=0.54, **told)

    @property
    def bounds(self) -> list[int]:
        return [round(bound * self.timeline_rate / self.fps) for bound in BOUNDS]


SOURCES = [
    Source(Fraction(25), "10:00:00:00", 10 * HOUR_S * 25),
    Source(Fraction(25), "00:00:00:00", 0),
    Source(Fraction(25), "23:58:59:24", 24 * HOUR_S * 25 - 60 * 25 - 1),
    Source(Fraction(24), "01:00:00:00", HOUR_S * 24),
    Source(NTSC_FILM, "01:00:00:00", HOUR_S * 24),
    Source(NTSC_FILM, "13:14:15:16", (13 * HOUR_S + 14 * 60 + 15) * 24 + 16),
    Source(NTSC, "01:00:00:00", HOUR_S * 30),
    Source(NTSC, "01:00:00;00", 107_892, drop=True),
    Source(NTSC, "00:00:59;29", 1799, drop=True),
    Source(NTSC, "00:01:00;02", 1800, drop=True),
    Source(NTSC, "00:10:00;00", 17_982, drop=True),
    Source(Fraction(30), "01:00:00:29", HOUR_S * 30 + 29),
    Source(Fraction(50), "10:00:00:49", 10 * HOUR_S * 50 + 49),
    Source(Fraction(50), "10:00:00:24", 10 * HOUR_S * 50 + 48, counts=Fraction(25)),
    Source(2 * NTSC, "01:00:00;00", 2 * 107_892, drop=True),
    Source(2 * NTSC, "01:00:00;00", 2 * 107_892, counts=NTSC, drop=True),
    Source(2 * NTSC, "00:01:00;02", 3600, counts=NTSC, drop=True),
    Source(2 * NTSC, "01:00:00:00", HOUR_S * 60, counts=NTSC),
    Source(Fraction(60), "01:00:00:59", HOUR_S * 60 + 59),
    Source(Fraction(15), "01:00:00:14", HOUR_S * 30 + 28, rate=Fraction(30)),
    Source(Fraction(100), "01:00:00:98", HOUR_S * 50 + 49, rate=Fraction(50)),
    Source(4 * NTSC, "01:00:00;08", 2 * 107_892 + 4, rate=2 * NTSC, drop=True),
    Source(Fraction(25), "01:00:00;12", HOUR_S * 25 + 10, counts=NTSC),
]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_an_edl_begins_at_the_source_s_timecode(source: Source) -> None:
    rate = float(source.timeline_rate)
    text = write_edl(source.export())

    read = edl.read(text, rate)

    day = 24 * HOUR_S * round(source.timeline_rate)
    assert read.drop is source.drop
    assert [event.source[0] for event in read.events] == [
        (source.begin + b) % day for b in source.bounds[:-1]
    ]
    assert [event.record for event in read.events] == list(pairwise(source.bounds))
    if source.begin + source.bounds[-1] < day:
        track = otio.adapters.read_from_string(text, "cmx_3600", rate=rate).tracks[0]
        spans = list(pairwise(source.begin + bound for bound in source.bounds))
        assert [frames(clip) for clip in track] == spans


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_otio_begins_at_the_source_s_timecode(source: Source) -> None:
    timeline = otio.adapters.read_from_string(write_otio(source.export()), "otio_json")

    for track in timeline.tracks:
        clips = list(track.find_clips())
        assert [frames(clip) for clip in clips] == list(pairwise(source.begin + b for b in source.bounds))
        assert {frames_of(clip.available_range()) for clip in clips} == {
            (source.begin, source.begin + source.bounds[-1])
        }
        in_track = [round(track.range_of_child(clip).start_time.value) for clip in clips]
        assert in_track == source.bounds[:-1]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_fcpxml_begins_at_the_source_s_timecode(source: Source) -> None:
    root = ET.fromstring(write_fcpxml(source.export()))
    fcpxml.check_structure(root)

    frame = 1 / source.timeline_rate
    asset = root.find("resources/asset")
    assert asset is not None
    start, duration = (fcpxml.seconds(asset.attrib[name]) for name in ("start", "duration"))
    assert (start, duration) == (source.begin * frame, source.bounds[-1] * frame)
    clips = list(root.iter("asset-clip"))
    places = [
        [fcpxml.seconds(clip.attrib[name]) for name in ("start", "offset", "duration")] for clip in clips
    ]
    assert [place[0] - start for place in places] == [bound * frame for bound in source.bounds[:-1]]
    assert [place[1] for place in places] == [bound * frame for bound in source.bounds[:-1]]
    assert all(start <= place[0] and place[0] + place[2] <= start + duration for place in places)
    marks = [
        (clip, mark) for clip in clips for mark in clip.iter() if mark.tag in ("marker", "chapter-marker")
    ]
    assert len(marks) == 2
    assert all(mark.attrib["start"] == clip.attrib["start"] for clip, mark in marks)
    formats = {e.attrib["tcFormat"] for e in root.iter() if "tcFormat" in e.attrib}
    assert formats == {"DF" if source.drop else "NDF"}


@pytest.mark.parametrize("source", SOURCES[:12], ids=str)
def test_a_csv_has_the_timecodes_of_its_segments(source: Source) -> None:
    rate = float(source.timeline_rate)
    rows = list(csv.DictReader(io.StringIO(write_csv(source.export()), newline="")))

    day = 24 * HOUR_S * round(source.timeline_rate)
    shots = [row for row in rows if row["level"] == "shot"]
    for name, bounds in (("start_timecode", source.bounds[:-1]), ("end_timecode", source.bounds[1:])):
        told = [round(otio.opentime.from_timecode(row[name], rate).value) for row in shots]
        assert told == [(source.begin + bound) % day for bound in bounds]


def test_a_csv_of_a_film_without_timecode_has_none() -> None:
    rows = list(csv.DictReader(io.StringIO(write_csv(film([0, 50])), newline="")))

    assert {row["start_timecode"] + row["end_timecode"] for row in rows} == {""}


@pytest.mark.parametrize("name", FORMATS)
def test_what_an_earlier_version_stored_is_exported_as_before(name: str) -> None:
    """Descriptions of files had no timecode, no shape of pixels and no start of the sound then."""
    text = FORMATS[name].write(film([0, 50, 100], fps=NTSC))
    whole = text if isinstance(text, str) else "".join(text)

    if name == "edl":
        assert "FCM: DROP FRAME" in whole
        assert "V     C        00:00:00;00 00:00:01;20 00:00:00;00 00:00:01;20" in whole
    if name == "fcpxml":
        assert 'start="0s"' in whole
        assert "pasp" not in whole


@pytest.mark.parametrize("made", LABELLED, ids=str)
def test_a_file_s_timecode_goes_all_the_way(made: Labelled, tmp_path: Path) -> None:
    plan = build_plan(made.write(tmp_path))
    told = film([0, plan.frames], **plan.media.contract() | {"fps": plan.media.fps})

    read = edl.read(write_edl(told), float(made.rate))

    expected = otio.opentime.from_timecode(made.told, float(made.rate)).value
    assert (read.drop, read.events[0].source[0]) == (made.drop, round(expected))


def exported_late(path: Path) -> tuple[Export, list[int]]:
    """A film with a cut at frame 30, as it is exported, and first frames of its shots."""
    media = build_plan(path).media
    bounds = [0, 30, media.frames]
    told = media.contract()
    return film(bounds, start_s=media.start_s, **{k: v for k, v in told.items() if k != "start_s"}), bounds[
        :-1
    ]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "nut"])
@pytest.mark.parametrize("late_s", [1, 2, 7])
@pytest.mark.parametrize("timecode", [None, "10:00:00:00"])
def test_tools_find_the_frames_of_a_picture_that_starts_after_the_sound(
    suffix: str, late_s: int, timecode: str | None, tmp_path: Path
) -> None:
    """As FFmpeg finds a second of a file: counted from the earliest of its streams."""
    path = late_picture(tmp_path, suffix, late_s=late_s, timecode=timecode)
    made, first_frames = exported_late(path)

    asset = ET.fromstring(write_fcpxml(made)).find("resources/asset")
    assert asset is not None
    begin_s = fcpxml.seconds(asset.attrib["start"])
    clips = ET.fromstring(write_fcpxml(made)).iter("asset-clip")
    by_fcpxml = [fcpxml.seconds(clip.attrib["start"]) - begin_s for clip in clips]
    by_edl = [Fraction(e.source[0], 25) - begin_s for e in edl.read(write_edl(made), 25.0).events]

    assert by_fcpxml == by_edl
    assert [shown_at(path, time_s) for time_s in by_fcpxml] == first_frames


def shown_at(path: Path, time_s: Fraction) -> int:
    """The number in the picture that is shown so many seconds after the file begins."""
    with av.open(str(path)) as container:
        begin_s = Fraction(container.start_time or 0, av.time_base)
        shown = -1
        for frame in container.decode(video=0):
            if frame.pts * frame.time_base - begin_s > time_s + Fraction(1, 100):
                break
            shown = read_number(frame.to_ndarray(format="rgb24"))
        return shown


@pytest.mark.parametrize(
    ("start_s", "audio_start_s", "picture"),
    [
        (2.0, 0.0, 50),
        (2.0, None, 0),
        (0.0, 2.0, 0),  # the picture comes first
        (0.021, 0.0, 0),  # a preroll of the sound's decoder
        (0.0, -0.021, 0),
        (2.0, -0.021, 50),
        (3.4, 1.4, 0),  # a broadcast: the clock does not begin with the file
        (0.2, 0.0, 5),
    ],
)
def test_where_a_file_begins(start_s: float, audio_start_s: float | None, picture: int) -> None:
    source = cut_list(film([0, 50], start_s=start_s, audio_start_s=audio_start_s)).source

    assert (source.begin, source.picture) == (0, picture)


def test_a_timecode_near_midnight_has_no_frames_before_it() -> None:
    """Of a tag, which is that of the first picture: the sound before it would begin on the day before."""
    told = {"timecode": "00:00:01:00", "timecode_drop": False, "timecode_fps": 25.0}

    source = cut_list(film([0, 50], start_s=2.0, audio_start_s=0.0, **told)).source

    assert (source.begin, source.picture) == (0, 25)
