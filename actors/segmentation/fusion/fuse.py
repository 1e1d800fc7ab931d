"""Fuses the tracks of a video into its timeline of shots, scenes and chapters.

First come the transitions of the picture and the breaks of the sound inside long takes. Both are candidates
for boundaries of scenes and chapters (`hierarchy`). A break at which a scene or chapter begins, or that is
strong, divides the shot, too. Where the words are known, sentences are not broken and changes of topic are
candidates, too (`sentences`). Corrections by hand come last (`corrections`). Only the part that the settings
name is segmented; its ends are edges, as those of the video are. The same tracks and settings give the same
timeline, however the tracks were chunked. Knows no file, no network and no store.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from actors.segmentation.fusion.assembly import SegmentStart, assemble
from actors.segmentation.fusion.corrections import Starts, exact_starts, with_corrections
from actors.segmentation.fusion.evidence import Moment, audio_evidence, loudness_of_cue
from actors.segmentation.fusion.hierarchy import Found, Hierarchies
from actors.segmentation.fusion.measured import Measured
from actors.segmentation.fusion.part import part_of
from actors.segmentation.fusion.scenes.odds import SceneWeights
from actors.segmentation.fusion.summary import Summaries
from actors.segmentation.fusion.takes import sound_breaks
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.fusion.words.headings import heading_evidence
from actors.segmentation.fusion.words.sentences import between_sentences, topic_evidence, topic_moments
from actors.segmentation.headings import Headings
from actors.segmentation.media_warning import with_loss
from actors.segmentation.planning.plan import Plan
from actors.segmentation.settings import FusionSettings
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import CUTS, Apart, select
from actors.segmentation.sound.classes import classify
from actors.segmentation.spoken import Spoken
from actors.segmentation.timebase import FrameClock
from actors.segmentation.timeline import Timeline
from actors.segmentation.tracks import ChunkTracks

BREAK_SPAN = 0.5
"""By so much the strength (0..1) that a break of the sound needs falls from no to full sensitivity. Set by
hand."""


def fuse(
    plan: Plan,
    tracks: Sequence[ChunkTracks],
    settings: FusionSettings,
    *,
    document_settings: Mapping[str, Any] | None = None,
    spoken: Spoken | None = None,
    headings: Headings | None = None,
) -> Timeline:
    """The timeline of a video from the tracks of all its chunks, in order.

    `document_settings`: what the document tells as its settings, if more than `settings`. `spoken`: what is
    known of the words; without it the sound alone says where takes divide. `headings`: those on screen.
    TracksMismatchError when the tracks do not cover the plan's frames exactly, SettingsError when the part
    from `from_s` to `to_s` lies outside of the video.
    """
    return fuse_measured(
        plan,
        Measured.of(plan, tracks),
        settings,
        document_settings=document_settings,
        spoken=spoken,
        headings=headings,
    )


def fuse_measured(
    plan: Plan,
    measured: Measured,
    settings: FusionSettings,
    *,
    document_settings: Mapping[str, Any] | None = None,
    spoken: Spoken | None = None,
    headings: Headings | None = None,
    corrections: Mapping[str, Any] | None = None,
    weights: FusionWeights | None = None,
    scene_weights: SceneWeights | None = None,
) -> Timeline:
    """The same from what no setting changes: the quick half, for trying one setting after the other.

    Without a picture there are no shots: scenes are made of the pieces between changes of the sound.

    `corrections`: made by hand (`fusion.corrections`); with `exact` the starts are those, and nothing is
    looked for. `weights`, `scene_weights`: the packaged ones if not given.
    """
    clock = plan.index.clock
    part = part_of(clock, settings.from_s, settings.to_s)
    if corrections and "exact" in corrections:
        starts = exact_starts(corrections, clock, part)
    else:
        weights, scene_weights = weights or FusionWeights.packaged(), scene_weights or SceneWeights.packaged()
        starts = _found_starts(plan, measured, settings, part, spoken, headings, weights, scene_weights)
        if corrections:
            starts = with_corrections(starts, corrections, clock, part)
    picture = plan.media.has_picture
    segments, audio_segments = assemble(
        clock,
        measured.summaries,
        chapters=starts.levels["chapter"],
        scenes=starts.levels["scene"],
        shots=starts.levels["shot"] if picture else None,
        within=(part.start, part.stop),
        first_titles=starts.first_titles,
    )
    decoded = {"frames_decoded": measured.frames_decoded} if picture else {}
    return Timeline(
        media={**plan.media.contract(), **decoded},
        settings=dict(document_settings) if document_settings is not None else asdict(settings),
        segments=segments,
        audio_track=audio_segments,
        curves=measured.curves,
        part=(part.start, part.stop),
        warnings=with_loss(plan.media.warnings, measured.undecoded),
    )


def _found_starts(
    plan: Plan,
    measured: Measured,
    settings: FusionSettings,
    part: range,
    spoken: Spoken | None,
    headings: Headings | None,
    weights: FusionWeights,
    scene_weights: SceneWeights,
) -> Starts:
    sound = measured.sound
    clock = plan.index.clock
    apart = _apart(clock, settings.min_shot_s)
    possible = [t for t in measured.transitions if t.kind != "jump" or settings.jump_cuts == "split"]
    shots = select(possible, settings.shot_sensitivity, apart, (part.start, part.stop))
    moments = [Moment(t.frame, clock.seconds_of(t.frame), t) for t in shots]
    picture = plan.media.has_picture
    if sound.changes is not None and (settings.audio_weight > 0 or not picture):
        bounds = [part.start, *(t.frame for t in shots), part.stop]
        breaks = sound_breaks(sound.changes, clock, bounds, weights)
        if spoken is not None:
            breaks = between_sentences(breaks, spoken, clock, bounds)
        moments += [Moment(b.frame, clock.seconds_of(b.frame), None, b.strength) for b in breaks]
        moments.sort(key=lambda m: m.frame)
    judged = spoken if settings.topic_weight > 0 else None
    named = headings if settings.topic_weight > 0 else None
    topics = topic_moments(moments, judged, clock, part) if judged is not None else []

    hierarchies = Hierarchies(
        clock,
        part,
        measured.frames,
        measured.keyframes,
        sound,
        picture,
        settings,
        weights,
        scene_weights,
        judged,
        named,
    )
    found = hierarchies.of(moments, topics)
    probability = {m.frame: round(p, 4) for m, p in zip(moments, found.probability, strict=True)}
    chosen = {one.moment.frame for one in (*found.scenes, *found.chapters)}
    enough = weights.break_strength - BREAK_SPAN * (settings.shot_sensitivity - 0.5)
    kept = [m for m in moments if m.transition or m.strength >= enough or m.frame in chosen]
    kept += [m for m in topics if m.frame in chosen]
    kept.sort(key=lambda m: m.frame)
    topic = _topics(kept, judged, named, settings.topic_weight)
    heard = audio_evidence(kept, sound.changes, weights)
    shot_starts = [
        _shot_start(m, loudness_of_cue(float(s)), probability, topic)
        for m, s in zip(kept, heard, strict=True)
    ]
    groups = {
        "chapter": [_group_start(one, probability, topic) for one in found.chapters],
        "scene": [_group_start(one, probability, topic) for one in found.scenes],
    }
    return Starts(groups | {"shot": shot_starts} if picture else groups)


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
    starts = [_shot_start(Moment(t.frame, 0.0, t), 0.0, {}, {}).moved(tracks.start_frame) for t in found]
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


def _topics(
    moments: Sequence[Moment], spoken: Spoken | None, headings: Headings | None, weight: float
) -> dict[int, float]:
    """How strong the evidence for a change of topic is at each moment, 0..1, by frame; none without words."""
    if spoken is None and headings is None:
        return {}
    evidence = weight * (topic_evidence(moments, spoken) + heading_evidence(moments, headings))
    return {m.frame: loudness_of_cue(float(says)) for m, says in zip(moments, evidence, strict=True)}


def _shot_start(
    moment: Moment, audio: float, probability: Mapping[int, float], topics: Mapping[int, float]
) -> SegmentStart:
    """probability: of a scene, topics: strength of the evidence for one, by frame."""
    frame, t = moment.frame, moment.transition
    scene, topic = probability.get(frame), topics.get(frame)
    if t is None:
        strength = round(moment.strength, 4)
        sure = strength if moment.topic is None else round(1.0 / (1.0 + math.exp(-moment.topic)), 4)
        return SegmentStart(frame, "audio", sure, 0.0, strength, frame, frame, scene, topic)
    confidence = round(t.confidence, 4)
    extent = (t.frame, t.frame) if t.kind in CUTS else (t.first, t.last + 1)
    return SegmentStart(frame, t.kind, confidence, confidence, audio, *extent, scene, topic)


def _group_start(found: Found, probability: Mapping[int, float], topics: Mapping[int, float]) -> SegmentStart:
    return replace(
        _shot_start(found.moment, 0.0, probability, topics),
        confidence=round(found.confidence, 4),
        visual=loudness_of_cue(found.picture),
        audio=loudness_of_cue(found.sound),
    )
