"""Segments one file in this process: plan, analyse, fuse.

Calls the functions that the actors call in many processes and chunks, so the result is the same. Knows the
library; imports nothing of the cluster, no store, no Ray, and no command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.fusion.part import part_of
from actors.segmentation.limits import Limits
from actors.segmentation.networks.loading import ModelsLoading
from actors.segmentation.planning.plan import build_plan
from actors.segmentation.settings import split
from actors.segmentation.timeline import Timeline

if TYPE_CHECKING:
    from actors.segmentation.networks.models import Models


def segment_file(
    path: Path | str,
    settings: Mapping[str, Any] | None = None,
    *,
    models: Models | ModelsLoading | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    keyframe_sink: Callable[[int, bytes], None] | None = None,
) -> Timeline:
    """The timeline of a local video.

    `settings`: flat, as `settings.split` takes it; the document repeats it. `models`: if not given, they are
    loaded on the CPU while decoding begins. `on_progress(done, total)`: frames. `keyframe_sink(frame, webp)`:
    takes the images of the keyframe candidates, among them all thumbnails.

    Raises MediaError when the file cannot be segmented, OSError when it cannot be read, ValueError for
    settings out of range (SettingsError for a part that lies outside of the video), and Cancelled when
    `should_stop()` is true.
    """
    analysis, fusion = split(settings or {})
    plan = build_plan(
        path, analysis, limits, ignore=analysis.ignore, decoding=analysis.decoding, should_stop=should_stop
    )
    part_of(plan.index.clock, fusion.from_s, fusion.to_s)  # refused before the work, not after it
    networks = models or ModelsLoading()
    plan = plan.in_one_chunk()

    def report(frames: int) -> None:
        if on_progress is not None:
            on_progress(frames, plan.frames)

    tracks = analyse_chunk(
        path,
        plan,
        0,
        networks,
        on_frames=report,
        should_stop=should_stop,
        keyframe_sink=keyframe_sink,
        limits=limits,
    )
    del networks  # frees their memory, which fusing a long film needs
    return fuse(plan, [tracks], fusion, document_settings=settings)
