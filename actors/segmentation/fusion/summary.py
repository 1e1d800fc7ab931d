"""Summarises what a stretch of video shows and sounds like: the numbers, tags, keyframe and label of a
segment.

Knows tracks and ranges of frames; does not know why a segment starts where it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.picture_roles import CONTENT, bars_shown, picture_role
from actors.segmentation.networks.tags import tag_name
from actors.segmentation.sound.classes import SoundClasses, step_range
from actors.segmentation.timeline import Sound, Visual
from actors.segmentation.tracks import AudioTrack, FrameTrack, KeyframeTrack

BLACK_LUMA, BLACK_STD = 20.0, 6.0
"""Mean (0..255) and deviation (0..127.5) of luma below which a frame is black, with or without coding
noise."""
STATIC_MOTION = 0.4
"""Mean change (of 255) below which a frame repeats the one before: coding noise."""
FULL_MOTION = 25.0
"""Mean change (of 255) that is told as 1, full motion: a scale for readers, set by hand."""
TAGS = 3
"""Classes of the picture that are told of a segment."""
TAG_MIN = 0.15
"""Probability below which a class says nothing about the picture: one of a thousand classes is always the
likeliest."""
EDGE_SHARE = 0.15
"""Share of a segment at either end whose keyframes count less: they may belong to a transition."""
EDGE_FACTOR = 0.25
"""... by this factor of their sharpness, so that they are taken where there is no other."""
MIDDLE_SHARE = 0.5
"""A keyframe a whole segment away from the middle would count for so much less."""
SOUND_SHARES = ("speech", "singing", "music", "silence")
"""What SoundClasses and Sound both name."""
MOSTLY, HARDLY = 0.5, 0.3
"""Shares of a segment from which a sound (or black, or stillness) is what it shows, and below which speech
and music leave it to be noise."""
GATE_LUFS = -70.0
"""Loudness (LUFS) up to which a block is silent (BS.1770-4)."""
RELATIVE_GATE_DB = 10.0
"""Decibels below the mean loudness of the others from which a block does not count (BS.1770-4)."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class Summaries:
    """Tracks prepared once, with running sums, so that a segment's summary costs next to nothing."""

    frames: FrameTrack
    keyframes: KeyframeTrack
    audio: AudioTrack | None
    classes: SoundClasses | None
    first_frame: int
    picture: bool
    _frame_sums: Floats
    _step_sums: Floats

    def __repr__(self) -> str:
        return f"Summaries({len(self.frames)} frames, {len(self.keyframes)} keyframes)"

    @classmethod
    def of(
        cls,
        frames: FrameTrack,
        keyframes: KeyframeTrack,
        audio: AudioTrack | None,
        classes: SoundClasses | None,
        first_frame: int = 0,
        *,
        picture: bool = True,
    ) -> Summaries:
        """Prepare a whole video, or the part of it whose first row is `first_frame`. `picture`: whether there
        is one."""
        luma = frames.luma_mean.astype(np.float64)
        motion = frames.motion.astype(np.float64)
        black = (luma < BLACK_LUMA) & (frames.luma_std.astype(np.float64) < BLACK_STD)
        shown = [
            luma / 255,
            np.minimum(motion / FULL_MOTION, 1),
            black,
            motion < STATIC_MOTION,
            bars_shown(frames.thumb),
        ]
        heard = [] if classes is None else [getattr(classes, name) for name in SOUND_SHARES]
        return cls(frames, keyframes, audio, classes, first_frame, picture, _sums(shown), _sums(heard))

    def visual(self, start: int, stop: int, keyframe: int | None) -> Visual | None:
        """Of frames start .. stop - 1; `keyframe`: row of the keyframe track whose tags are told. None
        without a picture."""
        if not self.picture:
            return None
        a, b = start - self.first_frame, stop - self.first_frame
        brightness, motion, black, static, _ = _mean(self._frame_sums, a, b)
        return Visual(brightness, motion, black, static, self._tags(keyframe))

    def role(self, start: int, stop: int, seconds: float, sound: Sound | None) -> tuple[str, float]:
        """Role and confidence (0..1) of frames start .. stop - 1 by the picture; without one, content."""
        if not self.picture:
            return CONTENT, 1.0
        _, _, black, static, bars = _mean(self._frame_sums, start - self.first_frame, stop - self.first_frame)
        return picture_role(black, bars, static, seconds, sound)

    def sound(self, from_s: float, to_s: float) -> Sound | None:
        """Of a range of seconds; None without a sound track. Where it has ended, there is silence."""
        if self.audio is None or self.classes is None:
            return None
        steps = step_range(self.classes.start_s, from_s, to_s, len(self.classes))
        if steps.stop == steps.start:
            return Sound(0.0, 0.0, 0.0, 1.0, None)
        speech, singing, music, silence = _mean(self._step_sums, steps.start, steps.stop)
        loudness = integrated_lufs(self.audio.momentary_lufs[steps])
        return Sound(speech, singing, music, silence, loudness)

    def keyframe(self, start: int, stop: int) -> int | None:
        """The row of the sharpest keyframe candidate well inside frames start .. stop - 1, else any in it."""
        where = self.keyframes.frame
        first, last = np.searchsorted(where, [start, stop])
        if first == last:
            return None
        margin = EDGE_SHARE * (stop - start)
        inside = np.arange(first, last)
        central = (where[inside] >= start + margin) & (where[inside] < stop - margin)
        # a black or even frame is sharp nowhere; between sharp ones the nearest to the middle
        sharp = self.keyframes.sharpness[inside].astype(np.float64)
        distance = np.abs(where[inside] - 0.5 * (start + stop)) / max(1, stop - start)
        score = sharp * (1.0 - MIDDLE_SHARE * distance) * np.where(central, 1.0, EDGE_FACTOR)
        return int(inside[np.argmax(score)])

    def _tags(self, row: int | None) -> tuple[dict[str, Any], ...]:
        if row is None:
            return ()
        tags = self.keyframes.tag_ids[row, :TAGS].tolist()
        probabilities = self.keyframes.tag_probabilities[row, :TAGS].tolist()
        return tuple(
            {"label": tag_name(tag), "probability": round(p, 3)}
            for tag, p in zip(tags, probabilities, strict=True)
            if p >= TAG_MIN
        )


def _sums(rows: Sequence[npt.ArrayLike]) -> Floats:
    """Running sums of parallel rows: column k is the sum of everything before k."""
    if not rows:
        return np.zeros((0, 1))
    return np.pad(np.cumsum(np.array(rows, np.float64), axis=1), ((0, 0), (1, 0)))


def _mean(sums: Floats, start: int, stop: int) -> list[float]:
    """Of start .. stop - 1, each in 0..1."""
    means = (sums[:, stop] - sums[:, start]) / max(1, stop - start)
    return [round(min(max(value, 0.0), 1.0), 4) for value in means.tolist()]


def label(visual: Visual | None, sound: Sound | None) -> str:
    """One word for a segment: black, or what is heard most: speech music singing speech+music noise silence;
    without a sound track: static or moving; of nothing at all: silence."""
    if visual is not None and visual.black > MOSTLY:
        return "black"
    if sound is None:
        return "silence" if visual is None else "static" if visual.static > MOSTLY else "moving"
    if sound.silence > MOSTLY:
        return "silence"
    if sound.speech >= MOSTLY and sound.music >= MOSTLY:
        return "speech+music"
    if max(sound.speech, sound.music) < HARDLY:
        return "noise"
    if sound.speech >= sound.music:
        return "speech"
    return "singing" if sound.singing > MOSTLY * sound.music else "music"


def integrated_lufs(momentary: npt.NDArray[np.float16]) -> float | None:
    """Gated loudness (ITU-R BS.1770-4) of blocks of 400 ms that overlap by 300 ms; None if all is silent."""
    loudness = momentary.astype(np.float64)
    loudness = loudness[loudness > GATE_LUFS]
    if not len(loudness):
        return None
    power = 10 ** (loudness / 10)
    gated = power[loudness > 10 * np.log10(power.mean()) - RELATIVE_GATE_DB]
    return round(float(10 * np.log10(gated.mean())), 2)
