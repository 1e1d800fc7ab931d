"""What FCPXML's document type (version 1.10) says, for tests that hold documents against it."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree as ET

STRUCTURE: dict[str, tuple[set[str], set[str], str]] = {
    "fcpxml": ({"version"}, set(), "resources library"),
    "resources": (set(), set(), "(format |asset |effect )*"),
    "format": ({"id"}, {"frameDuration", "width", "height", "paspH", "paspV"}, ""),
    "asset": (
        {"id"},
        {"name", "start", "duration", "hasVideo", "format", "videoSources", "hasAudio", "audioSources"},
        "(media-rep )+",
    ),
    "media-rep": ({"src"}, {"kind"}, ""),
    "effect": ({"id", "uid"}, {"name"}, ""),
    "library": (set(), set(), "(event )*"),
    "event": (set(), {"name"}, "(project )*"),
    "project": (set(), {"name"}, "sequence"),
    "sequence": ({"format"}, {"duration", "tcStart", "tcFormat"}, "spine"),
    "spine": (set(), set(), "(asset-clip |transition )*"),
    "transition": ({"duration"}, {"name", "offset"}, "filter-video"),
    "filter-video": ({"ref"}, {"name"}, ""),
    "asset-clip": (
        {"ref"},
        {"name", "offset", "start", "duration", "format", "tcFormat"},
        "(note )?(marker |chapter-marker )*",
    ),
    "note": (set(), set(), ""),
    "marker": ({"start", "value"}, {"duration"}, ""),
    "chapter-marker": ({"start", "value"}, {"duration", "posterOffset"}, ""),
}
"""Of what is used here: required and other attributes, children in order."""


def check_structure(element: ET.Element) -> None:
    """AssertionError for an attribute or a child that the document type does not allow there."""
    required, optional, children = STRUCTURE[element.tag]
    assert required <= set(element.attrib) <= required | optional, element.attrib
    order = "".join(f"{child.tag} " for child in element)
    assert re.fullmatch(children if children.endswith((")*", ")+", "")) else f"{children} ", order) or (
        order.strip() == children
    ), f"{element.tag}: {order}"
    for child in element:
        check_structure(child)


def seconds(text: str) -> Fraction:
    """A time: a rational number of seconds, such as "1001/30000s" or "5s"."""
    match = re.fullmatch(r"(\d+)(?:/(\d+))?s", text)
    assert match, text
    return Fraction(int(match[1]), int(match[2] or 1))
