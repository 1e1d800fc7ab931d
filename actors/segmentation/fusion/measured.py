"""Joins the tracks of a video and finds in them what no setting of the fusion changes.

That takes most of the time of a fusion, so callers that try one setting after the other keep the result.
Knows tracks and a plan; does not know what is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from actors.segmentation.fusion.curves import make_curves
from actors.segmentation.fusion.summary import Summaries
from actors.segmentation.media_warning import Loss
from actors.segmentation.planning.plan import Plan
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import Transition
from actors.segmentation.sound.changes import SoundChanges, find_changes
from actors.segmentation.sound.classes import SoundClasses, classify
from actors.segmentation.timeline import Curve
from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack


class TracksMismatchError(ValueError):
    """The tracks are not those of the plan: chunks are missing, doubled or of another video."""


@dataclass(frozen=True, slots=True, repr=False)
class WholeSound:
    """The sound of the whole video; all None without a sound track."""

    track: AudioTrack | None
    classes: SoundClasses | None
    changes: SoundChanges | None

    @classmethod
    def of(cls, track: AudioTrack | None) -> WholeSound:
        """Classes and changes of a track."""
        if track is None or not len(track):
            return cls(track, None, None)
        classes = classify(track)
        return cls(track, classes, find_changes(track, classes))


@dataclass(frozen=True, slots=True, repr=False)
class Measured:
    """A whole video. `transitions`: every one that any sensitivity might choose. `undecoded`: frames that
    were planned and did not decode."""

    frames: FrameTrack
    keyframes: KeyframeTrack
    sound: WholeSound
    transitions: tuple[Transition, ...]
    summaries: Summaries
    curves: tuple[Curve, ...]
    undecoded: Loss

    @classmethod
    def of(cls, plan: Plan, tracks: Sequence[ChunkTracks]) -> Measured:
        """From the tracks of all chunks, in order.

        TracksMismatchError when they do not cover the plan's frames exactly.
        """
        whole = _joined(plan, tracks)
        clock = plan.index.clock
        frames, keyframes, sound = whole.frames, whole.keyframes, WholeSound.of(whole.audio)
        picture = plan.media.has_picture
        transitions = transitions_at_any_rate(frames, clock.pace) if picture else ()
        return cls(
            frames,
            keyframes,
            sound,
            transitions,
            Summaries.of(frames, keyframes, sound.track, sound.classes, picture=picture),
            make_curves(clock, frames if picture else None, transitions, sound.track, sound.classes),
            _undecoded(plan, frames),
        )

    @property
    def frames_decoded(self) -> int:
        """Frames whose picture was decoded, not estimated."""
        return int(np.count_nonzero(self.frames.valid & ~self.frames.estimated))

    @property
    def size_bytes(self) -> int:
        """What the tracks take in memory, and about as much again for what was found in their frames."""
        tables = (self.frames, self.keyframes, self.sound.track)
        return 2 * sum(table.size_bytes for table in tables if table is not None)


def _undecoded(plan: Plan, frames: FrameTrack) -> Loss:
    """Frames that did not decode, without those that are to repeat the one before."""
    holes = np.flatnonzero(~frames.valid & ~frames.estimated)
    lost = len(holes) - plan.media.placeholders
    if lost <= 0:
        return Loss()
    steps = np.diff(plan.index.pts, append=plan.index.end_pts)[holes]
    return Loss(lost, float(int(steps.sum()) * plan.index.time_base) * lost / len(holes))


def _joined(plan: Plan, tracks: Sequence[ChunkTracks]) -> ChunkTracks:
    bounds = [0, *(t.end_frame for t in tracks)]
    if [t.start_frame for t in tracks] != bounds[:-1] or bounds[-1] != plan.frames or not tracks:
        raise TracksMismatchError(
            f"tracks end at frames {bounds[1:]}, the plan has {plan.frames} in {len(plan.chunks)} chunks"
        )
    return ChunkTracks.join(tracks)
