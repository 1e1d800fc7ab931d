"""Tracks of films in which the network looked at every frame, kept on disk: they answer for any gate.

Knows the library's analysis and files; of labels only the rate.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from actors.segmentation import ChunkTracks, Models, analyse_chunk, build_plan
from actors.segmentation.picture import blocks as visual
from actors.segmentation.planning.plan import ChunkSpec
from actors.segmentation.shots.gate import Survey, survey
from actors.segmentation.tracks import FrameTrack, TracksError
from tests.benchmarks.fit.candidates import blind, track_for
from tests.benchmarks.scoring import Labels


def looked_everywhere(path: Path, models: Models, cache: Path | None) -> FrameTrack:
    """The film's track; taken from the cache if the file has not changed since. Its sound is left out."""
    kept = None
    if cache is not None:
        stat = path.stat()
        key = hashlib.sha256(f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()
        kept = cache / f"{path.name}.{key[:12]}.tracks"
        if kept.exists():
            try:
                return ChunkTracks.from_bytes(kept.read_bytes()).frames
            except TracksError:
                kept.unlink()  # of an earlier format
    plan = build_plan(path)
    plan = replace(plan, media=replace(plan.media, audio=None), chunks=(ChunkSpec(0, 0, plan.frames),))
    gate = vars(visual)["survey"]
    vars(visual)["survey"] = _everything
    try:
        tracks = analyse_chunk(path, plan, 0, models)
    finally:
        vars(visual)["survey"] = gate
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(tracks.to_bytes())
        partial.rename(kept)
    return tracks.frames


def _everything(frames: FrameTrack, _fps: float) -> Survey:
    """`moving` only matters to the choice of keyframes, which nobody reads here."""
    return Survey(np.ones(len(frames), np.bool_), np.zeros(len(frames), np.bool_))


def gated(frames: FrameTrack, labels: Labels) -> FrameTrack:
    """As if the network had looked only where the survey, of the whole film at once, is in doubt."""
    thin, fps, step = track_for(blind(frames), labels)
    looked = survey(thin, fps).doubtful.repeat(step)[: len(frames)]
    nothing = np.zeros_like(frames.cut)
    return replace(
        frames,
        looked=looked,
        cut=np.where(looked, frames.cut, nothing),
        many=np.where(looked, frames.many, nothing),
    )
