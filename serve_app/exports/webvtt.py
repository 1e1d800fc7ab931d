"""Writes a chapter track for web players (W3C WebVTT, 6.2 chapters). Knows no other format."""

from __future__ import annotations

from itertools import pairwise

from serve_app.exports.material import Export, ceil_ms, chapter_title


def write_webvtt(made: Export) -> str:
    """One cue for each segment of the level, with its title. Times are those that browsers show for the file.

    A cue begins at the first whole millisecond of its first frame and ends where the next begins. A segment
    shorter than a millisecond may get none: WebVTT has no cues of length 0.
    """
    segments = made.chosen()
    if not segments:
        return "WEBVTT\n"
    marks = [ceil_ms(segment.start_s) for segment in segments] + [ceil_ms(segments[-1].end_s)]
    cues = [
        f"{number}\n{_clock(begin)} --> {_clock(end)}\n{_text(chapter_title(segment))}\n"
        for number, (segment, (begin, end)) in enumerate(zip(segments, pairwise(marks), strict=True), start=1)
        if begin < end
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _clock(total_ms: int) -> str:
    """A time as HH:MM:SS.mmm, with more digits for 100 hours and more."""
    seconds, ms = divmod(total_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _text(line: str) -> str:
    """Cue text with `&`, `<` and `>` escaped, so that it has no markup and no arrow."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
