"""Writes a sequence for Premiere and others (Final Cut Pro 7 XML Interchange Format, version 5).

Knows no other format.
"""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree as ET

from serve_app.exports.cuts import CutList, TimelineClip, cut_list
from serve_app.exports.material import Export, described, one_line, title

VERSION = "5"
_FILE = "file-1"
CHANNELS = (1, 2)
"""Tracks of sound: left and right. Editors put both channels of a mono file on the same."""
_OF_TRANSITION = -1
"""In place of a clip's start or end where a transition begins or ends it."""
_COLOURS = {"chapter": (255, 61, 61), "scene": (61, 214, 214)}
"""Red, green and blue of markers."""


def write_fcp7xml(made: Export) -> str:
    """A sequence of clips, one a segment of the level (default: shots), on a track of video and, with sound,
    two of audio. Times are whole frames of the sequence's rate.

    Chapters and scenes above the level become markers, dissolves transitions; wipes and fades are cuts. The
    media file is named without a folder: editors ask where it is. How many channels its sound has is not
    known here; two are told. Times in the media count from its first frame, and its timecode is told.
    """
    cuts = cut_list(made)
    root = ET.Element("xmeml", version=VERSION)
    sequence = ET.SubElement(root, "sequence", id="sequence-1")
    ET.SubElement(sequence, "name").text = one_line(made.stem)
    ET.SubElement(sequence, "duration").text = str(cuts.length)
    _rate(sequence, cuts)
    _timecode(sequence, cuts, 0)
    media = ET.SubElement(sequence, "media")
    video = ET.SubElement(media, "video")
    _picture(ET.SubElement(video, "format"), made, cuts)
    _track(video, made, cuts, "video", 1)
    if made.has_audio:
        audio = ET.SubElement(media, "audio")
        _outputs(audio)
        for channel in CHANNELS:
            track = _track(audio, made, cuts, "audio", channel)
            ET.SubElement(track, "outputchannelindex").text = str(channel)
    for marker in cuts.markers:
        element = ET.SubElement(sequence, "marker")
        ET.SubElement(element, "name").text = title(marker.segment)
        ET.SubElement(element, "comment").text = described(marker.segment)
        ET.SubElement(element, "in").text = str(marker.start)
        ET.SubElement(element, "out").text = str(marker.end)
        _colour(element, marker.segment.level)
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{ET.tostring(root, "unicode")}\n'


def _outputs(audio: ET.Element) -> None:
    """The sequence sounds in stereo: one group of both channels."""
    ET.SubElement(audio, "numOutputChannels").text = str(len(CHANNELS))
    group = ET.SubElement(ET.SubElement(audio, "outputs"), "group")
    ET.SubElement(group, "index").text = "1"
    ET.SubElement(group, "numchannels").text = str(len(CHANNELS))
    ET.SubElement(group, "downmix").text = "0"
    for channel in CHANNELS:
        ET.SubElement(ET.SubElement(group, "channel"), "index").text = str(channel)


def _track(parent: ET.Element, made: Export, cuts: CutList, kind: str, channel: int) -> ET.Element:
    track = ET.SubElement(parent, "track")
    for number, clip in enumerate(cuts.clips):
        after = cuts.clips[number + 1] if number + 1 < len(cuts.clips) else None
        mixed_in, mixed_out = (_is_dissolve(clip), after is not None and _is_dissolve(after))
        if kind == "audio":
            mixed_in = mixed_out = False
        if mixed_in:
            _transition(track, cuts, clip)
        first = kind == "video" and number == 0
        item = ET.SubElement(track, "clipitem", id=f"{kind}-{channel}-{number + 1}")
        ET.SubElement(item, "name").text = title(clip.segment)
        ET.SubElement(item, "duration").text = str(_of_file(cuts, cuts.total))
        _rate(item, cuts)
        ET.SubElement(item, "start").text = str(_OF_TRANSITION if mixed_in else clip.record)
        ET.SubElement(item, "end").text = str(_OF_TRANSITION if mixed_out else clip.record_end)
        begins = clip.start - (clip.half if mixed_in else 0)
        ends = clip.end + (after.half if after is not None and mixed_out else 0)
        ET.SubElement(item, "in").text = str(_of_file(cuts, begins))
        ET.SubElement(item, "out").text = str(_of_file(cuts, ends))
        file = ET.SubElement(item, "file", id=_FILE)
        if first:  # told once; everywhere else by its id
            _file(file, made, cuts)
        source = ET.SubElement(item, "sourcetrack")
        ET.SubElement(source, "mediatype").text = kind
        ET.SubElement(source, "trackindex").text = str(channel)
        if made.has_audio:
            _links(item, number + 1)
    return track


def _is_dissolve(clip: TimelineClip) -> bool:
    return clip.half > 0 and clip.segment.start_boundary.kind == "dissolve"


def _of_file(cuts: CutList, frame: int) -> int:
    """A frame of the film, counted from the first of its file."""
    return cuts.source.number(frame) - cuts.source.begin


def _file(file: ET.Element, made: Export, cuts: CutList) -> None:
    ET.SubElement(file, "name").text = one_line(made.filename)
    ET.SubElement(file, "pathurl").text = quote(made.filename)
    _rate(file, cuts)
    ET.SubElement(file, "duration").text = str(_of_file(cuts, cuts.total))
    _timecode(file, cuts, cuts.source.begin)
    media = ET.SubElement(file, "media")
    _picture(ET.SubElement(media, "video"), made, cuts)
    if made.has_audio:
        ET.SubElement(ET.SubElement(media, "audio"), "channelcount").text = "2"


def _links(item: ET.Element, clip: int) -> None:
    """Picture and sound of one clip belong together, so that an editor moves them as one; both channels of
    the sound are one group, a stereo pair.
    """
    for kind, channel in (("video", 1), *(("audio", channel) for channel in CHANNELS)):
        link = ET.SubElement(item, "link")
        ET.SubElement(link, "linkclipref").text = f"{kind}-{channel}-{clip}"
        ET.SubElement(link, "mediatype").text = kind
        ET.SubElement(link, "trackindex").text = str(channel)
        ET.SubElement(link, "clipindex").text = str(clip)
        if kind == "audio":
            ET.SubElement(link, "groupindex").text = "1"


def _transition(track: ET.Element, cuts: CutList, clip: TimelineClip) -> None:
    element = ET.SubElement(track, "transitionitem")
    ET.SubElement(element, "start").text = str(clip.record - clip.half)
    ET.SubElement(element, "end").text = str(clip.record + clip.half)
    ET.SubElement(element, "alignment").text = "center"
    _rate(element, cuts)
    effect = ET.SubElement(element, "effect")
    for name, text in (
        ("name", "Cross Dissolve"),
        ("effectid", "Cross Dissolve"),
        ("effecttype", "transition"),
        ("mediatype", "video"),
    ):
        ET.SubElement(effect, name).text = text


def _rate(parent: ET.Element, cuts: CutList) -> None:
    """The rate as a whole number, and whether it is a thousandth slower, as that of NTSC is."""
    fraction = cuts.rate.fraction
    rate = ET.SubElement(parent, "rate")
    ET.SubElement(rate, "timebase").text = str(round(fraction))
    ET.SubElement(rate, "ntsc").text = "FALSE" if fraction.denominator == 1 else "TRUE"


def _timecode(parent: ET.Element, cuts: CutList, frame: int) -> None:
    timecode = ET.SubElement(parent, "timecode")
    _rate(timecode, cuts)
    ET.SubElement(timecode, "string").text = cuts.rate.timecode(frame, cuts.drop)
    ET.SubElement(timecode, "frame").text = str(frame)
    ET.SubElement(timecode, "displayformat").text = "DF" if cuts.drop else "NDF"


def _picture(parent: ET.Element, made: Export, cuts: CutList) -> None:
    picture = ET.SubElement(parent, "samplecharacteristics")
    _rate(picture, cuts)
    for name in ("width", "height"):
        if made.media.get(name):
            ET.SubElement(picture, name).text = str(made.media[name])
    wide, _, high = (made.media.get("pixel_aspect") or "1:1").partition(":")
    if wide == high:
        ET.SubElement(picture, "pixelaspectratio").text = "square"


def _colour(marker: ET.Element, level: str) -> None:
    colour = ET.SubElement(marker, "color")
    for name, value in zip(("red", "green", "blue"), _COLOURS[level], strict=True):
        ET.SubElement(colour, name).text = str(value)
