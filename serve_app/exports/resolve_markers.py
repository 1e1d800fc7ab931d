"""Writes markers for DaVinci Resolve: an EDL whose events are markers (Import > Timeline Markers from EDL).

Knows no other format.
"""

from __future__ import annotations

from serve_app.exports.cuts import cut_list
from serve_app.exports.material import Export, one_line, title

_COLOURS = {"chapter": "ResolveColorRed", "scene": "ResolveColorCyan", "shot": "ResolveColorBlue"}
_EOL = "\r\n"


def write_resolve_markers(made: Export) -> str:
    """A marker at the start of each wanted segment of the level (default: scenes), as long as the segment.

    Times are those of a timeline that begins at 00:00:00:00 with the film's first picture, or with the part
    that is segmented, whatever is wanted of it; Resolve's own timelines begin at 01:00:00:00 unless another
    start is set.
    """
    cuts = cut_list(made, "scene")
    mode = "DROP FRAME" if cuts.drop else "NON-DROP FRAME"
    lines = [f"TITLE: {one_line(made.stem)}", f"FCM: {mode}"]
    for number, clip in enumerate(cuts.clips, start=1):
        start, length = clip.start - cuts.first, clip.end - clip.start
        begin, end = (cuts.rate.timecode(frame, cuts.drop) for frame in (start, start + 1))
        name = title(clip.segment).replace("|", "/")  # which divides the fields
        lines += [
            "",
            f"{number:03d}  001      V     C        {begin} {end} {begin} {end}",
            f" |C:{_COLOURS[clip.segment.level]} |M:{name} |D:{length}",
        ]
    return _EOL.join(lines) + _EOL
