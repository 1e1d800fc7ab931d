"""Films as exports see them: segments on given frames, with times from given timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from cluster.contract.results import Segment
from cluster.contract.vocabulary import Level
from serve_app.exports.material import Export

NTSC = Fraction(30_000, 1001)
RATES = [Fraction(24_000, 1001), Fraction(24), Fraction(25), NTSC, Fraction(50), 2 * NTSC, Fraction(60)]
BOUNDS = [0, 31, 1799, 1802, 3600, 18_000]
"""Cuts around the frames whose numbers timecode drops."""
ODD_NAMES = ['a "quoted" & <b> --> c;d=e#f.mp4', "Führung – 映画.mp4", "פרק ראשון.mp4", "=cmd|x!a:b%20c.mov"]


def frames(clip: Any) -> tuple[int, int]:
    """First frame of a clip's source, and the one after the last, as OpenTimelineIO read them."""
    return frames_of(clip.source_range)


def frames_of(found: Any) -> tuple[int, int]:
    return round(found.start_time.value), round(found.end_time_exclusive().value)


def film(
    bounds: Sequence[int],
    *,
    fps: Fraction | float = Fraction(25),
    times_s: Sequence[float] | None = None,
    start_s: float = 0.0,
    kinds: dict[int, tuple[str, int, int]] | None = None,
    scenes: Sequence[int] = (),
    label: str = "speech",
    filename: str = "film.mp4",
    level: Level | None = None,
    **media: Any,
) -> Export:
    """A film cut into shots at the frames `bounds` (with 0 and the end), into scenes at some of them.

    Where `bounds` do not begin with 0, only that part is segmented. `times_s`: when each frame is shown, and
    the end; default: `fps`, from `start_s`. `kinds`: of the boundary at a frame, with the first and last
    frame of its extent; others are cuts.
    """
    if times_s is None:
        times_s = [float(start_s + frame / Fraction(fps)) for frame in range(bounds[-1] + 1)]
    levels: dict[Level, Sequence[int]] = {
        "chapter": (bounds[0], bounds[-1]),
        "scene": (bounds[0], *scenes, bounds[-1]),
        "shot": bounds,
    }
    segments = []
    for name, edges in levels.items():
        for index, (start, end) in enumerate(pairwise(edges)):
            kind, first, last = (kinds or {}).get(start, ("cut" if index else "start", start, start))
            row = a_segment(
                level=name, index=index, label=label, start_s=times_s[start], end_s=times_s[end],
                start_frame=start, end_frame=end, start_pts=start, end_pts=end,
                parent=None if name == "chapter" else 0 if name == "scene" else _of(start, levels["scene"]),
                start_boundary=boundary(kind, times_s[first], times_s[last]),
            )  # fmt: skip
            segments.append(row)
    described = {
        "duration_s": times_s[bounds[-1]] - times_s[0], "width": 1280, "height": 720, "fps": float(fps),
        "frames": bounds[-1], "variable_frame_rate": False, "rotation": 0, "video_codec": "h264",
        "audio_codec": "aac", "start_s": times_s[0],
    }  # fmt: skip
    return Export(
        filename=filename,
        media=described | media,
        settings={"preset": "default"},
        audio_track=[],
        segments=segments,
        level=level,
    )


def _of(frame: int, edges: Sequence[int]) -> int:
    """Which stretch between `edges` a frame is in."""
    return max(index for index, edge in enumerate(edges[:-1]) if edge <= frame)


def boundary(kind: str, from_s: float, to_s: float) -> dict[str, Any]:
    return {"kind": kind, "confidence": 0.9, "visual": 0.8, "audio": 0.1, "from_s": from_s, "to_s": to_s}


def a_segment(**values: Any) -> Segment:
    """A chapter of one second without sound; `values` are what is different."""
    row: dict[str, Any] = {
        "level": "chapter", "index": 0, "parent": None, "start_s": 0.0, "end_s": 1.0, "start_frame": 0,
        "end_frame": 25, "start_pts": 0, "end_pts": 1, "label": "speech", "audio": None, "visual": None,
        "keyframe_s": None, "thumbnail": None, "start_boundary": boundary("start", 0.0, 0.0),
    }  # fmt: skip
    return Segment.model_validate(row | values)
