"""Final Cut Pro 7 XML, Resolve's markers, chapters of YouTube and Matroska, keyframes: by what reads them."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from serve_app.exports.fcp7xml import write_fcp7xml
from serve_app.exports.keyframes import write_keyframes
from serve_app.exports.mkvchapters import write_mkvchapters
from serve_app.exports.resolve_markers import write_resolve_markers
from serve_app.exports.youtube import write_youtube
from tests.support.exports import BOUNDS, NTSC, ODD_NAMES, RATES, film, frames


def read_xml(text: str) -> Any:
    return otio.adapters.read_from_string(text, "fcp_xml")


def text_of(element: ET.Element | None) -> str:
    assert element is not None
    assert element.text is not None
    return element.text


def whole(element: ET.Element, path: str) -> int:
    return int(text_of(element.find(path)))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("start_s", [0.0, 0.54])
def test_xml_is_read_by_its_adapter_on_the_same_frames(rate: Fraction, start_s: float) -> None:
    made = film(BOUNDS, fps=rate, start_s=start_s, scenes=[1799])

    timeline = read_xml(write_fcp7xml(made))

    (track,) = timeline.video_tracks()
    assert [frames(clip) for clip in track.find_clips()] == list(pairwise(BOUNDS))
    assert next(clip.name for clip in track.find_clips()) == "Shot 1: speech"
    left, right = timeline.audio_tracks()
    for sound in (left, right):
        assert [frames(clip) for clip in sound.find_clips()] == list(pairwise(BOUNDS))
    assert [marker.name for marker in timeline.tracks.markers] == [
        "Chapter 1: speech",
        "Scene 1: speech",
        "Scene 2: speech",
    ]


def test_a_dissolve_is_a_transition_between_longer_clips() -> None:
    made = film([0, 50, 100], kinds={50: ("dissolve", 44, 56)}, audio_codec=None)
    root = ET.fromstring(write_fcp7xml(made))

    first, second = root.findall("sequence/media/video/track/clipitem")
    (mix,) = root.findall("sequence/media/video/track/transitionitem")
    assert [whole(first, name) for name in ("start", "end", "in", "out")] == [0, -1, 0, 56]
    assert [whole(second, name) for name in ("start", "end", "in", "out")] == [-1, 100, 44, 100]
    assert (whole(mix, "start"), whole(mix, "end")) == (44, 56)
    (track,) = read_xml(write_fcp7xml(made)).video_tracks()
    assert [type(item).__name__ for item in track] == ["Clip", "Transition", "Clip"]
    assert root.find("sequence/media/audio") is None


def test_xml_tells_the_source_once_with_its_timecode() -> None:
    made = film([0, 50, 100], fps=NTSC, timecode="01:00:00;00", timecode_drop=True, timecode_fps=float(NTSC))
    root = ET.fromstring(write_fcp7xml(made))

    files = root.findall(".//clipitem/file")
    assert len({file.attrib["id"] for file in files}) == 1
    assert [len(file) > 0 for file in files].count(True) == 1
    assert text_of(root.find(".//file/timecode/string")) == "01:00:00;00"
    assert text_of(root.find(".//file/timecode/displayformat")) == "DF"
    assert text_of(root.find("sequence/rate/ntsc")) == "TRUE"
    assert whole(root, "sequence/rate/timebase") == 30
    clip = root.find("sequence/media/video/track/clipitem")
    assert clip is not None
    assert whole(clip, "in") == 0, "counted from the first frame of the file"


def test_picture_and_sound_of_a_clip_are_linked() -> None:
    root = ET.fromstring(write_fcp7xml(film([0, 50, 100])))
    ids = {item.attrib["id"] for item in root.iter("clipitem")}

    links = [text_of(link.find("linkclipref")) for link in root.iter("link")]

    assert len(ids) == 6
    assert set(links) == ids


def test_the_two_tracks_of_sound_are_a_stereo_pair() -> None:
    root = ET.fromstring(write_fcp7xml(film([0, 50, 100])))
    tracks = root.findall("sequence/media/audio/track")

    assert text_of(root.find("sequence/media/audio/numOutputChannels")) == "2"
    assert [text_of(one) for one in root.findall("sequence/media/audio/outputs/group/channel/index")] == [
        "1",
        "2",
    ]
    assert [whole(track, "outputchannelindex") for track in tracks] == [1, 2]
    for channel, track in enumerate(tracks, 1):
        assert {whole(item, "sourcetrack/trackindex") for item in track.iter("clipitem")} == {channel}
    first = root.find("sequence/media/video/track/clipitem")
    assert first is not None
    told = [(text_of(one.find("mediatype")), one.findtext("groupindex")) for one in first.iter("link")]
    assert told == [("video", None), ("audio", "1"), ("audio", "1")]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_stay_readable(name: str) -> None:
    made = film([0, 50], filename=name, label=name)

    assert text_of(ET.fromstring(write_fcp7xml(made)).find(".//file/name")) == name
    assert name in text_of(ET.fromstring(write_mkvchapters(made)).find(".//ChapterString"))
    assert len(write_youtube(made).splitlines()) == 1
    assert len(write_resolve_markers(made).split("\r\n")) == 6


@pytest.mark.parametrize("rate", RATES)
def test_markers_lie_on_the_frames_of_scenes(rate: Fraction) -> None:
    made = film(BOUNDS, fps=rate, scenes=[31, 1802])
    text = write_resolve_markers(made)

    events = re.findall(
        r"\d{3}  001      V     C        (\S+) \S+ (\S+) \S+\r\n \|C:(\w+) \|M:(.*?) \|D:(\d+)", text
    )

    base = float(rate)
    starts = [round(otio.opentime.from_timecode(event[1], base).value) for event in events]
    assert starts == [0, 31, 1802]
    assert [int(event[4]) for event in events] == [31, 1771, 16_198]
    assert {event[2] for event in events} == {"ResolveColorCyan"}
    assert [event[3] for event in events] == [f"Scene {n}: speech" for n in (1, 2, 3)]
    track = otio.adapters.read_from_string(text, "cmx_3600", rate=base).tracks[0]
    assert len(list(track.find_clips())) == 3


def test_markers_of_a_part_begin_with_it() -> None:
    assert " 00:00:00:00 00:00:00:01\r\n" in write_resolve_markers(film([100, 150, 200], scenes=[150]))


def test_youtube_takes_the_list() -> None:
    made = film([0, 250, 500, 600, 1000, 95_000], scenes=[250, 500, 600, 1000], start_s=0.54)

    lines = write_youtube(made).splitlines()

    assert lines == [
        "00:00 Scene 1: speech",
        "00:10 Scene 2: speech",
        "00:20 Scene 3: speech",
        "00:40 Scene 5: speech",
    ], "the scene of four seconds is left to the one before, and there are fewer than three chapters"


def test_youtube_gets_the_coarsest_list_that_it_takes() -> None:
    """Three scenes, of which one is too short, are two lines; the shots are more."""
    made = film([0, 500, 1000, 1100, 2000], scenes=[1000, 1100])

    assert [line.split(" ", 1)[1] for line in write_youtube(made).splitlines()] == [
        "Shot 1: speech",
        "Shot 2: speech",
        "Shot 3: speech",
    ]


def test_youtube_has_hours() -> None:
    made = film([0, 25 * 4000, 25 * 8000, 25 * 9000], scenes=[25 * 4000, 25 * 8000])

    assert write_youtube(made).splitlines()[1:] == ["1:06:40 Scene 2: speech", "2:13:20 Scene 3: speech"]


def test_matroska_has_scenes_inside_chapters() -> None:
    root = ET.fromstring(write_mkvchapters(film([0, 50, 100, 175], scenes=[100], start_s=1.0)))

    (chapter,) = root.findall("EditionEntry/ChapterAtom")
    assert text_of(chapter.find("ChapterTimeStart")) == "00:00:01.000000000"
    assert text_of(chapter.find("ChapterDisplay/ChapterString")) == "Chapter 1: speech"
    scenes = chapter.findall("ChapterAtom")
    assert [text_of(scene.find("ChapterTimeStart")) for scene in scenes] == [
        "00:00:01.000000000",
        "00:00:05.000000000",
    ]
    assert text_of(scenes[-1].find("ChapterTimeEnd")) == text_of(chapter.find("ChapterTimeEnd"))


def test_matroska_counts_a_broadcast_from_its_beginning() -> None:
    root = ET.fromstring(write_mkvchapters(film([0, 50, 100], scenes=[50], start_s=36_000.0)))

    starts = [text_of(atom.find("ChapterTimeStart")) for atom in root.iter("ChapterAtom")]
    assert starts == ["00:00:00.000000000", "00:00:00.000000000", "00:00:02.000000000"]


def test_matroska_has_the_shots_alone_if_they_are_asked_for() -> None:
    root = ET.fromstring(write_mkvchapters(film([0, 50, 100], level="shot")))

    assert len(root.findall("EditionEntry/ChapterAtom")) == 2
    assert root.findall("EditionEntry/ChapterAtom/ChapterAtom") == []


def test_keyframes_are_the_first_frames_of_shots() -> None:
    assert write_keyframes(film([0, 31, 90, 100])) == "# keyframe format v1\nfps 0\n0\n31\n90\n"
    assert write_keyframes(film([0, 31, 90, 100], scenes=[90], level="scene")).splitlines()[2:] == ["0", "90"]
