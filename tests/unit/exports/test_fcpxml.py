"""FCPXML, read by OpenTimelineIO's adapter and held against what its document type says."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from serve_app.exports.fcpxml import write_fcpxml
from tests.support.exports import BOUNDS, NTSC, ODD_NAMES, RATES, film, frames
from tests.support.fcpxml import check_structure, seconds


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(50), Fraction(60)])
def test_fcpxml_is_read_by_its_adapter(rate: Fraction) -> None:
    made = film([0, 50, 100, 175], fps=rate, scenes=[100], start_s=0.54)

    (timeline,) = otio.adapters.read_from_string(write_fcpxml(made), "fcpx_xml")

    clips = list(timeline.find_clips())
    assert [frames(clip) for clip in clips] == [(0, 50), (50, 100), (100, 175)]
    assert [clip.name for clip in clips] == ["Shot 1: speech", "Shot 2: speech", "Shot 3: speech"]
    assert [[mark.name for mark in clip.markers] for clip in clips] == [[], [], ["Scene 2: speech"]]


@pytest.mark.parametrize("rate", RATES)
def test_fcpxml_has_its_structure_and_whole_frames(rate: Fraction) -> None:
    kinds = {31: ("dissolve", 25, 37), 1799: ("wipe", 1790, 1800)}
    text = write_fcpxml(film(BOUNDS, fps=rate, kinds=kinds, scenes=[1799]))
    root = ET.fromstring(text)

    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n')
    check_structure(root)
    frame = seconds(root.find("resources/format").attrib["frameDuration"])  # type: ignore[union-attr]
    assert frame == 1 / rate
    times = [
        (element.tag, name, seconds(element.attrib[name]) / frame)
        for element in root.iter()
        for name in ("offset", "start", "duration", "tcStart")
        if name in element.attrib
    ]
    assert all(value.denominator == 1 for _, _, value in times)
    clips = list(root.iter("asset-clip"))
    assert [seconds(clip.attrib["start"]) / frame for clip in clips] == BOUNDS[:-1]
    assert all(clip.attrib["start"] == clip.attrib["offset"] for clip in clips)
    ends = [(seconds(c.attrib["offset"]) + seconds(c.attrib["duration"])) / frame for c in clips]
    assert ends == BOUNDS[1:]
    (mix,) = root.iter("transition")
    assert (seconds(mix.attrib["offset"]) / frame, seconds(mix.attrib["duration"]) / frame) == (25, 12)
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert {e.attrib[n] for e in root.iter() for n in ("ref", "format") if n in e.attrib} <= set(ids)
    drop = rate in (NTSC, 2 * NTSC)
    assert {e.attrib["tcFormat"] for e in root.iter() if "tcFormat" in e.attrib} == {"DF" if drop else "NDF"}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_fcpxml_names_the_medium_and_no_folder(name: str) -> None:
    root = ET.fromstring(write_fcpxml(film([0, 50], filename=name, label="a & <b>\x00\x1b\n")))

    asset = root.find("resources/asset")
    assert asset is not None
    assert asset.attrib["name"] == name
    assert re.fullmatch(r"\./[A-Za-z0-9_.~%-]+", asset.find("media-rep").attrib["src"])  # type: ignore[union-attr]
    assert next(root.iter("asset-clip")).attrib["name"] == "Shot 1: a & <b>"
