"""Fits what the measures of a change of topic weigh, and how likely the peaks of their sum are.

Sentences near a start that people marked are told from all others by a logistic model. Each meeting is judged
by a model that saw nothing of its collection; from these judgements the peaks are calibrated, and the
threshold is chosen. Held-out meetings take no part. Knows meetings and measures; does not know the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.topics.measures import MEASURES
from actors.segmentation.topics.odds import BIAS, TopicWeights, peaks_of
from tests.benchmarks.fit.logistic import Table, fitted
from tests.benchmarks.topics.meetings import Meeting
from tests.benchmarks.topics.scoring import pk, window_diff

Floats = npt.NDArray[np.float64]

PENALTY = 100.0
"""Quadratic penalty on weights of scaled measures. Between 5 and 1000 the errors hardly differed."""
NEAR_SENTENCES = 5
"""Sentences from a marked start that count as near in the fit: people do not agree on the sentence."""
NEAR_WORDS = 100
"""Words from a marked start within which a peak is right."""
COUNTED = 300.0
"""As many sentences as each meeting counts for, whatever it has: one hour is one hour."""
THRESHOLDS = np.arange(-3.0, 2.01, 0.1)
METHOD = (
    "Logistic regression with a quadratic penalty on the weights of measures scaled to unit deviation, "
    "rounded to two decimals: is a sentence near the start of a topic? Every meeting counts the same. Peaks "
    "of the sum, judged by models that saw nothing of the meeting's collection, are calibrated by a second "
    "logistic model of one variable. The threshold is the one at which the mean of Pk and WindowDiff over "
    "these judgements is least."
)
NOTES = (
    "Cross-validated: by models that saw nothing of the meeting's collection; threshold, windows and spacing "
    "were chosen by these figures, so meetings that nobody here has seen may be harder.",
    "Held out: a fifth of the meetings, by the checksum of the name. No model, no choice and no calibration "
    "has seen them.",
    "All meetings are in English, spoken by several people and written down by people; lectures, other "
    "languages and words that a machine heard are not measured.",
)


@dataclass(frozen=True)
class Measured:
    """A meeting, with its measures [n, m] and the words of each sentence."""

    meeting: Meeting
    measures: Floats
    words: Floats


def fit(meetings: Sequence[Measured]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values of the file from meetings that are not held out, and the cross-validated figures."""
    scores = _scores_of_others(meetings)
    peaks = [peaks_of(score, one.words) for score, one in zip(scores, meetings, strict=True)]
    right = [_right(one, found) for one, found in zip(meetings, peaks, strict=True)]
    heights = np.concatenate([score[found] for score, found in zip(scores, peaks, strict=True)])
    answers = np.concatenate(right)
    slope = fitted(_table(("score",), heights[:, None], answers, np.ones(len(answers))), 1.0)
    assert slope is not None, "peaks of both kinds"
    weights = TopicWeights(_sentence_weights(meetings), slope["score"], slope[BIAS], 0.0)
    odds = [
        _log_odds(weights, score, found, one)
        for score, found, one in zip(scores, peaks, meetings, strict=True)
    ]

    def errors(threshold: float) -> dict[str, float]:
        told = replace(weights, threshold=threshold)
        return mean_errors(
            [(one.meeting, told.division(each)) for one, each in zip(meetings, odds, strict=True)]
        )

    least = min(THRESHOLDS.tolist(), key=lambda t: errors(t)["pk"] + errors(t)["window_diff"])
    values = {
        "sentences": dict(weights.sentences),
        "peaks": {"slope": weights.slope, "bias": weights.bias, "threshold": round(least, 2) + 0.0},
    }
    told = 1 / (1 + np.exp(-(weights.slope * heights + weights.bias)))
    curve = {
        f"{low:.1f} to {high:.1f}": {
            "peaks": int(inside.sum()),
            "told": round(float(told[inside].mean()), 2),
            "right": round(float(answers[inside].mean()), 2),
        }
        for low, high in ((0.0, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.0))
        if (inside := (told >= low) & (told < high)).any()
    }
    by_series = {
        series: mean_errors(
            [
                (one.meeting, replace(weights, threshold=least).division(each))
                for one, each in zip(meetings, odds, strict=True)
                if one.meeting.series == series
            ]
        )
        for series in sorted({one.meeting.series for one in meetings})
    }
    return values, {"all": errors(least), "by collection": by_series, "probability of peaks": curve}


def mean_errors(divided: Sequence[tuple[Meeting, Sequence[int]]]) -> dict[str, float]:
    """Means of Pk, WindowDiff and of the number of boundaries over meetings and their divisions."""
    rows = [
        (pk(m.starts, at, len(m.sentences)), window_diff(m.starts, at, len(m.sentences)), len(at))
        for m, at in divided
    ]
    means = np.mean(rows, axis=0)
    return {
        "pk": round(float(means[0]), 3),
        "window_diff": round(float(means[1]), 3),
        "boundaries": round(float(means[2]), 1),
    }


def _log_odds(weights: TopicWeights, scores: Floats, peaks: npt.NDArray[np.int64], one: Measured) -> Floats:
    out = np.full(len(one.words), -np.inf)
    out[peaks] = weights.slope * scores[peaks] + weights.bias
    return out


def _scores_of_others(meetings: Sequence[Measured]) -> list[Floats]:
    """Of each meeting's sentences, by a model that saw nothing of its collection."""
    by_series: dict[str, Mapping[str, float]] = {}
    out = []
    for one in meetings:
        series = one.meeting.series
        if series not in by_series:
            by_series[series] = _sentence_weights([o for o in meetings if o.meeting.series != series])
        out.append(TopicWeights(by_series[series], 1.0, 0.0, 0.0).scores(one.measures))
    return out


def _sentence_weights(meetings: Sequence[Measured]) -> dict[str, float]:
    rows = np.concatenate([one.measures[1:] for one in meetings])
    near = np.concatenate([_near(one.meeting)[1:] for one in meetings])
    counted = np.concatenate([np.full(len(one.words) - 1, COUNTED / len(one.words)) for one in meetings])
    weights = fitted(_table(MEASURES, rows, near, counted), PENALTY)
    assert weights is not None, "sentences of both kinds"
    return weights


def _table(names: tuple[str, ...], rows: Floats, right: npt.NDArray[np.bool_], counted: Floats) -> Table:
    return Table(names, rows, right, np.full(len(right), ""), counted)


def _near(meeting: Meeting) -> npt.NDArray[np.bool_]:
    near = np.zeros(len(meeting.sentences), np.bool_)
    for start in meeting.starts:
        near[max(0, start - NEAR_SENTENCES) : start + NEAR_SENTENCES + 1] = True
    return near


def _right(one: Measured, peaks: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether a marked start lies within NEAR_WORDS of each peak."""
    at = np.cumsum([0.0, *one.words])
    starts = at[list(one.meeting.starts)]
    return np.array([np.abs(starts - at[peak]).min() <= NEAR_WORDS for peak in peaks.tolist()], np.bool_)
