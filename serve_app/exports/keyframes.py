"""Writes the frames at which shots begin as a keyframe file, by which Aegisub snaps subtitles to cuts.

Knows no other format.
"""

from __future__ import annotations

from serve_app.exports.material import Export


def write_keyframes(made: Export) -> str:
    """A number a line: the first frame of each segment of the level (default: shots), as decoders count them.

    The rate is 0: Aegisub takes that of the video.
    """
    frames = [segment.start_frame for segment in made.of(made.level or "shot") if made.wants(segment)]
    return "\n".join(["# keyframe format v1", "fps 0", *map(str, frames)]) + "\n"
