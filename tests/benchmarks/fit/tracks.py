"""Tracks of films as analysis leaves them, with the network asked nowhere, or where given weights are in
doubt.

Decoding takes most of the time and depends on no weights, so small pictures are kept on disk, and from them
blocks are analysed as often as wanted, by the same function as always. Knows the library's analysis and
files; does not know labels.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import actors.segmentation
from actors.segmentation import ChunkTracks, Models, Plan, build_plan
from actors.segmentation.decode.video import DecodedFrame, VideoReader
from actors.segmentation.picture.blocks import BlockWindow, Surveyor, analyse_block
from actors.segmentation.picture.keyframes import FrameSampler, interval_bounds
from actors.segmentation.picture.measured_frames import FrameMeasurer, MeasuredFrame
from actors.segmentation.picture.scaling import FrameScaler
from actors.segmentation.planning.plan import BLOCK_FRAMES, CONTEXT_FRAMES
from actors.segmentation.shots import weights as shot_weights
from actors.segmentation.shots.gate import Survey, survey
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack, KeyframeTrack
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.analysis import Analysed, whole

LIBRARY = Path(actors.segmentation.__file__).parent
_FORMAT = "1"
"""Of what is kept; raised when small pictures or their changes are made in another way."""


@dataclass(frozen=True)
class Shelf:
    """Where pictures and tracks are kept from run to run, and the networks that look at them. processes: how
    many make tracks side by side, where many are wanted at once."""

    folder: Path
    models: Models
    processes: int = 1

    def blind(self, path: Path) -> FrameTrack:
        """The film's track as if there were no network."""
        return self._kept(path, "blind", lambda plan: self._track(path, plan, _nowhere)).frames

    def asked(self, path: Path, weights: ShotWeights) -> FrameTrack:
        """The film's track, the network asked where these weights leave a doubt."""
        ask = partial(survey, weights=weights)
        how = f"asked {weights_digest(weights)}"
        return self._kept(path, how, lambda plan: self._track(path, plan, ask)).frames

    def make(self, paths: Sequence[Path], weights: ShotWeights | None) -> None:
        """Tracks of many films, as `asked` has them, or without weights as `blind`."""
        if self.processes > 1:
            start = get_context("spawn")  # a copy of a process that has run torch may hang
            given = (self.folder, self.models.threads, weights)
            with ProcessPoolExecutor(self.processes, start, _begin, given) as pool:
                deque(pool.map(_make, paths, chunksize=4), 0)

    def analysed(self, path: Path) -> Analysed:
        """Picture and sound as one chunk, the network asked where the packaged weights are in doubt."""
        how = f"analysed {sha256_of(shot_weights.FILE)}"
        tracks = self._kept(path, how, lambda _: whole(path, self.models).tracks[0])
        return Analysed(build_plan(path).in_one_chunk(), (tracks,))

    def _kept(self, path: Path, how: str, make: Callable[[Plan], ChunkTracks]) -> ChunkTracks:
        """Taken from the shelf unless the film, `how` or the library's code has changed since."""
        kept = self.folder / f"{path.name}.{_key(how, library_digest(), sha256_of(path))}.tracks"
        if kept.exists():
            return ChunkTracks.from_bytes(kept.read_bytes())
        tracks = make(build_plan(path))
        _keep(kept, tracks.to_bytes())
        return tracks

    def _track(self, path: Path, plan: Plan, ask: Surveyor) -> ChunkTracks:
        seen = self._pictures(path, plan)
        rows = []
        for start in range(0, plan.frames, BLOCK_FRAMES):
            block = range(start, min(start + BLOCK_FRAMES, plan.frames))
            around = slice(max(0, block.start - CONTEXT_FRAMES), block.stop + CONTEXT_FRAMES)
            columns = (seen.small, seen.change, seen.valid, seen.estimated)
            window = BlockWindow(around.start, *(column[around] for column in columns))
            rows.append(analyse_block(window, block, plan.pace, self.models, ask).frames)
        return ChunkTracks(0, plan.frames, FrameTrack.join(rows), KeyframeTrack.empty(), None)

    def _pictures(self, path: Path, plan: Plan) -> BlockWindow:
        kept = self.folder / f"{path.name}.{_key(_FORMAT, sha256_of(path))}.npy"
        if not kept.exists():
            pictures = list(_decoded(path, plan, self.models.threads))
            table = np.zeros(len(pictures), _ROW)
            table["small"] = [picture.small for picture in pictures]
            table["change"] = [picture.change for picture in pictures]
            table["valid"] = [picture.valid for picture in pictures]
            packed = BytesIO()
            np.save(packed, table)
            _keep(kept, packed.getvalue())
        table = np.load(kept)
        columns = (np.ascontiguousarray(table[name]) for name in ("small", "change", "valid"))
        return BlockWindow(0, *columns, np.zeros(len(table), np.bool_))  # every frame is decoded


_mine: list[Callable[[Path], FrameTrack]] = []
"""In a process of `Shelf.make`: what it does with each film."""


def _begin(folder: Path, threads: int, weights: ShotWeights | None) -> None:
    logs.configure(get_settings().with_values(log=LogSettings(level="WARNING")))
    shelf = Shelf(folder, Models.load(threads=threads))
    _mine.append(shelf.blind if weights is None else partial(shelf.asked, weights=weights))


def _make(path: Path) -> None:
    _mine[0](path)


_ROW = np.dtype([("small", np.uint8, (27, 48, 3)), ("change", np.int64), ("valid", np.bool_)])
"""Of what is kept of one slot: see `picture.blocks.BlockWindow`."""


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_digest(weights: ShotWeights) -> str:
    """SHA-256 in hex of all numbers of all models that decide where the network is asked."""
    digest = hashlib.sha256(repr(sorted(weights.offset.items())).encode())
    for models in (weights.seen, weights.unseen):
        for kind, model in sorted(models.items()):
            told = [getattr(model, one.name) for one in fields(model)] if isinstance(model, Trees) else model
            parts = [np.asarray(one) for one in told] if isinstance(told, list) else sorted(told.items())
            digest.update(kind.encode())
            for part in parts:
                digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def library_digest() -> str:
    """SHA-256 in hex of the segmentation library's code."""
    digest = hashlib.sha256()
    for path in sorted(LIBRARY.rglob("*.py")):
        digest.update(path.relative_to(LIBRARY).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _key(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial_file = path.with_suffix(".partial")
    partial_file.write_bytes(data)
    partial_file.rename(path)


def _decoded(path: Path, plan: Plan, threads: int) -> Iterator[MeasuredFrame]:
    """Every slot of the film; no looks are taken, as keyframes are not wanted."""

    def before(_start: int, _stop: int) -> Iterator[DecodedFrame]:
        return iter(())  # there is nothing before the first slot

    sampler = FrameSampler(interval_bounds(plan.pace), range(0))
    measurer = FrameMeasurer(FrameScaler(plan.media), sampler, before)
    with VideoReader.open(path, plan.media, plan.index, threads) as reader:
        yield from measurer.measured(reader.frames(0, plan.frames))


def _nowhere(frames: FrameTrack, _fps: float) -> Survey:
    """`moving` only matters to the choice of keyframes, of which there are none here."""
    return Survey(*np.zeros((3, len(frames)), np.bool_))
