"""Writes chapters for ffmpeg (ffmpeg-formats, section Metadata). Knows no other format."""

from __future__ import annotations

from serve_app.exports.material import Export, ceil_ms, chapter_title, one_line


def write_ffmetadata(made: Export) -> str:
    """Input for `ffmpeg -i film -i chapters.txt -map_metadata 1 -map_chapters 1 -c copy out.mp4`.

    Times count from the start of the file, of picture or sound: ffmpeg moves the streams of a file that
    begins at 0.54 s to zero, but not the chapters of another file. They are in milliseconds, the finest
    unit of chapters in mp4.
    """
    lines = [";FFMETADATA1", f"title={_escaped(one_line(made.filename))}"]
    origin_s = _begin_s(made)
    for segment in made.chosen():
        begin, end = (ceil_ms(time_s - origin_s) for time_s in (segment.start_s, segment.end_s))
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={begin}", f"END={end}"]
        lines.append(f"title={_escaped(chapter_title(segment))}")
    return "\n".join(lines) + "\n"


def _begin_s(made: Export) -> float:
    """Start of the file in seconds: the earlier of picture and sound."""
    sound_s = made.media.get("audio_start_s")
    return made.picture_start_s if sound_s is None else min(made.picture_start_s, float(sound_s))


def _escaped(line: str) -> str:
    r"""`=`, `;`, `#` and `\` are escaped with a backslash. The line has no line breaks."""
    return "".join(f"\\{char}" if char in "=;#\\" else char for char in line)
