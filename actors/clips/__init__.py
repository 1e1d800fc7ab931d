"""Cuts clips out of a video file: frame-exact by re-encoding, or without loss by copying packets. Also makes
proxies (`clips.proxy`): the whole film in a form that browsers play.

    report = cut("film.mp4", build_plan("film.mp4"), Piece(120, 250), CutOptions(), Path("shot.mp4"))

Takes a plan of `actors.segmentation` and uses its readers. Besides these it knows PyAV and numpy; imports
nothing of the cluster, no store and no Ray.
"""

from __future__ import annotations

from actors.clips.cut import cut
from actors.clips.errors import ClipError
from actors.clips.pieces import CutOptions, CutReport, Piece

__all__ = ["ClipError", "CutOptions", "CutReport", "Piece", "cut"]
