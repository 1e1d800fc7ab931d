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
from actors.segmentation.shots_fit import fit, fit_ramps, mix_profile, pictures
from actors.segmentation.tracks import FrameTrack

MIN_CONFIDENCE = 0.05
"""Less likely candidates are forgotten: not even the highest sensitivity wants them."""
SURE_CUT = 0.5
"""Of the network's first head: with a jump of the picture, no gradual change is looked for across it."""
MIXED = 0.5
"""Of the network's second head: frames above it are not clean."""
WIDEN_MIN = 4
"""Frames at least by which an extent is measured beyond where it was found."""
SAME_EXTENT = 0.5
"""Share of frames in common from which a fade and a dissolve are two readings of one thing."""
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
    fades = find_fades(looks.y, looks.std, looks.jumps, fps)
    inner = [fade for fade in fades if not (fade.opens or fade.closes)]
    taken = np.zeros(len(frames) + 2, np.bool_)
    for fade in fades:
        if fade.opens:
            taken[: fade.last + 1] = True
        elif fade.closes:
            taken[fade.first :] = True
    graduals = _graduals(looks)
    candidates = [*_cuts(looks), *graduals, *_vouched(_fades(looks, inner), graduals)]
    return tuple(_refined(_joined(_accepted(candidates, taken), looks), looks))


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
    fits = fit(looks.thumbs, looks.y, windows)
    if not len(fits):
        return []
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


def _vouched(fades: list[Transition], graduals: list[Transition]) -> list[Transition]:
    """A fade is also a mix, of a picture and a flat one: as sure as the dissolve found in its place."""
    dissolves = np.array(
        [(g.first, g.last, g.confidence) for g in graduals if g.kind == "dissolve"], np.float64
    ).reshape(-1, 3)
    first, last, confidence = dissolves.T
    out = []
    for fade in fades:
        shared = np.minimum(fade.last, last) - np.maximum(fade.first, first) + 1
        either = np.maximum(fade.last, last) - np.minimum(fade.first, first) + 1
        alike = confidence[shared > SAME_EXTENT * either]
        out.append(replace(fade, confidence=max([fade.confidence, *alike.tolist()])))
    return out


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


def _joined(transitions: list[Transition], looks: Looks) -> list[Transition]:
    """A long dissolve may have been found in pieces: joined where no frame between them looks clean."""
    out: list[Transition] = []
    for one in transitions:
        before = out[-1] if out else None
        if (
            before is not None
            and "dissolve" in (before.kind, one.kind)
            and {before.kind, one.kind} <= {"dissolve", "wipe"}
            and looks.many[before.last : one.first + 1].min() > MIXED
        ):
            first, last = before.first, one.last
            confidence = max(before.confidence, one.confidence)
            out[-1] = Transition((first + last + 1) // 2, "dissolve", confidence, first, last)
        else:
            out.append(one)
    return out


def _refined(transitions: list[Transition], looks: Looks) -> list[Transition]:
    """Dissolves with their extent measured anew, between clean frames well outside of it.

    The window in which one was found may lie a little inside it.
    """
    out = []
    for k, one in enumerate(transitions):
        if one.kind == "dissolve":
            room = max(WIDEN_MIN, (one.last - one.first + 1) // 2)
            lowest = transitions[k - 1].last + 1 if k else 0
            highest = transitions[k + 1].first - 1 if k + 1 < len(transitions) else len(looks) - 1
            window = np.arange(max(lowest, one.first - room), min(highest, one.last + room) + 1)
            inside = pictures(looks.y, window)[None]
            start, stop = (int(e[0]) for e in fit_ramps(mix_profile(inside, inside[:, 0], inside[:, -1])))
            first, last = int(window[0]) + start + 1, int(window[0]) + stop - 1
            if first <= one.frame <= last:
                one = replace(one, frame=(first + last + 1) // 2, first=first, last=last)
        out.append(one)
    return out


def _rank(transition: Transition) -> float:
    bonus = {"fade": FADE_FIRST, "cut": CUT_FIRST}.get(transition.kind, 0.0)
    return transition.confidence + bonus
