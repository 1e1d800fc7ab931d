"""Writes a project for Final Cut Pro and Resolve (FCPXML 1.10). Knows no other format."""

from __future__ import annotations

from fractions import Fraction
from urllib.parse import quote
from xml.etree import ElementTree as ET

from cluster.contract.results import Segment
from serve_app.exports.cuts import CutList, TimelineClip, cut_list
from serve_app.exports.material import Export, described, one_line, title

VERSION = "1.10"
_FORMAT, _ASSET, _DISSOLVE = "r1", "r2", "r3"
_CROSS_DISSOLVE = "Cross Dissolve"
_CROSS_DISSOLVE_UID = "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"
"""Name and UID of the transition that Final Cut Pro brings along."""


def write_fcpxml(made: Export) -> str:
    """A sequence of clips, one a segment of the level (default: shots). Times are multiples of a frame.

    Chapters become chapter markers, scenes above the level markers, dissolves transitions. The clips' notes
    name the kind of each boundary. The media file is named without a folder, relative to the document. Times
    in the media are those of its timecode: Final Cut Pro refuses a file that begins at another time.
    """
    cuts = cut_list(made)
    root = ET.Element("fcpxml", version=VERSION)
    _resources(root, made, cuts)
    name = one_line(made.stem)
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=name)
    sequence = ET.SubElement(
        ET.SubElement(event, "project", name=name),
        "sequence",
        format=_FORMAT,
        duration=_time(cuts, cuts.length),
        tcStart="0s",
        tcFormat=_timecode_format(cuts),
    )
    spine = ET.SubElement(sequence, "spine")
    for clip in cuts.clips:
        if _is_dissolve(clip):
            _transition(spine, cuts, clip)
        _clip(spine, cuts, clip)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{ET.tostring(root, "unicode")}\n'


def _resources(root: ET.Element, made: Export, cuts: CutList) -> None:
    resources = ET.SubElement(root, "resources")
    ET.SubElement(resources, "format", {"id": _FORMAT, "frameDuration": _time(cuts, 1), **_picture(made)})
    sound = {"hasAudio": "1", "audioSources": "1"} if made.has_audio else {}
    asset = ET.SubElement(
        resources,
        "asset",
        {
            "id": _ASSET,
            "name": one_line(made.filename),
            "start": _time(cuts, cuts.source.begin),
            "duration": _time(cuts, cuts.source.number(cuts.total) - cuts.source.begin),
            "hasVideo": "1",
            "format": _FORMAT,
            "videoSources": "1",
            **sound,
        },
    )
    # The dot keeps a colon in the name from being read as the end of a URL's scheme.
    ET.SubElement(asset, "media-rep", kind="original-media", src=f"./{quote(made.filename)}")
    if any(_is_dissolve(clip) for clip in cuts.clips):
        ET.SubElement(resources, "effect", id=_DISSOLVE, name=_CROSS_DISSOLVE, uid=_CROSS_DISSOLVE_UID)


def _picture(made: Export) -> dict[str, str]:
    """Size in pixels, and the shape of a pixel where it is no square."""
    told = {name: str(made.media[name]) for name in ("width", "height") if made.media.get(name)}
    wide, _, high = (made.media.get("pixel_aspect") or "1:1").partition(":")
    return told if wide == high else {**told, "paspH": wide, "paspV": high}


def _is_dissolve(clip: TimelineClip) -> bool:
    return clip.half > 0 and clip.segment.start_boundary.kind == "dissolve"


def _transition(spine: ET.Element, cuts: CutList, clip: TimelineClip) -> None:
    transition = ET.SubElement(
        spine,
        "transition",
        name=_CROSS_DISSOLVE,
        offset=_time(cuts, clip.record - clip.half),
        duration=_time(cuts, 2 * clip.half),
    )
    ET.SubElement(transition, "filter-video", ref=_DISSOLVE, name=_CROSS_DISSOLVE)


def _clip(spine: ET.Element, cuts: CutList, clip: TimelineClip) -> None:
    element = ET.SubElement(
        spine,
        "asset-clip",
        ref=_ASSET,
        name=title(clip.segment),
        offset=_time(cuts, clip.record),
        start=_time(cuts, cuts.source.number(clip.start)),
        duration=_time(cuts, clip.end - clip.start),
        format=_FORMAT,
        tcFormat=_timecode_format(cuts),
    )
    ET.SubElement(element, "note").text = described(clip.segment)
    here = [marker.segment for marker in cuts.markers_at(clip.record)]
    if clip.segment.level == "chapter":
        here.append(clip.segment)
    if here:  # Final Cut Pro keeps one marker a frame: the coarsest
        _marker(element, cuts, cuts.source.number(clip.start), here[0])


def _marker(element: ET.Element, cuts: CutList, frame: int, segment: Segment) -> None:
    """A marker at a frame of the source: an element in a clip is on the clip's own clock."""
    place = {"start": _time(cuts, frame), "duration": _time(cuts, 1), "value": title(segment)}
    if segment.level == "chapter":
        ET.SubElement(element, "chapter-marker", {**place, "posterOffset": "0s"})
    else:
        ET.SubElement(element, "marker", place)


def _time(cuts: CutList, frame: int) -> str:
    """A frame's time in seconds: a fraction of the rate ("1001/30000s"), or whole seconds ("36000s")."""
    rate: Fraction = cuts.rate.fraction
    ticks = frame * rate.denominator
    whole, rest = divmod(ticks, rate.numerator)
    return f"{ticks}/{rate.numerator}s" if rest else f"{whole}s"


def _timecode_format(cuts: CutList) -> str:
    return "DF" if cuts.drop else "NDF"
