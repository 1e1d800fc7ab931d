"""Corrects the times of words at both ends of a pause by where somebody speaks.

Whisper aligns words to the sound by its attention, which gives the silence before a word after a pause to
that word. Where the voice begins is known to 0.1 s from the sound track. Knows words and the curve of the
voice; knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor, inf

import numpy as np

from actors.segmentation.speech.windows import Speech, SpeechWindow
from actors.segmentation.tracks import AUDIO_STEP_S, STEPS_PER_SECOND
from actors.segmentation.transcript import Word

PAUSE_S = 0.2
"""Seconds between two words from which there is a pause: shorter ones are within the flow of speech."""
VOICED = 0.5
"""Probability of speech from which a step of 100 ms is voiced: likelier than not."""
EDGE_S = 0.1
"""Seconds by which a word may end behind the edge of its window: times are uncertain by about so much."""
SHORTEST_S = 0.1
"""Seconds that a corrected word lasts at least: a short syllable."""


def corrected(words: Sequence[Word], speech: Speech, window: SpeechWindow) -> list[Word]:
    """The words of one window, in order; each that borders on a pause begins and ends with the voice.

    Where two windows touch, a word belongs to the one in which it ends, or at whose edge: windows are cut
    where the voice is quietest, and ends are surer than starts. Words of the windows beside are left out.
    """
    begin_s, end_s = _edges_s(speech, window)
    words = [word for word in words if begin_s < word.end_s <= end_s]
    out: list[Word] = []
    for place, word in enumerate(words):
        after_pause = place == 0 or word.start_s - words[place - 1].end_s >= PAUSE_S
        before_pause = place == len(words) - 1 or words[place + 1].start_s - word.end_s >= PAUSE_S
        voiced = _voiced(speech, word)
        if voiced is None:
            out.append(word)
            continue
        start_s, end_s = word.start_s, word.end_s
        if after_pause:
            start_s = max(start_s, min(voiced[0], end_s - SHORTEST_S))
        if before_pause:
            end_s = min(end_s, max(voiced[1], start_s + SHORTEST_S))
        out.append(replace(word, start_s=start_s, end_s=end_s))
    return out


def _edges_s(speech: Speech, window: SpeechWindow) -> tuple[float, float]:
    """Between which times a word of this window ends: without bound where no window touches it."""
    others = speech.windows
    before = window.index > 0 and others[window.index - 1].end_s >= window.start_s - EDGE_S
    after = window.index + 1 < len(others) and others[window.index + 1].start_s <= window.end_s + EDGE_S
    return (window.start_s + EDGE_S if before else -inf, window.end_s + EDGE_S if after else inf)


def _voiced(speech: Speech, word: Word) -> tuple[float, float] | None:
    """From when to when the steps of a word are voiced; None if none is."""
    first = max(0, floor((word.start_s - speech.start_s) * STEPS_PER_SECOND))
    last = max(first, ceil((word.end_s - speech.start_s) * STEPS_PER_SECOND))
    steps = np.flatnonzero(speech.voice[first:last] >= VOICED)
    if not len(steps):
        return None
    begin = speech.start_s + (first + int(steps[0])) * AUDIO_STEP_S
    return begin, speech.start_s + (first + int(steps[-1]) + 1) * AUDIO_STEP_S
