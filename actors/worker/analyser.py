"""The seam between the segmentation actor and the segmentation library: everything as bytes and plain values.

The actor knows an `Analyser`; the library is one behind it, and a simulation with known costs may be another.
Knows no store, no Ray.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cluster.settings import LimitSettings

LIBRARY = "actors.worker.library:LibraryAnalyser"
PLANS_KEPT = 2  # a plan of a day-long film takes about 100 MB; an actor works on one or two videos at a time


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """Frames [start_frame, end_frame), lasting `duration_s` > 0."""

    index: int
    start_frame: int
    end_frame: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    """`media`: the contract's keys; `payload`: the plan for `Results.put_plan`; chunks tile the video."""

    media: dict[str, Any]
    payload: bytes
    chunks: tuple[PlannedChunk, ...]


@dataclass(frozen=True, slots=True)
class AnalysedChunk:
    """`payload`: tracks for `Results.put_chunk`; `shots`: provisional segments of level "shot"."""

    start_frame: int
    end_frame: int
    payload: bytes
    shots: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class JoinedTracks:
    """The tracks of a whole video, ready to be fused any number of times. `content` is the analyser's own."""

    content: Any
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FusedVideo:
    """`segments` of every level; `document`: the rest of the timeline (media, settings, audio, curves)."""

    segments: list[dict[str, Any]]
    document: dict[str, Any]


class Analyser(Protocol):
    """One per segmenter; called from one thread at a time.

    Any method that reads the file may raise `MediaError` and, where it takes `should_stop`, `Cancelled`.
    """

    def load(self) -> None:
        """Make ready what takes long: weights. Called once, before anything else but `tracks_hash`."""

    def tracks_hash(self, settings: Mapping[str, Any]) -> str:
        """Names everything the tracks depend on; settings of the fusion do not change it."""

    def plan(self, path: Path, settings: Mapping[str, Any], should_stop: Callable[[], bool]) -> PlannedVideo:
        """Look at the file: what it is, and in which chunks it is analysed."""

    def planned(self, payload: bytes) -> PlannedVideo:
        """The same from a stored plan. ValueError when it is not one of this version."""

    def chunk(
        self,
        path: Path,
        plan: bytes,
        index: int,
        *,
        on_frames: Callable[[int], None],
        should_stop: Callable[[], bool],
        keyframe_sink: Callable[[int, bytes], None],
    ) -> AnalysedChunk:
        """Decode and measure one chunk. `on_frames` hears how many of its frames are done."""

    def join(self, plan: bytes, chunks: Iterable[bytes]) -> JoinedTracks:
        """All chunks' tracks, in order, as one."""

    def fuse(self, joined: JoinedTracks, settings: Mapping[str, Any]) -> FusedVideo:
        """A whole video's tracks to segments."""

    def close(self) -> None:
        """Let go of weights and devices."""


def make_analyser(name: str, *, device: str, threads: int, limits: LimitSettings) -> Analyser:
    """The analyser class named `package.module:Class`. ValueError when there is none."""
    module_name, _, class_name = name.partition(":")
    try:
        cls = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"There is no analyser {name!r}: {error}") from error
    analyser: Analyser = cls(device=device, threads=threads, limits=limits)
    return analyser


class PlanCache:
    """The last few plans, parsed once. Not thread-safe."""

    def __init__(self, kept: int = PLANS_KEPT) -> None:
        self._kept = kept
        self._plans: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def get(self, video_id: str, tracks_hash: str, load: Callable[[], bytes]) -> bytes:
        """The plan's bytes, from `load` the first time. The same object while it is kept."""
        key = (video_id, tracks_hash)
        if key not in self._plans:
            self._plans[key] = load()
            while len(self._plans) > self._kept:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        return self._plans[key]
