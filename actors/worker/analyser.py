"""The interface between an actor and what analyses videos: arguments and results are bytes and plain values.

An actor calls an `Analyser`. `worker.library` implements it with the segmentation library; tests and the
simulation implement it with a stub of known cost. Imports no store, no Ray and nothing of
`actors.segmentation`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cluster.settings import LimitSettings

LIBRARY = "actors.worker.library:LibraryAnalyser"
"""Import path of the default analyser. A string, because the pool names it and must not import torch."""


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """Frames [start_frame, end_frame) of a video; they last `duration_s` seconds, > 0."""

    index: int
    start_frame: int
    end_frame: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    """`media` and `warnings`: the contract's keys; `payload`: the plan for `Results.put_plan`; chunks tile
    the video."""

    media: dict[str, Any]
    payload: bytes = field(repr=False)
    chunks: tuple[PlannedChunk, ...]
    warnings: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AnalysedChunk:
    """`payload`: tracks for `Results.put_chunk`; `shots`: provisional segments of level "shot"."""

    start_frame: int
    end_frame: int
    payload: bytes = field(repr=False)
    shots: list[dict[str, Any]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When frames are shown, as the contract's `FrameTimes` has it; `next_frame` is None in the last part."""

    time_base: tuple[int, int]
    frames: int
    first_frame: int
    first_pts: int
    runs: list[tuple[int, int]] = field(repr=False)
    next_frame: int | None


@dataclass(frozen=True, slots=True)
class JoinedTracks:
    """The tracks of a whole video, in memory, to be fused any number of times.

    `content` is whatever the analyser's `fuse` takes; nobody else reads it. `size_bytes`: what it takes.
    """

    content: Any = field(repr=False)
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FusedVideo:
    """`segments` of every level; `document`: the rest of the timeline (media, settings, warnings, audio,
    curves)."""

    segments: list[dict[str, Any]] = field(repr=False)
    document: dict[str, Any] = field(repr=False)


class Analyser(Protocol):
    """One for each actor; called from one thread at a time.

    Methods that read the file may raise `MediaError`; those that take `should_stop` may raise `Cancelled`.
    """

    def load(self) -> None:
        """Load the weights, which takes seconds. Called once, before all others but `tracks_hash`."""

    def tracks_hash(self, settings: Mapping[str, Any]) -> str:
        """Hash of all that the tracks depend on besides the file. Settings of the fusion do not change it."""

    def plan(self, path: Path, settings: Mapping[str, Any], should_stop: Callable[[], bool]) -> PlannedVideo:
        """Demux the file: what it holds, and the chunks in which it is analysed.

        SettingsError when the settings do not fit it.
        """

    def planned(self, payload: bytes) -> PlannedVideo:
        """Parse a stored plan. ValueError when it is not one of this version."""

    def frame_times(self, payload: bytes, from_frame: int) -> FrameTimes:
        """When the frames of a stored plan are shown, from one on.

        ValueError when the plan is not one of this version, IndexError when it has no such frame. Any thread
        may call it.
        """

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
        """Decode and measure one chunk. `on_frames(n)`: n of the chunk's frames are decoded by now."""

    def join(self, plan: bytes, chunks: Iterable[bytes]) -> JoinedTracks:
        """Concatenate the tracks of all chunks, which come in order."""

    def fuse(
        self,
        joined: JoinedTracks,
        settings: Mapping[str, Any],
        words: Mapping[str, Any] | None = None,
        corrections: Mapping[str, Any] | None = None,
    ) -> FusedVideo:
        """Compute the segments of the video. SettingsError when the settings do not fit it.

        `words`: {"transcript", "screen_text"} as in the document of `scenestream segment`, None for each
        that is not known. `corrections`: as in `Task`.
        """

    def starts(
        self, joined: JoinedTracks, settings: Mapping[str, Any], words: Mapping[str, Any] | None = None
    ) -> dict[str, list[float]]:
        """Level → seconds at which its segments start, without the first: what `fuse` finds before anything
        is corrected, and nothing besides."""

    def close(self) -> None:
        """Release weights and devices."""


def make_analyser(name: str, *, device: str, threads: int, limits: LimitSettings) -> Analyser:
    """An instance of the class named "package.module:Class". ValueError when there is none."""
    module_name, _, class_name = name.partition(":")
    try:
        cls = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"There is no analyser {name!r}: {error}") from error
    analyser: Analyser = cls(device=device, threads=threads, limits=limits)
    return analyser
