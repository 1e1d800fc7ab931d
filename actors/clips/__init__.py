"""Cuts pieces out of a video file: exactly, by coding them anew, or as they are coded, at key frames.

    report = cut("film.mp4", build_plan("film.mp4"), Piece(120, 250), CutOptions(), Path("shot.mp4"))

Beside `actors.segmentation`, whose plan it takes, it knows PyAV alone: no cluster, no store, no Ray.
"""

from __future__ import annotations

from actors.clips.cut import cut
from actors.clips.errors import ClipError
from actors.clips.pieces import CutOptions, CutReport, Piece

__all__ = ["ClipError", "CutOptions", "CutReport", "Piece", "cut"]
