"""Tracks of films, kept on disk: with the network asked about every frame, or as analysis leaves them.

Tracks in which the network looked everywhere answer for any gate: `gated` forgets what it would not have been
asked. Knows the library's analysis and files; of labels only the rate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from actors.segmentation.picture.small_frames import SmallFrames

from actors.segmentation import ChunkTracks, Models, Plan, build_plan
from actors.segmentation.decode.video import DecodedFrame, VideoReader
from actors.segmentation.picture.blocks import Window, analyse_block
from actors.segmentation.picture.keyframes import Lookout, cell_bounds
from actors.segmentation.picture.measures import Picture, PictureSource
from actors.segmentation.planning.plan import BLOCK_FRAMES, CONTEXT_FRAMES
from actors.segmentation.shots import weights as shot_weights
from actors.segmentation.shots.gate import Survey, survey
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack, KeyframeTrack, TracksError
from tests.benchmarks.analysis import Analysed, whole
from tests.benchmarks.fit.candidates import blind, track_for
from tests.benchmarks.scoring import Labels


@dataclass(frozen=True)
class Shelf:
    """Where tracks are kept from run to run, and the networks that make them."""

    folder: Path
    models: Models

    def looked_everywhere(self, path: Path) -> FrameTrack:
        """The picture's track, with the network's word on every frame."""
        return self._kept(path, "everywhere", lambda plan: _looked_everywhere(path, plan, self.models)).frames

    def analysed(self, path: Path) -> Analysed:
        """Picture and sound as one chunk, the network asked where the packaged weights are in doubt."""
        gate = hashlib.sha256(shot_weights.FILE.read_bytes()).hexdigest()
        tracks = self._kept(path, gate, lambda _: whole(path, self.models).tracks[0])
        return Analysed(build_plan(path), (tracks,))

    def _kept(self, path: Path, how: str, make: Callable[[Plan], ChunkTracks]) -> ChunkTracks:
        """Taken from the shelf if neither the file nor `how` has changed since."""
        key = hashlib.sha256(f"{how} {sha256_of(path)}".encode()).hexdigest()
        kept = self.folder / f"{path.name}.{key[:16]}.tracks"
        if kept.exists():
            try:
                return ChunkTracks.from_bytes(kept.read_bytes())
            except TracksError:
                kept.unlink()  # of an earlier format
        tracks = make(build_plan(path))
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(tracks.to_bytes())
        partial.rename(kept)
        return tracks


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def gated(frames: FrameTrack, labels: Labels, weights: ShotWeights) -> FrameTrack:
    """As if the network had looked only where the survey, of the whole film at once, is in doubt."""
    thin, fps, step = track_for(blind(frames), labels)
    looked = survey(thin, fps, weights).doubtful.repeat(step)[: len(frames)]
    nothing = np.zeros_like(frames.cut)
    return replace(
        frames,
        looked=looked,
        cut=np.where(looked, frames.cut, nothing),
        many=np.where(looked, frames.many, nothing),
    )


def _looked_everywhere(path: Path, plan: Plan, models: Models) -> ChunkTracks:
    pictures = list(_pictures(path, plan, models.threads))
    rows = []
    for start in range(0, plan.frames, BLOCK_FRAMES):
        block = range(start, min(start + BLOCK_FRAMES, plan.frames))
        first = max(0, block.start - CONTEXT_FRAMES)
        seen = pictures[first : block.stop + CONTEXT_FRAMES]
        window = Window(
            first,
            np.stack([picture.small for picture in seen]),
            np.array([picture.change for picture in seen], np.int64),
            np.array([picture.valid for picture in seen], np.bool_),
        )
        rows.append(analyse_block(window, block, plan.pace, models, _everything).frames)
    return ChunkTracks(0, plan.frames, FrameTrack.join(rows), KeyframeTrack.empty(), None)


def _pictures(path: Path, plan: Plan, threads: int) -> Iterator[Picture]:
    """Every slot of the film; no looks are taken, as keyframes are not wanted."""

    def before(_start: int, _stop: int) -> Iterator[DecodedFrame]:
        return iter(())  # there is nothing before the first slot

    source = PictureSource(SmallFrames(plan.media), Lookout(cell_bounds(plan.pace), range(0)), before)
    with VideoReader.open(path, plan.media, plan.index, threads) as reader:
        yield from source.pictures(reader.frames(0, plan.frames))


def _everything(frames: FrameTrack, _fps: float) -> Survey:
    """`moving` only matters to the choice of keyframes, of which there are none here."""
    return Survey(np.ones(len(frames), np.bool_), np.zeros(len(frames), np.bool_))
