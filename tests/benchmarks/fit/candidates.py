"""Candidates of labelled films: feature rows as the library makes them, and which of them are transitions.

A candidate is right where the scorer would accept its frame for a label of its kind; where labels do not
judge, or where it is an arguable reading of a label, it is left out. Everything happens at the rate at which
the library picture for transitions (every second or third frame above 40 a second).
Knows the library's candidates and the labels; does not know how models are fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.fades import find_fades
from actors.segmentation.shots.features import (
    PictureTrack,
    cut_features,
    fade_features,
    gradual_features,
    gradual_fits,
    jump_features,
)
from actors.segmentation.shots.rate import thin_step, thinned
from actors.segmentation.shots.transitions import SURE_CUT
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import FEATURES, JUMP_FEATURES
from actors.segmentation.tracks import FrameTrack
from tests.benchmarks.fit.logistic import Table
from tests.benchmarks.scoring import CUT_SLACK_FRAMES, GRADUAL_SLACK_FRAMES, KIND_AS, Labels

COUNTS_AS = {"dissolve": ("dissolve", "fade"), "wipe": ("wipe",), "fade": ("fade",)}
"""Kinds of labels that a model of gradual change is to find: a fade is a mix, too."""
SAME_EXTENT = 0.3
"""A window that shares less with the label in whose middle it lies is neither right nor wrong."""
SHORT_FRAMES = 3
"""A mix of so few frames may as well be called a cut."""
RIGHT, WRONG, UNJUDGED = 1, 0, -1
SURE_LOG_ODDS = float(np.log(SURE_CUT / (1 - SURE_CUT)))

Bools = npt.NDArray[np.bool_]
Extents = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Truth:
    """Labels in frames of a thinned film: cuts, (first, last, kind) of gradual ones, zones not judged.
    jump_cuts: which of the cuts are within one take; None where the labels do not say."""

    cuts: tuple[int, ...]
    gradual: tuple[tuple[int, int, str], ...]
    unjudged: tuple[tuple[int, int], ...]
    jump_cuts: tuple[int, ...] | None = None

    @classmethod
    def of(cls, labels: Labels, step: int) -> Truth:
        """Every step-th frame kept."""
        zones = [*labels.get("optional", []), *labels.get("edges", [])]
        return cls(
            tuple(-(-cut // step) for cut in labels["cuts"]),
            tuple((-(-a // step), b // step, KIND_AS.get(k, k)) for a, b, k, *_ in labels["gradual"]),
            tuple((-(-a // step), b // step) for a, b, *_ in zones),
            tuple(-(-cut // step) for cut in labels["jump_cuts"]) if "jump_cuts" in labels else None,
        )

    def skips(self, frame: int) -> bool:
        """Whether a candidate here is not judged."""
        return any(a - GRADUAL_SLACK_FRAMES <= frame <= b + GRADUAL_SLACK_FRAMES for a, b in self.unjudged)


def track_for(frames: FrameTrack, labels: Labels) -> tuple[FrameTrack, float, int]:
    """The track as transitions are looked for in it, its rate, and every how many frames one was kept."""
    fps = float(Fraction(labels["fps"]))
    step = thin_step(fps)
    return thinned(frames, step), fps / step, step


def cut_table(frames: FrameTrack, labels: Labels, group: str, seen: bool) -> Table:
    """Possible cuts of a film's whole track: those that the network looked at, or those that it did not."""
    track, _, step = track_for(frames, labels)
    picture = PictureTrack.of(track)
    cuts = picture.possible_cuts
    answers = cut_answers(Truth.of(labels, step), cuts.tolist())
    judged = picture.seen(cuts, cuts) == seen
    return _table("cut", cut_features(picture, cuts), answers, judged, group)


def jump_table(frames: FrameTrack, labels: Labels, group: str) -> Table:
    """Candidates of a film that are labelled cuts, and which of them are within one take; none where the
    labels do not say."""
    track, _, step = track_for(frames, labels)
    picture, truth = PictureTrack.of(track), Truth.of(labels, step)
    cuts = picture.possible_cuts
    found = [f for f, a in zip(cuts.tolist(), cut_answers(truth, cuts.tolist()), strict=True) if a == RIGHT]
    if truth.jump_cuts is None:
        found = []
    jumps = [any(abs(f - cut) <= CUT_SLACK_FRAMES for cut in truth.jump_cuts or ()) for f in found]
    rows = jump_features(picture, np.array(found, np.int64)).astype(np.float64)
    count = len(found)
    return Table(JUMP_FEATURES, rows, np.array(jumps, np.bool_), np.full(count, group), np.ones(count))


def gradual_tables(
    frames: FrameTrack, labels: Labels, group: str, seen: bool, cut_trees: Trees
) -> dict[str, Table]:
    """Possible dissolves, wipes and fades of a film's whole track, seen by the network or not.

    cut_trees: the model of cuts that goes with them, as no window crosses a sure cut.
    """
    track, fps, step = track_for(frames, labels)
    picture, truth = PictureTrack.of(track), Truth.of(labels, step)
    cuts = picture.possible_cuts
    sure = cut_trees.score(cut_features(picture, cuts)) > SURE_LOG_ODDS
    fits = gradual_fits(picture, cuts[sure & picture.jumps[cuts]])
    rows, extents = gradual_features(picture, fits), np.stack([fits.first, fits.last], axis=1)
    judged = picture.seen(*extents.T) == seen
    out = {
        name: _table(name, rows, gradual_answers(truth, name, extents), judged, group)
        for name in ("dissolve", "wipe")
    }
    found = find_fades(picture.y, picture.std, picture.jumps, fps)
    fades = [fade for fade in found if not (fade.opens or fade.closes)]
    extents = np.array([(fade.first, fade.last) for fade in fades], np.int64).reshape(-1, 2)
    answers = gradual_answers(truth, "fade", extents)
    judged = picture.seen(*extents.T) == seen
    return {**out, "fade": _table("fade", fade_features(picture, fades), answers, judged, group)}


def cut_answers(truth: Truth, frames: Sequence[int]) -> list[int]:
    """RIGHT, WRONG or UNJUDGED of each candidate: the nearest to a labelled cut is right, its neighbours and
    those in a mix of very few frames are not judged, those in a longer change are wrong."""
    best: dict[int, int] = {}
    for cut in truth.cuts:
        near = [k for k, frame in enumerate(frames) if abs(frame - cut) <= CUT_SLACK_FRAMES]
        best.update({k: UNJUDGED for k in near if best.get(k) != RIGHT})
        if near:
            best[min(near, key=lambda k: abs(frames[k] - cut))] = RIGHT
    out = []
    for k, frame in enumerate(frames):
        short = any(a - 1 <= frame <= b + 2 and b - a < SHORT_FRAMES for a, b, _ in truth.gradual)
        out.append(best.get(k, UNJUDGED if short or truth.skips(frame) else WRONG))
    return out


def gradual_answers(truth: Truth, model: str, extents: Extents) -> list[int]:
    """RIGHT, WRONG or UNJUDGED of each extent (first and last mixed frame) as what the model is to find.

    A small part of a label is not judged where nothing better was proposed; else it is wrong, so that the
    model learns to prefer the whole.
    """
    out, parts = [], []
    whole = set()
    for first, last in extents.tolist():
        middle = (first + last + 1) // 2
        answer, part = UNJUDGED if truth.skips(middle) else WRONG, None
        for number, (a, b, kind) in enumerate(truth.gradual):
            if a - GRADUAL_SLACK_FRAMES <= middle <= b + GRADUAL_SLACK_FRAMES:
                answer, part = _reading(model, kind, (first, last), (a, b)), number
        out.append(answer)
        parts.append(part)
        if answer == RIGHT:
            whole.add(part)
    return [
        WRONG if answer == UNJUDGED and part in whole else answer
        for answer, part in zip(out, parts, strict=True)
    ]


def _reading(model: str, kind: str, extent: tuple[int, int], label: tuple[int, int]) -> int:
    if kind not in COUNTS_AS[model]:
        # a dissolve to a dark or plain picture dims it like a fade
        return UNJUDGED if model == "fade" and kind == "dissolve" else WRONG
    shared = min(extent[1], label[1]) - max(extent[0], label[0]) + 1
    either = max(extent[1], label[1]) - min(extent[0], label[0]) + 1
    return RIGHT if shared >= SAME_EXTENT * either else UNJUDGED


def _table(name: str, rows: Any, answers: Sequence[int], kept: Bools, group: str) -> Table:
    answer = np.array(answers, np.int64)
    judged = kept & (answer != UNJUDGED)
    values = np.asarray(rows, np.float64).reshape(len(answer), len(FEATURES[name]))[judged]
    count = int(judged.sum())
    return Table(FEATURES[name], values, answer[judged] == RIGHT, np.full(count, group), np.ones(count))
