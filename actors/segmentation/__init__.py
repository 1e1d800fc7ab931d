"""The segmentation library: a video file in, a timeline of shots, scenes and chapters out.

    timeline = segment_file("film.mp4")
    timeline.to_document()

Or step by step, as the actors do it: `build_plan`; `analyse_chunk` for every chunk of the plan, in any order
and in any process; `fuse`, a pure function of the tracks, without the file. Imports nothing of the cluster,
no store, no Ray and no web framework.

The names below are imported when they are first used, so that importing the package does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.segmentation.analyse import analyse_chunk
    from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
    from actors.segmentation.fusion.fuse import fuse, provisional_shots
    from actors.segmentation.fusion.measured import TracksMismatchError
    from actors.segmentation.limits import Limits
    from actors.segmentation.networks.models import Models
    from actors.segmentation.planning.plan import Plan, build_plan
    from actors.segmentation.settings import AnalysisSettings, FusionSettings, split, tracks_hash
    from actors.segmentation.timeline import Segment, Timeline
    from actors.segmentation.tracks import ChunkTracks
    from actors.segmentation.whole import segment_file

__all__ = [
    "AnalysisSettings",
    "Cancelled",
    "ChunkTracks",
    "FusionSettings",
    "Limits",
    "MediaError",
    "MediaErrorCode",
    "Models",
    "Plan",
    "Segment",
    "Timeline",
    "TracksMismatchError",
    "analyse_chunk",
    "build_plan",
    "fuse",
    "provisional_shots",
    "segment_file",
    "split",
    "tracks_hash",
]

_NAMES_OF_MODULE = {
    "analyse": ("analyse_chunk",),
    "errors": ("Cancelled", "MediaError", "MediaErrorCode"),
    "fusion.fuse": ("fuse", "provisional_shots"),
    "fusion.measured": ("TracksMismatchError",),
    "limits": ("Limits",),
    "networks.models": ("Models",),
    "planning.plan": ("Plan", "build_plan"),
    "settings": ("AnalysisSettings", "FusionSettings", "split", "tracks_hash"),
    "timeline": ("Segment", "Timeline"),
    "tracks": ("ChunkTracks",),
    "whole": ("segment_file",),
}
"""Where each public name is defined, by module of this package."""
_MODULE_OF = {name: module for module, names in _NAMES_OF_MODULE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
