"""Classifies every step of 100 ms: silence, noise, speech, music, singing, or speech over music.

Three questions are weighed in every step: is it silent, does someone speak, does music play. A hidden Markov
model with five states answers them for the whole film at once (Viterbi), so that a short doubt does not
become a segment of its own, and a pause between two phrases stays speech. The weights are data:
`sound.weights`. Knows the sound track's probabilities and levels; does not know pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from actors.segmentation.sound.weights import BIAS, HEARD_FOR, SoundWeights
from actors.segmentation.tracks import AUDIO_STEP_S, STEPS_PER_SECOND, AudioTrack

Floats = npt.NDArray[np.float64]


class SoundState(IntEnum):
    """The states of the model."""

    SILENCE = 0
    NOISE = 1
    SPEECH = 2
    MUSIC = 3
    SPEECH_OVER_MUSIC = 4


LABELS = ("silence", "noise", "speech", "music", "speech+music", "singing")
"""Of audio segments, the states' first. Singing is music in which someone sings and nobody speaks."""
SINGING = LABELS.index("singing")
"""The label that is no state."""

SILENCE_BELOW_DB = 30.0
"""Decibels that silence lies below the louder speech and music at least, which lowers it in a quiet film: a
voice's own range of levels."""
SILENCE_LEAST_DB = -90.0
"""Level (dBFS) that it is not lowered beyond: as far down as 16 bits reach."""
CLEARLY_ABOVE_DB = 10.0
"""Decibels above the level of silence up to which a step is as doubtful as any: room tone and breath wander
so far. No measurement of ours; the labelled programmes come out the same from 0 to 15."""
ALONE_HEARD_DB = 30.0
"""Decibels above the level of silence at which one step (100 ms) inside a silence is heard by itself. Two
steps are from 20 dB on, three from 17: a beep, a word, a knock. In proportion between."""
LOUDER_SHARE = 0.95
"""Quantile of the levels of speech and music that stands for the louder ones; the loudest may be a click."""
CLEARLY_HEARD = 0.5
"""Probability above which a model is taken to have heard speech or music."""
PROBABILITY_FLOOR = 0.02
"""Added to probabilities: keeps logits within -4 .. 4, beyond which they say no more about a step."""
SINGING_WINDOW = 21
"""Steps (100 ms) whose mean probability of singing tells music from singing: two seconds, so that a breath
between two lines does not end it. Set by hand: no label of ours tells singing from music."""
SINGING_SHARE = 0.5
"""... from this mean on: likelier than not."""


@dataclass(frozen=True, repr=False, eq=False)
class SoundClasses:
    """`state` int8 (SoundState) and `singing` bool of every step; step 0 begins at `start_s`."""

    start_s: float
    state: npt.NDArray[np.int8]
    singing: npt.NDArray[np.bool_]
    present: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.state)

    def __repr__(self) -> str:
        return f"SoundClasses({len(self)} steps from {self.start_s:.1f} s)"

    @cached_property
    def speech(self) -> npt.NDArray[np.bool_]:
        """Someone speaks, over music or not."""
        return np.isin(self.state, (SoundState.SPEECH, SoundState.SPEECH_OVER_MUSIC))

    @cached_property
    def music(self) -> npt.NDArray[np.bool_]:
        """Music plays, with or without speech or singing."""
        return np.isin(self.state, (SoundState.MUSIC, SoundState.SPEECH_OVER_MUSIC))

    @cached_property
    def silence(self) -> npt.NDArray[np.bool_]:
        """Nothing is heard, or there is no sound at all."""
        return np.equal(self.state, SoundState.SILENCE)

    def runs(self) -> list[tuple[int, int, int]]:
        """(start, stop, index into LABELS) of maximal runs of one label, in steps."""
        label = np.where(self.singing & (self.state == SoundState.MUSIC), SINGING, self.state)
        edges = np.flatnonzero(np.diff(label)) + 1
        bounds = [0, *edges.tolist(), len(label)]
        return [(a, b, int(label[a])) for a, b in pairwise(bounds) if b > a]


def classify(track: AudioTrack, weights: SoundWeights | None = None) -> SoundClasses:
    """The most likely course of states through the whole track. `weights`: the packaged ones if not given."""
    weights = weights or SoundWeights.packaged()
    start_s = float(track.step[0]) * AUDIO_STEP_S if len(track) else 0.0
    state = _viterbi(_emissions(track, weights), weights.switch_cost).astype(np.int8)
    state[~track.present] = SoundState.SILENCE
    singing = uniform_filter1d(track.singing.astype(np.float64), SINGING_WINDOW, mode="nearest")
    return SoundClasses(
        start_s=start_s,
        state=state,
        singing=(singing >= SINGING_SHARE) & (state == SoundState.MUSIC),
        present=track.present,
    )


def step_range(start_s: float, from_s: float, to_s: float, steps: int) -> slice:
    """The steps whose middle lies in a range of seconds, of steps that begin at start_s; at least none, at
    most all."""
    first = int(np.clip(np.ceil((from_s - start_s) * STEPS_PER_SECOND - 0.5), 0, steps))
    last = int(np.clip(np.ceil((to_s - start_s) * STEPS_PER_SECOND - 0.5), first, steps))
    return slice(first, last)


def _emissions(track: AudioTrack, weights: SoundWeights) -> Floats:
    """(n, 5) log likelihoods, one column a state."""
    logit = {name: _logit(getattr(track, name)) for name in ("speech", "singing", "music", "vad")}
    most = weights.evidence_max
    speech, music = (
        np.clip(_log_odds(model, HEARD_FOR[name], logit), -most, most)
        for name, model in (("speech", weights.speech), ("music", weights.music))
    )
    silent = _silent(track, weights)
    spoken, unspoken = _log_sigmoid(speech), _log_sigmoid(-speech)
    played, unplayed = _log_sigmoid(music), _log_sigmoid(-music)
    quiet, loud = _log_sigmoid(silent), _log_sigmoid(-silent)
    neutral = _log_sigmoid(np.full(len(track), most))
    return np.stack(
        [
            quiet + 2 * neutral,  # the models say nothing about silence
            loud + unspoken + unplayed,
            loud + spoken + unplayed,
            loud + unspoken + played,
            loud + spoken + played,
        ],
        axis=1,
    )


def _silent(track: AudioTrack, weights: SoundWeights) -> Floats:
    """Log odds that a step is silent, by its level.

    For silence, a step says at most `evidence_max`, because every sound has pauses. Against it a loud step
    says more, since a silence has no loud parts: at ALONE_HEARD_DB as much as it costs to leave the silence
    and to come back.
    """
    level = track.rms_db.astype(np.float64)
    above_db = level - _silence_db(track, level, weights.silence_db)
    most = weights.evidence_max
    usual = np.clip(-above_db / weights.silence_slope_db, -most, most)
    heard = (above_db - CLEARLY_ABOVE_DB) / (ALONE_HEARD_DB - CLEARLY_ABOVE_DB)
    loud = -2 * weights.switch_cost * heard
    silent: Floats = np.where(heard > 0, np.minimum(usual, loud), usual)
    return silent


def _silence_db(track: AudioTrack, level: Floats, usual_db: float) -> float:
    """Level (dBFS) at which silence begins in this film; only what is clearly heard tells how quiet the film
    is."""
    clear = np.maximum(np.maximum(track.speech, track.music), track.vad) > CLEARLY_HEARD
    if not clear.any():
        return usual_db
    louder = float(np.quantile(level[clear], LOUDER_SHARE))
    return max(min(usual_db, louder - SILENCE_BELOW_DB), SILENCE_LEAST_DB)


def _logit(probability: npt.NDArray[np.float16]) -> Floats:
    p = probability.astype(np.float64)
    out: Floats = np.log((p + PROBABILITY_FLOOR) / (1 + PROBABILITY_FLOOR - p))
    return out


def _log_odds(model: Mapping[str, float], names: Sequence[str], logit: Mapping[str, Floats]) -> Floats:
    total = np.full(len(logit[names[0]]), model[BIAS])
    for name in names:
        total += model[name] * logit[name]
    return total


def _log_sigmoid(x: Floats) -> Floats:
    """Of evidence, which is small: no care for overflow."""
    out: Floats = -np.log1p(np.exp(-x))
    return out


def _viterbi(emissions: Floats, switch_cost: float) -> npt.NDArray[np.int64]:
    """Best path when every change of state costs `switch_cost`.

    Equal rows in succession are taken in one step: inside them no change is ever better than at one of
    their ends. With one cost for all changes, the best way into a state comes from itself or from the best
    state overall; plain floats beat arrays of five by far.
    """
    n = len(emissions)
    if n == 0:
        return np.zeros(0, np.int64)
    firsts = np.flatnonzero(np.concatenate([[True], (emissions[1:] != emissions[:-1]).any(axis=1)]))
    lengths = np.diff(np.append(firsts, n))
    rows = (emissions[firsts] * lengths[:, None]).tolist()
    came_from: list[tuple[int, ...]] = []
    scores = rows[0]
    states = range(len(scores))
    for row in rows[1:]:
        best = max(scores)
        leader = scores.index(best)
        entry = best - switch_cost
        came_from.append(tuple(leader if scores[k] < entry else k for k in states))
        scores = [max(scores[k], entry) + row[k] for k in states]
    path = np.zeros(len(rows), np.int64)
    path[-1] = scores.index(max(scores))
    for i in range(len(rows) - 2, -1, -1):
        path[i] = came_from[i][path[i + 1]]
    return np.repeat(path, lengths)
