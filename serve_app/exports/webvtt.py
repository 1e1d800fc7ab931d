"""Writes a chapter track for web players (W3C WebVTT, 6.2 chapters). Knows no other format."""

from __future__ import annotations

from serve_app.exports.material import Export, ceil_ms, chapter_title


def write_webvtt(made: Export) -> str:
    """One cue for each segment of the level, with its title. Times are those that browsers show for the file.

    A cue lasts from the first whole millisecond of its first frame to that of the frame after its last. A
    segment shorter than a millisecond may get none: WebVTT has no cues of length 0.
    """
    cues = [
        f"{number}\n{_clock(begin)} --> {_clock(end)}\n{_text(chapter_title(segment))}\n"
        for number, segment in enumerate(made.chosen(), start=1)
        if (begin := ceil_ms(segment.start_s)) < (end := ceil_ms(segment.end_s))
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _clock(total_ms: int) -> str:
    """A time as HH:MM:SS.mmm, with more digits for 100 hours and more."""
    seconds, ms = divmod(total_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _text(line: str) -> str:
    """Cue text with `&`, `<` and `>` escaped, so that it has no markup and no arrow."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
