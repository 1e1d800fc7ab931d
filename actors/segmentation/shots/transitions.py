"""Finds the transitions between shots: where they are, of which kind, how far they reach, how sure they are.

Candidates of all kinds are weighed, then accepted from the surest down; each keeps others out of its extent.
Everything is a function of the whole video's track, so chunks leave no trace; only the last step knows the
sensitivity. Knows pictures; does not know sound, scenes or times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.confidence import probability
from actors.segmentation.shots.fades import Fade, find_fades
from actors.segmentation.shots.features import (
    PictureTrack,
    cut_features,
    fade_features,
    gradual_features,
    gradual_fits,
    jump_features,
)
from actors.segmentation.shots.fit import extents
from actors.segmentation.shots.interruptions import (
    FPS_MIN,
    changes_of_light,
    interrupting_changes,
    interrupting_cuts,
)
from actors.segmentation.shots.slides import MIX_ERROR_MAX, UNLIKE_SURE, unlike
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack

MIN_CONFIDENCE = 0.05
"""Confidence below which candidates are forgotten: not even the highest sensitivity wants one in twenty to be
right."""
MAX_THRESHOLD = 0.98
"""Confidence that is enough at the lowest sensitivity: some boundaries are left even then."""
SURE_CUT = 0.8
"""Confidence from which no gradual change is looked for across a cut at which the picture jumps. Set by hand;
the weights of gradual changes are fitted to the windows that it leaves."""
MIXED = 0.5
"""Probability of the network's second head above which a frame is not clean: likelier than not."""
WIDEN_MIN = 4
"""Frames at least by which the window goes beyond an extent that is measured anew: a few clean ones."""
SAME_EXTENT = 0.5
"""Share of frames in common (of those in either) from which a fade and a dissolve are two readings of one
thing; and share of its frames in a change of the light from which a change is part of it."""
FADE_FIRST, CUT_FIRST = 0.1, 0.02
"""Added to the confidence where candidates compete for one place: of nearly equal ones the more specific one
is taken, as a fade is also a kind of mix. Set by hand."""

SLOW_FPS = 2.5
"""Frames per second below which a film is a row of slides rather than motion (`slides`)."""
PAIR_LEAST, PAIR_SURE = 0.2, 0.5
"""Confidence from which cuts are looked at in pairs, and from which a transition beside them counts."""
JUMP_LOG_ODDS = 0.0
"""Log odds from which a cut is called a jump cut: likelier than not, as either mistake is only a wrong
name."""
CUTS = ("cut", "jump")
"""Kinds of transitions from one frame to the next; all others have mixed frames."""

Chooser = Callable[[PictureTrack, npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.bool_]]
"""Which changes, by the first and last frame of each (c,), hold true of something: bool (c,)."""
Apart = Callable[[int, int], bool]
"""Whether two frames, the earlier first, may both begin a shot."""


@dataclass(frozen=True, slots=True)
class Transition:
    """`frame`: first frame of the new shot; of a gradual one, its middle. Mixed frames are first..last
    (inclusive); for those of CUTS both are `frame`. kind: cut jump dissolve fade wipe, a jump being a cut
    within one take. confidence, 0..1: that it is a transition."""

    frame: int
    kind: str
    confidence: float
    first: int
    last: int


def find_transitions(
    frames: FrameTrack, fps: float, weights: ShotWeights | None = None
) -> tuple[Transition, ...]:
    """Every possible transition of the video, in order, extents apart; confidences from MIN_CONFIDENCE up.

    A fade in at the very start and a fade out at the very end are no transitions. `weights`: the packaged
    ones if not given.
    """
    if len(frames) < 2:
        return ()
    picture = PictureTrack.of(frames)
    fades = find_fades(picture.y, picture.std, picture.jumps, fps)
    taken = np.zeros(len(frames) + 2, np.bool_)
    for fade in fades:
        if fade.opens:
            taken[: fade.last + 1] = True
        elif fade.closes:
            taken[fade.first :] = True
    weights = weights or ShotWeights.packaged()
    candidates = weigh(picture, fades, 0.0, weights)
    mixed = picture.mixed_cuts
    if fps < SLOW_FPS:
        other = unlike(picture)
        mixed = mixed & (picture.mix_error < MIX_ERROR_MAX) & ~(other[:-1] & other[1:])
        candidates = _of_slides(candidates, other)
    candidates = [one for one in candidates if one.confidence >= MIN_CONFIDENCE]
    if fps >= FPS_MIN:
        candidates = _going_on(candidates, picture)
    accepted = _accepted(candidates, taken, mixed)
    if fps >= FPS_MIN:
        accepted = _uninterrupted(accepted, picture)
    found = _joined(accepted, picture)
    return tuple(_named(_refined(found, picture), picture, weights))


def weigh(
    picture: PictureTrack, fades: Sequence[Fade], floor: float, weights: ShotWeights
) -> list[Transition]:
    """Candidates of all kinds with a confidence of at least `floor`, each by itself: they may overlap. All
    cuts are called cuts; `find_transitions` tells which are jump cuts."""
    cuts = _cuts(picture, weights)
    barriers = [cut.frame for cut in cuts if cut.confidence > SURE_CUT and picture.jumps[cut.frame]]
    graduals = _graduals(picture, np.array(barriers, np.int64), weights)
    inner = [fade for fade in fades if not (fade.opens or fade.closes)]
    found = [*cuts, *graduals, *_vouched(_fades(picture, inner, weights), graduals)]
    return [one for one in found if one.confidence >= floor]


def _of_slides(candidates: list[Transition], other: npt.NDArray[np.bool_]) -> list[Transition]:
    """With cuts to another slide surer than the rhythm around them says."""
    return [
        replace(one, confidence=max(one.confidence, UNLIKE_SURE))
        if one.kind == "cut" and other[one.frame]
        else one
        for one in candidates
    ]


def _going_on(candidates: list[Transition], picture: PictureTrack) -> list[Transition]:
    """Without dissolves and wipes that lead back to the picture before them, and without what is found where
    only the light changes. Fades to black and back stay: they are a sign of their own."""
    back = [one for one in candidates if one.kind in ("dissolve", "wipe")]
    dropped = {*_chosen(back, interrupting_changes, picture)}
    fades = [one for one in candidates if one.kind == "fade"]
    lit = np.zeros(len(picture) + 1, np.int64)
    for one in _chosen(fades, changes_of_light, picture):
        lit[one.first + 1 : one.last + 2] = 1
    within = np.cumsum(lit)
    for one in [*back, *fades]:
        shared = int(within[one.last + 1] - within[one.first])
        if shared > SAME_EXTENT * (one.last - one.first + 1):
            dropped.add(one)
    return [one for one in candidates if one not in dropped]


def _chosen(changes: list[Transition], which: Chooser, picture: PictureTrack) -> list[Transition]:
    extent = np.array([(one.first, one.last) for one in changes], np.int64).reshape(-1, 2)
    return [changes[k] for k in np.flatnonzero(which(picture, *extent.T)).tolist()]


def _uninterrupted(accepted: list[Transition], picture: PictureTrack) -> list[Transition]:
    """Without cuts that only begin or end an interruption of a shot."""
    cuts = np.array([t.frame for t in accepted if t.kind == "cut" and t.confidence >= PAIR_LEAST], np.int64)
    sure = [(t.first, t.last) for t in accepted if t.confidence >= PAIR_SURE]
    interrupting = interrupting_cuts(picture, cuts, np.array(sure, np.int64).reshape(-1, 2))
    dropped = {*cuts[interrupting].tolist()}
    return [one for one in accepted if one.kind != "cut" or one.frame not in dropped]


def frames_apart(count: int) -> Apart:
    """At least so many frames, and one."""
    return lambda before, after: after - before >= max(1, count)


def select(
    transitions: Iterable[Transition], sensitivity: float, apart: Apart, within: tuple[int, int]
) -> list[Transition]:
    """Those that a sensitivity (0..1) believes, far enough from each other and from both ends of `within`
    (first frame, frame after the last). apart: whether a shot from one frame up to another is long enough."""
    threshold = min(max(1.0 - sensitivity, MIN_CONFIDENCE), MAX_THRESHOLD)
    start, stop = within
    kept: list[Transition] = []
    for one in transitions:
        if one.confidence < threshold or not (start < one.frame < stop):
            continue
        if not (apart(start, one.frame) and apart(one.frame, stop)):
            continue
        while kept and kept[-1].confidence < one.confidence and not apart(kept[-1].frame, one.frame):
            kept.pop()
        if not kept or apart(kept[-1].frame, one.frame):
            kept.append(one)
    return kept


def _cuts(picture: PictureTrack, weights: ShotWeights) -> list[Transition]:
    frames = picture.possible_cuts
    confidence = probability("cut", cut_features(picture, frames), picture.seen(frames, frames), weights)
    return [
        Transition(int(f), "cut", float(p), int(f), int(f)) for f, p in zip(frames, confidence, strict=True)
    ]


def _graduals(
    picture: PictureTrack, barriers: npt.NDArray[np.int64], weights: ShotWeights
) -> list[Transition]:
    fits = gradual_fits(picture, barriers)
    if not len(fits):
        return []
    features, seen = gradual_features(picture, fits), picture.seen(fits.first, fits.last)
    mixed, wiped = (probability(kind, features, seen, weights) for kind in ("dissolve", "wipe"))
    return [
        Transition((a + b + 1) // 2, "dissolve" if mix >= wipe else "wipe", max(mix, wipe), a, b)
        for a, b, mix, wipe in zip(
            fits.first.tolist(), fits.last.tolist(), mixed.tolist(), wiped.tolist(), strict=True
        )
    ]


def _fades(picture: PictureTrack, fades: Sequence[Fade], weights: ShotWeights) -> list[Transition]:
    extents = np.array([(fade.first, fade.last) for fade in fades], np.int64).reshape(-1, 2)
    confidence = probability("fade", fade_features(picture, fades), picture.seen(*extents.T), weights)
    return [
        Transition((fade.first + fade.last + 1) // 2, "fade", float(p), fade.first, fade.last)
        for fade, p in zip(fades, confidence, strict=True)
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


def _accepted(
    candidates: list[Transition], taken: npt.NDArray[np.bool_], mixed: npt.NDArray[np.bool_]
) -> list[Transition]:
    """Greedily from the surest down. `taken` frames are kept free.

    No two touch, but plain cuts: a shot may last one frame. A cut with a mixed frame keeps its neighbours
    free, as they might be the same cut.
    """
    kept: list[Transition] = []
    beside = taken.copy()
    for one in sorted(candidates, key=lambda t: (-_rank(t), t.first, t.last)):
        here, around = slice(one.first, one.last + 1), slice(max(0, one.first - 1), one.last + 2)
        plain = one.kind == "cut" and not mixed[one.frame]
        in_the_way = beside[here] if plain else taken[around]
        if in_the_way.any():
            continue
        kept.append(one)
        taken[here] = beside[here] = True
        if not plain:
            beside[around] = True
    kept.sort(key=lambda t: t.frame)
    return [replace(t, confidence=round(t.confidence, 4)) for t in kept]


def _joined(transitions: list[Transition], picture: PictureTrack) -> list[Transition]:
    """A long dissolve may have been found in pieces: joined where no frame between them looks clean."""
    out: list[Transition] = []
    for one in transitions:
        before = out[-1] if out else None
        if (
            before is not None
            and "dissolve" in (before.kind, one.kind)
            and {before.kind, one.kind} <= {"dissolve", "wipe"}
            and picture.many[before.last : one.first + 1].min() > MIXED
        ):
            first, last = before.first, one.last
            confidence = max(before.confidence, one.confidence)
            out[-1] = Transition((first + last + 1) // 2, "dissolve", confidence, first, last)
        else:
            out.append(one)
    return out


def _refined(transitions: list[Transition], picture: PictureTrack) -> list[Transition]:
    """Dissolves with their extent measured anew, between clean frames well outside of it.

    The window in which one was found may lie a little inside it.
    """
    rows = [k for k, one in enumerate(transitions) if one.kind == "dissolve"]
    out = list(transitions)
    if not rows:
        return out
    ends = np.array([-1, *(one.last for one in transitions)])
    starts = np.array([*(one.first for one in transitions), len(picture)])
    windows = []
    for k in rows:
        one = transitions[k]
        room = max(WIDEN_MIN, (one.last - one.first + 1) // 2)
        windows.append([max(ends[k] + 1, one.first - room), min(starts[k + 1] - 1, one.last + room)])
    clean = extents(picture.y, np.array(windows, np.int64)).tolist()
    for k, first, last in ((k, old + 1, new - 1) for k, (old, new) in zip(rows, clean, strict=True)):
        if first <= transitions[k].frame <= last:
            out[k] = replace(transitions[k], frame=(first + last + 1) // 2, first=first, last=last)
    return out


def _named(transitions: list[Transition], picture: PictureTrack, weights: ShotWeights) -> list[Transition]:
    """With the cuts within one take called jumps."""
    rows = [k for k, one in enumerate(transitions) if one.kind == "cut"]
    frames = np.array([transitions[k].frame for k in rows], np.int64)
    odds = weights.jump.score(jump_features(picture, frames))
    out = list(transitions)
    for k, score in zip(rows, odds.tolist(), strict=True):
        if score > JUMP_LOG_ODDS:
            out[k] = replace(out[k], kind="jump")
    return out


def _rank(transition: Transition) -> float:
    bonus = {"fade": FADE_FIRST, "cut": CUT_FIRST}.get(transition.kind, 0.0)
    return transition.confidence + bonus
