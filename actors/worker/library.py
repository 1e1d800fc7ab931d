"""The segmentation library as an `Analyser`.

torch is imported with the networks, by `load`: a process that plans and fuses is half a gigabyte smaller.
Knows the segmentation library and the metrics; imports no store and no Ray.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors import metrics
from actors.segmentation.errors import Cancelled
from actors.segmentation.frame_runs import frame_runs
from actors.segmentation.fusion.fuse import fuse_measured, provisional_shots
from actors.segmentation.fusion.measured import Measured
from actors.segmentation.fusion.part import part_of
from actors.segmentation.headings import Headings
from actors.segmentation.limits import Limits
from actors.segmentation.naming.names import named
from actors.segmentation.planning.plan import Plan, build_plan
from actors.segmentation.settings import split, tracks_hash
from actors.segmentation.spoken import Spoken
from actors.segmentation.timeline import Timeline
from actors.segmentation.tracks import ChunkTracks
from actors.worker.allowance import Allowance
from actors.worker.analyser import (
    AnalysedChunk,
    FrameTimes,
    FusedVideo,
    JoinedTracks,
    PlannedChunk,
    PlannedVideo,
)
from cluster.settings import LimitSettings

if TYPE_CHECKING:
    from actors.segmentation.networks.models import Models


class LibraryAnalyser:
    """Implements `actors.worker.analyser.Analyser`; the methods' contracts stand there."""

    def __init__(self, *, device: str, threads: int, limits: LimitSettings) -> None:
        self._device = device
        self._threads = threads
        self._limits = Limits(**limits.model_dump())
        self._models: Models | None = None
        self._last_plan: tuple[bytes, Plan] | None = None

    def load(self) -> None:
        """Load the weights of the installed packages onto the device."""
        from actors.segmentation.networks.models import Models

        self._models = Models.load(self._device, self._threads)
        # What is loaded by now stays as long as the process, but each full collection would look at all of
        # it: 0.1 s of the 3 that a minute of film takes.
        gc.freeze()

    def tracks_hash(self, settings: Mapping[str, Any]) -> str:
        """16 hex digits. ValueError for settings that are not valid."""
        analysis, _ = split(settings)
        return tracks_hash(analysis)

    def plan(self, path: Path, settings: Mapping[str, Any], should_stop: Callable[[], bool]) -> PlannedVideo:
        """Demux the file once (and decode it once where its timestamps cannot be trusted)."""
        analysis, fusion = split(settings)
        plan = build_plan(
            path,
            analysis,
            self._limits,
            ignore=analysis.ignore,
            decoding=analysis.decoding,
            should_stop=should_stop,
        )
        part_of(plan.index.clock, fusion.from_s, fusion.to_s)  # refused before the work, not after it
        return _planned(plan, plan.to_bytes())

    def planned(self, payload: bytes) -> PlannedVideo:
        """Parse a stored plan."""
        return _planned(self._parsed(payload), payload)

    def frame_times(self, payload: bytes, from_frame: int) -> FrameTimes:
        """Parse a stored plan and look its frames up."""
        found = frame_runs(Plan.from_bytes(payload).index.clock, from_frame)
        return FrameTimes(
            time_base=found.time_base.as_integer_ratio(),
            frames=found.frames,
            first_frame=found.first_frame,
            first_pts=found.first_pts,
            runs=found.runs,
            next_frame=found.next_frame,
        )

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
        """Decode and measure."""
        from actors.segmentation.analyse import analyse_chunk

        assert self._models is not None, "load comes first"
        parsed = self._parsed(plan)
        first, behind = parsed.context(index)
        allowance = Allowance(behind - first, parsed.media.width * parsed.media.height)
        try:
            tracks = analyse_chunk(
                path,
                parsed,
                index,
                self._models,
                on_frames=on_frames,
                should_stop=lambda: should_stop() or allowance.used_up,
                keyframe_sink=keyframe_sink,
                limits=self._limits,
                on_times=_tell_times,
            )
        except Cancelled:
            if allowance.used_up and not should_stop():
                raise allowance.error() from None
            raise
        return AnalysedChunk(
            tracks.start_frame, tracks.end_frame, tracks.to_bytes(), provisional_shots(parsed, tracks)
        )

    def join(self, plan: bytes, chunks: Iterable[bytes]) -> JoinedTracks:
        """Unpack and concatenate the tracks, and compute all that no setting changes (`Measured`)."""
        parsed = self._parsed(plan)
        measured = Measured.of(parsed, [ChunkTracks.from_bytes(payload) for payload in chunks])
        return JoinedTracks((parsed, measured), measured.size_bytes)

    def fuse(
        self,
        joined: JoinedTracks,
        settings: Mapping[str, Any],
        words: Mapping[str, Any] | None = None,
        corrections: Mapping[str, Any] | None = None,
    ) -> FusedVideo:
        """Fuse, and name the segments. Decodes nothing and runs no network: about a second for two hours of
        video."""
        known = words or {}
        timeline = _timeline(joined, settings, known, corrections)
        segments = named(timeline.segments, known.get("transcript"), known.get("screen_text"))
        timeline = replace(timeline, segments=segments)
        document = timeline.to_document()
        segments = document.pop("segments")
        for name in ("transcript", "screen_text"):  # kept apart: they follow, and belong to every revision
            del document[name]
        return FusedVideo(segments, {**document, "curves": timeline.curves_document()})

    def starts(
        self, joined: JoinedTracks, settings: Mapping[str, Any], words: Mapping[str, Any] | None = None
    ) -> dict[str, list[float]]:
        """Fuse, and name nothing."""
        found: dict[str, list[float]] = {}
        for segment in _timeline(joined, settings, words or {}, None).segments:
            later = found.setdefault(segment.level, [])
            if segment.index:
                later.append(segment.start_s)
        return found

    def close(self) -> None:
        """Release the weights."""
        self._models = None

    def _parsed(self, payload: bytes) -> Plan:
        """The plan of these bytes, parsed once while the caller passes the same object (`TaskHandler` does).

        Safe without a lock when several threads ask at once: each reads and returns its own pair of bytes
        and plan, at worst parsing twice.
        """
        last = self._last_plan
        if last is None or last[0] is not payload:
            last = self._last_plan = (payload, Plan.from_bytes(payload))
        return last[1]


def _timeline(
    joined: JoinedTracks,
    settings: Mapping[str, Any],
    words: Mapping[str, Any],
    corrections: Mapping[str, Any] | None,
) -> Timeline:
    _, fusion = split(settings)
    plan, measured = joined.content
    return fuse_measured(
        plan,
        measured,
        fusion,
        document_settings=settings,
        spoken=Spoken.of_document(words.get("transcript")),
        headings=Headings.of_document(words.get("screen_text")),
        corrections=corrections,
    )


def _tell_times(times: Mapping[str, float]) -> None:
    for name, seconds in times.items():
        metrics.STAGE_S.observe(seconds, stage=name)


def _planned(plan: Plan, payload: bytes) -> PlannedVideo:
    clock = plan.index.clock
    chunks = tuple(
        PlannedChunk(
            index=chunk.index,
            start_frame=chunk.start_frame,
            end_frame=chunk.end_frame,
            duration_s=clock.seconds_of(chunk.end_frame) - clock.seconds_of(chunk.start_frame),
        )
        for chunk in plan.chunks
    )
    warnings = [asdict(warning) for warning in plan.media.warnings]
    return PlannedVideo(plan.media.contract(), payload, chunks, warnings)
