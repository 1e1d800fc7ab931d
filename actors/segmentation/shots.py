"""Transitions between shots: where, of which kind, how far they reach, how sure they are.

Candidates of all kinds are weighed, then accepted from the surest down, each keeping others out of its
extent. Everything is a function of the whole video's track, so chunks leave no trace; only the last step
knows the sensitivity. Knows pictures; does not know sound, scenes or times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots_candidates import cut_candidates, gradual_windows
from actors.segmentation.shots_confidence import (
    cut_probability,
    dissolve_probability,
    fade_probability,
    wipe_probability,
)
from actors.segmentation.shots_fades import Fade, find_fades
from actors.segmentation.shots_features import Looks, cut_features, fade_features, gradual_features
from actors.segmentation.shots_fit import fit
from actors.segmentation.tracks import FrameTrack

MIN_CONFIDENCE = 0.05
"""Less likely candidates are forgotten: not even the highest sensitivity wants them."""
SURE_CUT = 0.5
"""Of the network's first head: with a jump of the picture, no gradual change is looked for across it."""
FADE_FIRST = 0.1
CUT_FIRST = 0.02
"""Of nearly equal candidates in one place, the more specific one is taken: a fade is also a kind of mix."""


@dataclass(frozen=True, slots=True)
class Transition:
    """`frame`: first frame of the new shot; of a gradual one, its middle. Mixed frames are first..last
    (inclusive); for a cut both are `frame`. kind: cut dissolve fade wipe. confidence: 0..1."""

    frame: int
    kind: str
    confidence: float
    first: int
    last: int


def find_transitions(frames: FrameTrack, fps: float) -> tuple[Transition, ...]:
    """Every possible transition of the video, in order, extents apart; confidences from MIN_CONFIDENCE up.

    A fade in at the very start and a fade out at the very end are no transitions.
    """
    if len(frames) < 2:
        return ()
    looks = Looks.of(frames)
    fades = find_fades(looks.std, looks.jumps, looks.thumbs, fps)
    inner = [fade for fade in fades if not (fade.opens or fade.closes)]
    taken = np.zeros(len(frames) + 2, np.bool_)
    for fade in fades:
        if fade.opens:
            taken[: fade.last + 1] = True
        elif fade.closes:
            taken[fade.first :] = True
    candidates = [*_cuts(looks), *_graduals(looks), *_fades(looks, inner)]
    return tuple(_accepted(candidates, taken))


def select(
    transitions: Iterable[Transition], sensitivity: float, min_frames: int, n: int
) -> list[Transition]:
    """Those that a sensitivity (0..1) believes, none closer than `min_frames` to another or to an end."""
    threshold = min(max(1.0 - sensitivity, MIN_CONFIDENCE), 0.98)
    room = max(1, min_frames)
    believed = [t for t in transitions if t.confidence >= threshold and room <= t.frame <= n - room]
    kept: list[Transition] = []
    for transition in believed:
        while (
            kept and transition.frame - kept[-1].frame < room and kept[-1].confidence < transition.confidence
        ):
            kept.pop()
        if not kept or transition.frame - kept[-1].frame >= room:
            kept.append(transition)
    return kept


def _cuts(looks: Looks) -> list[Transition]:
    frames = cut_candidates(looks.cut, looks.motion)
    confidence = cut_probability(cut_features(looks, frames))
    return [
        Transition(int(f), "cut", float(p), int(f), int(f))
        for f, p in zip(frames, confidence, strict=True)
        if p >= MIN_CONFIDENCE
    ]


def _graduals(looks: Looks) -> list[Transition]:
    cuts = cut_candidates(looks.cut, looks.motion)
    near = np.clip(cuts[:, None] + np.arange(-2, 1), 0, len(looks) - 1)
    sure = cuts[(looks.cut[near].max(axis=1) > SURE_CUT) & looks.jumps[cuts]]
    windows = gradual_windows(looks.cut, looks.many, looks.y, sure)
    if not len(windows):
        return []
    fits = fit(looks.thumbs, windows)
    features = gradual_features(looks, fits)
    mixed, wiped = dissolve_probability(features), wipe_probability(features)
    return [
        Transition(
            (int(fits.first[k]) + int(fits.last[k]) + 1) // 2,
            "dissolve" if mixed[k] >= wiped[k] else "wipe",
            float(max(mixed[k], wiped[k])),
            int(fits.first[k]),
            int(fits.last[k]),
        )
        for k in np.flatnonzero(np.maximum(mixed, wiped) >= MIN_CONFIDENCE).tolist()
    ]


def _fades(looks: Looks, fades: Sequence[Fade]) -> list[Transition]:
    confidence = fade_probability(fade_features(looks, fades))
    return [
        Transition((fade.first + fade.last + 1) // 2, "fade", float(p), fade.first, fade.last)
        for fade, p in zip(fades, confidence, strict=True)
        if p >= MIN_CONFIDENCE
    ]


def _accepted(candidates: list[Transition], taken: npt.NDArray[np.bool_]) -> list[Transition]:
    """Greedily from the surest down; no two touch. `taken` frames are kept free."""
    kept: list[Transition] = []
    for one in sorted(candidates, key=lambda t: (-_rank(t), t.first, t.last)):
        around = slice(max(0, one.first - 1), one.last + 2)
        if not taken[around].any():
            kept.append(one)
            taken[one.first : one.last + 1] = True
    kept.sort(key=lambda t: t.frame)
    return [replace(t, confidence=round(t.confidence, 4)) for t in kept]


def _rank(transition: Transition) -> float:
    bonus = {"fade": FADE_FIRST, "cut": CUT_FIRST}.get(transition.kind, 0.0)
    return transition.confidence + bonus
