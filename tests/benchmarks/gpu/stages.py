"""How fast each stage of the picture is on a device, and which paths it takes; what boundaries it finds.

The sound is left out: it is analysed on the processor everywhere. Knows the library's stages; not how results
are told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from av import VideoFrame

from actors.segmentation import ChunkTracks, FusionSettings, Models, Plan, analyse_chunk, build_plan, fuse
from actors.segmentation.decode.video import VideoReader
from actors.segmentation.networks.inputs import FRAME_HEIGHT_PX, FRAME_WIDTH_PX
from actors.segmentation.picture.scaling import FrameScaler

LEAST_S = 1.0
"""A stage is repeated at least so long, after one turn that is not counted."""
WINDOW_FRAMES = 100
"""Frames that the network of transitions is given at once. The analysis gives it what is in doubt, a few
dozen frames up to several hundred."""
WINDOW = (WINDOW_FRAMES, FRAME_HEIGHT_PX, FRAME_WIDTH_PX, 3)
LOOK = (180, 320, 3)
"""Shapes of what the networks are given."""
FROM_NVDEC = ("nv12", "p010le", "p016le")
"""Formats of pictures that FFmpeg copies from NVDEC; on the processor planes are apart."""

Stop = Callable[[], bool]


@dataclass(frozen=True)
class Rate:
    """units: "frames" or "pictures", so many a second. path: by what."""

    stage: str
    per_s: float
    units: str
    path: str


@dataclass(frozen=True)
class Found:
    """Boundaries of shots, frame -> (kind, confidence); speed of the analysis without planning and fusion."""

    boundaries: dict[int, tuple[str, float]]
    frames_per_s: float


def picture_plan(path: Path) -> Plan:
    """Of the picture alone, in one chunk. MediaError, OSError, or ValueError for a file without a picture."""
    plan = build_plan(path)
    if not plan.media.has_picture:
        raise ValueError(f"{path.name} has sound only")
    return replace(plan, media=replace(plan.media, audio=None)).in_one_chunk()


def decoder_path(path: Path, plan: Plan, gpu: int | None) -> str:
    """Who decodes this file: "NVDEC" or "processor"."""
    with VideoReader.open(path, plan.media, plan.index, gpu=gpu) as reader:
        for one in reader.frames(0, plan.frames):
            if one.frame is not None:
                return "NVDEC" if one.frame.format.name in FROM_NVDEC and gpu is not None else "processor"
    return "nobody: no frame decodes"


def decoding(path: Path, plan: Plan, gpu: int | None, threads: int, stop: Stop) -> Rate:
    """Every frame of the film, by the GPU's decoder where it takes the codec."""
    by = decoder_path(path, plan, gpu)  # also makes the device ready, which takes a second once
    began = time.perf_counter()
    with VideoReader.open(path, plan.media, plan.index, threads, gpu=gpu, should_stop=stop) as reader:
        count = sum(frame.frame is not None for frame in reader.frames(0, plan.frames))
    return Rate("decode", count / (time.perf_counter() - began), "frames", by)


def scaling(path: Path, plan: Plan) -> Iterator[Rate]:
    """On the processor always."""
    with VideoReader.open(path, plan.media, plan.index) as reader:
        frames = [one.frame for one in reader.frames(0, min(50, plan.frames)) if one.frame is not None]
    scaler = FrameScaler(plan.media)
    for stage, scale in (("scale, small", scaler.network), ("scale, keyframe", scaler.image)):
        turn = partial(_each, scale, frames)
        yield Rate(stage, _per_s(turn), "frames", "processor")


def _each(scale: Callable[[VideoFrame], object], frames: list[VideoFrame]) -> list[object]:
    return [scale(frame) for frame in frames]


def networks(models: Models) -> Iterator[Rate]:
    """Transitions and looks, one call after the other, with the copies to and from the device."""
    rng = np.random.default_rng(1)
    window = rng.integers(0, 256, WINDOW, np.uint8)
    picture = rng.integers(0, 256, LOOK, np.uint8)
    by = named(models)
    yield Rate("network of transitions", _per_s(lambda: models.transitions(window)), "frames", by)
    yield Rate("network of looks", _per_s(lambda: [models.embedding(picture)]), "pictures", by)


def named(models: Models) -> str:
    """Device and number format."""
    return f"{models.device}, {str(models.dtype).removeprefix('torch.')}"


def warmed(path: Path, plan: Plan, models: Models) -> None:
    """Uses decoder and networks once: the first use of a device takes seconds."""
    decoder_path(path, plan, models.gpu)
    models.transitions(np.zeros(WINDOW, np.uint8))
    models.embedding(np.zeros(LOOK, np.uint8))


def analysed(path: Path, plan: Plan, models: Models, stop: Stop) -> list[ChunkTracks]:
    """Every chunk, one after the other. Cancelled when `stop` says so."""
    return [analyse_chunk(path, plan, chunk.index, models, should_stop=stop) for chunk in plan.chunks]


def found(path: Path, plan: Plan, models: Models, stop: Stop) -> Found:
    """The boundaries that the whole film has by these networks. Cancelled when `stop` says so."""
    began = time.perf_counter()
    tracks = analysed(path, plan, models, stop)
    took_s = time.perf_counter() - began
    shots = fuse(plan, tracks, FusionSettings()).level("shot")[1:]
    boundaries = {
        shot.start_frame: (shot.start_boundary.kind, shot.start_boundary.confidence) for shot in shots
    }
    return Found(boundaries, plan.frames / took_s)


def _per_s(turn: Callable[[], Sized]) -> float:
    """Things a second; a turn gives as many as it has done."""
    turn()
    count, began = 0, time.perf_counter()
    while (took_s := time.perf_counter() - began) < LEAST_S:
        count += len(turn())
    return count / took_s
