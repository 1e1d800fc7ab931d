"""Writes an edit decision list (EDL, CMX 3600) of the picture. Knows no other format.

Event numbers have three digits, and more from the thousandth event on, which Resolve, Premiere and Avid read.
Sound is left out: an EDL names audio tracks as those of a tape; otio and fcpxml have it.
"""

from __future__ import annotations

import re
import unicodedata

from serve_app.exports.cuts import CutList, TimelineClip, cut_list
from serve_app.exports.material import Export, described, one_line, title

_REEL_CHARS = 8  # of a reel's name in CMX 3600
_NO_REEL = "AX"  # CMX 3600: a source that has no reel
_RESERVED_REELS = ("BL", "BLACK", "BARS")
_TITLE_CHARS = 70
_EVENT_KINDS = {"dissolve": "D", "wipe": "W001"}
_MARKER_COLOURS = {"chapter": "RED", "scene": "CYAN"}
_EOL = "\r\n"


def write_edl(made: Export) -> str:
    """One event for each segment of the level (default: shots).

    Source times are those of the source's timecode (`SourceClock`), record times count from the first event.
    Chapters and scenes above the level are locators. An event with a dissolve or wipe begins where the
    transition begins in the film, so the boundary is its middle. Fades are written as cuts, see `cuts.MIXED`,
    with their kind in a comment.
    """
    cuts = cut_list(made)
    mode = "DROP FRAME" if cuts.drop else "NON-DROP FRAME"
    lines = [f"TITLE: {one_line(made.stem)[:_TITLE_CHARS]}", f"FCM: {mode}"]
    digits = max(3, len(str(len(cuts.clips))))
    reel = reel_of(made.stem)
    name = one_line(made.filename)
    for number, clip in enumerate(cuts.clips, start=1):
        after = cuts.clips[number] if number < len(cuts.clips) else None
        lines += ["", *_event(f"{number:0{digits}d}  {reel:<{_REEL_CHARS}} V    ", cuts, clip, after)]
        lines.append(f"* FROM CLIP NAME: {name}")
        if clip.half:
            lines.append(f"* TO CLIP NAME: {name}")
        lines.append(f"* COMMENT: {title(clip.segment)} ({described(clip.segment)})")
        for marker in cuts.markers_at(clip.record):
            colour = _MARKER_COLOURS[marker.segment.level]
            at = cuts.rate.timecode(marker.start, cuts.drop)
            lines.append(f"* LOC: {at} {colour:<7} {title(marker.segment)}")
    return _EOL.join(lines) + _EOL


def reel_of(stem: str) -> str:
    """Reel name of up to eight capital letters and digits; AX (no reel) where none are left."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    reel = re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")[:_REEL_CHARS].rstrip("_")
    return f"{reel}_" if reel in _RESERVED_REELS else reel or _NO_REEL


def _event(head: str, cuts: CutList, clip: TimelineClip, after: TimelineClip | None) -> list[str]:
    """The lines of one event. It ends where the next event's transition begins.

    A transition has two lines: the clip that it comes from, with no length, then the clip that it leads to.
    """
    begin = clip.start - clip.half
    span = _times(cuts, clip, begin, clip.end - (after.half if after else 0))
    if not clip.half:
        return [f"{head} C        {span}"]
    kind = _EVENT_KINDS[clip.segment.start_boundary.kind]
    return [
        f"{head} C        {_times(cuts, clip, begin, begin)}",
        f"{head} {kind:<4} {2 * clip.half:03d} {span}",
    ]


def _times(cuts: CutList, clip: TimelineClip, begin: int, end: int) -> str:
    """Timecodes of source in, source out, record in, record out; the frames are the film's."""
    record = (cuts.rate.timecode(clip.record + frame - clip.start, cuts.drop) for frame in (begin, end))
    return " ".join([cuts.source.label(begin), cuts.source.label(end), *record])
