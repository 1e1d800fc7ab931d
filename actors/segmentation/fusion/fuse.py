"""Fuses the tracks of a video into its timeline of shots, scenes and chapters.

First come the transitions of the picture and the breaks of the sound inside long takes. Both are candidates
for scene boundaries, which one cost over picture and sound decides; scenes are grouped into chapters by the
same cost. A break at which a scene or chapter begins, or that is strong, divides the shot, too. Only the part
that the settings name is segmented; its ends are edges, as those of the video are. The same tracks and
settings give the same timeline, however the tracks were chunked. Knows no file, no network and no store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.assembly import SegmentStart, assemble
from actors.segmentation.fusion.evidence import Moment, audio_evidence, loudness_of_cue, visual_evidence
from actors.segmentation.fusion.levels import CueWeights, GroupingRules, Groups, group_units
from actors.segmentation.fusion.locations import find_locations
from actors.segmentation.fusion.measured import Measured, WholeSound
from actors.segmentation.fusion.part import part_of
from actors.segmentation.fusion.sounds import find_sounds
from actors.segmentation.fusion.summary import Summaries
from actors.segmentation.fusion.takes import sound_breaks
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.media_warning import with_loss
from actors.segmentation.planning.plan import Plan
from actors.segmentation.settings import FusionSettings
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import CUTS, Apart, select
from actors.segmentation.sound.classes import classify
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import Timeline
from actors.segmentation.tracks import ChunkTracks, FrameTrack, KeyframeTrack

CHAPTER_BIAS = -7.5
"""Log odds of a chapter boundary at a scene before any evidence, at neutral sensitivity. No labelled film has
chapters: it was set by hand, to about the strongest evidence that both cues give together."""
SENSITIVITY_SPAN = 8.0
"""Log odds by which full sensitivity favours a boundary more than none does. Set by hand."""
SCENE_REACH, CHAPTER_REACH = 0.5, 0.25
"""Shares of a group's usual length: so far apart, a pair of units says a third of what neighbours say about
being together. Set by hand."""
BREAK_SPAN = 0.5
"""By so much the strength (0..1) that a break of the sound needs falls from no to full sensitivity. Set by
hand."""


def fuse(
    plan: Plan,
    tracks: Sequence[ChunkTracks],
    settings: FusionSettings,
    *,
    document_settings: Mapping[str, Any] | None = None,
) -> Timeline:
    """The timeline of a video from the tracks of all its chunks, in order.

    `document_settings`: what the document tells as its settings, if more than `settings`.
    TracksMismatchError when the tracks do not cover the plan's frames exactly, SettingsError when the part
    from `from_s` to `to_s` lies outside of the video.
    """
    return fuse_measured(plan, Measured.of(plan, tracks), settings, document_settings=document_settings)


def fuse_measured(
    plan: Plan,
    measured: Measured,
    settings: FusionSettings,
    *,
    document_settings: Mapping[str, Any] | None = None,
    weights: FusionWeights | None = None,
) -> Timeline:
    """The same from what no setting changes: the quick half, for trying one setting after the other.

    Without a picture there are no shots: scenes are made of the pieces between changes of the sound.

    `weights`: the packaged ones if not given.
    """
    weights = weights or FusionWeights.packaged()
    frames, keyframes, sound = measured.frames, measured.keyframes, measured.sound
    clock = plan.index.clock
    part = part_of(clock, settings.from_s, settings.to_s)

    apart = _apart(clock, settings.min_shot_s)
    possible = [t for t in measured.transitions if t.kind != "jump" or settings.jump_cuts == "split"]
    shots = select(possible, settings.shot_sensitivity, apart, (part.start, part.stop))
    moments = [Moment(t.frame, clock.seconds_of(t.frame), t) for t in shots]
    picture = plan.media.has_picture
    if sound.changes is not None and (settings.audio_weight > 0 or not picture):
        bounds = [part.start, *(t.frame for t in shots), part.stop]
        breaks = sound_breaks(sound.changes, clock, bounds, weights)
        moments += [Moment(b.frame, clock.seconds_of(b.frame), None, b.strength) for b in breaks]
        moments.sort(key=lambda m: m.frame)

    scenes, chapters = _Grouper(plan, part, frames, keyframes, sound, settings, weights).levels(moments)
    chosen = {moment.frame for moment, _ in (*scenes, *chapters)}
    enough = weights.break_strength - BREAK_SPAN * (settings.shot_sensitivity - 0.5)
    kept = [m for m in moments if m.transition or m.strength >= enough or m.frame in chosen]
    heard = audio_evidence(kept, sound.changes, weights)
    shot_starts = [_shot_start(m, loudness_of_cue(float(s))) for m, s in zip(kept, heard, strict=True)]
    segments, audio_segments = assemble(
        clock,
        measured.summaries,
        chapters=[start for _, start in chapters],
        scenes=[start for _, start in scenes],
        shots=shot_starts if picture else None,
        within=(part.start, part.stop),
    )
    return Timeline(
        media=plan.media.contract(),
        settings=dict(document_settings) if document_settings is not None else asdict(settings),
        segments=segments,
        audio_track=audio_segments,
        curves=measured.curves,
        part=(part.start, part.stop),
        warnings=with_loss(plan.media.warnings, measured.undecoded),
    )


def provisional_shots(plan: Plan, tracks: ChunkTracks) -> list[dict[str, Any]]:
    """Shots of one chunk as segment documents, before anything is known of its neighbours.

    Numbered within the chunk, without parent; the first begins where the chunk does, not at a cut. None
    without a picture.
    """
    if not plan.media.has_picture:
        return []
    clock = plan.index.clock
    settings = FusionSettings()
    apart = _apart(clock, settings.min_shot_s, tracks.start_frame)
    found = select(
        transitions_at_any_rate(tracks.frames, clock.pace),
        settings.shot_sensitivity,
        apart,
        (0, len(tracks.frames)),
    )
    starts = [_shot_start(Moment(t.frame, 0.0, t), 0.0).moved(tracks.start_frame) for t in found]
    classes = classify(tracks.audio) if tracks.audio is not None and len(tracks.audio) else None
    summaries = Summaries.of(tracks.frames, tracks.keyframes, tracks.audio, classes, tracks.start_frame)
    segments, _ = assemble(
        clock, summaries, chapters=[], scenes=[], shots=starts, within=(tracks.start_frame, tracks.end_frame)
    )
    return [{**s.to_dict(), "parent": None} for s in segments if s.level == "shot"]


def _apart(clock: FrameClock, min_shot_s: float, offset: int = 0) -> Apart:
    """Whether a shot lasts long enough: to half a frame, as a length in frames is rounded. offset: number of
    the frame that is counted as 0."""
    least_s = min_shot_s - 0.5 / clock.pace

    def apart(before: int, after: int) -> bool:
        lasts_s = clock.seconds_of(offset + after) - clock.seconds_of(offset + before)
        return after > before and lasts_s >= least_s

    return apart


def _shot_start(moment: Moment, audio: float) -> SegmentStart:
    t = moment.transition
    if t is None:
        strength = round(moment.strength, 4)
        return SegmentStart(moment.frame, "audio", strength, 0.0, strength, moment.frame, moment.frame)
    confidence = round(t.confidence, 4)
    extent = (t.frame, t.frame) if t.kind in CUTS else (t.first, t.last + 1)
    return SegmentStart(t.frame, t.kind, confidence, confidence, audio, *extent)


class _Grouper:
    """Scenes and chapters of one video."""

    def __init__(
        self,
        plan: Plan,
        part: range,
        frames: FrameTrack,
        keyframes: KeyframeTrack,
        sound: WholeSound,
        settings: FusionSettings,
        weights: FusionWeights,
    ) -> None:
        self._clock, self._part = plan.index.clock, part
        self._frames, self._keyframes, self._sound, self._settings = frames, keyframes, sound, settings
        audio_weight = settings.audio_weight if plan.media.has_picture else 1.0
        self._cues, self._weights = CueWeights.of(audio_weight), weights

    def levels(
        self, moments: list[Moment]
    ) -> tuple[list[tuple[Moment, SegmentStart]], list[tuple[Moment, SegmentStart]]]:
        """Scene starts among the moments, chapter starts among the scenes'."""
        s = self._settings
        scenes = self._scenes(moments, s.scenes)
        if s.scenes is None and s.chapters is not None and s.chapters > len(scenes) + 1:
            scenes = self._scenes(moments, s.chapters)  # each chapter begins with a scene
        chapters = self._level(
            [moment for moment, _ in scenes],
            GroupingRules(
                bias=CHAPTER_BIAS,
                wanted=SENSITIVITY_SPAN * (s.chapter_sensitivity - 0.5),
                reach_s=CHAPTER_REACH * s.chapter_length_s,
                usual_s=s.chapter_length_s,
                shortest_s=s.min_chapter_s,
                count=s.chapters,
            ),
        )
        return scenes, chapters

    def _scenes(self, moments: list[Moment], count: int | None) -> list[tuple[Moment, SegmentStart]]:
        s = self._settings
        return self._level(
            moments,
            GroupingRules(
                bias=self._weights.scene_bias,
                wanted=SENSITIVITY_SPAN * (s.scene_sensitivity - 0.5),
                reach_s=SCENE_REACH * s.scene_length_s,
                usual_s=s.scene_length_s,
                shortest_s=s.min_scene_s,
                count=count,
            ),
        )

    def _level(self, moments: list[Moment], rules: GroupingRules) -> list[tuple[Moment, SegmentStart]]:
        if not moments:
            return []
        edges = self._part.start, self._part.stop
        bounds = np.array([edges[0], *(m.frame for m in moments), edges[1]], np.int64)
        times_s: npt.NDArray[np.float64] = np.array([self._clock.seconds_of(int(f)) for f in bounds])
        weights, middles_s = self._weights, 0.5 * (times_s[1:] + times_s[:-1])
        locations = find_locations(self._frames, self._keyframes, bounds, middles_s, weights)
        track, classes = self._sound.track, self._sound.classes
        sounds = None
        if track is not None and classes is not None:
            sounds = find_sounds(track, classes, times_s, weights)
        visual = np.concatenate([[0.0], visual_evidence(moments, weights)])
        audio = np.concatenate([[0.0], audio_evidence(moments, self._sound.changes, weights)])
        takes = np.cumsum([0, *(m.transition is not None for m in moments)])
        groups = group_units(times_s, takes, locations, sounds, visual, audio, rules, self._cues, weights)
        return [
            (moments[start - 1], _group_start(moments[start - 1], groups, k))
            for k, start in enumerate(groups.starts)
        ]


def _group_start(moment: Moment, groups: Groups, k: int) -> SegmentStart:
    base = _shot_start(moment, 0.0)
    return SegmentStart(
        base.frame,
        base.kind,
        round(groups.confidence[k], 4),
        loudness_of_cue(groups.picture[k]),
        loudness_of_cue(groups.sound[k]),
        base.from_frame,
        base.to_frame,
    )
