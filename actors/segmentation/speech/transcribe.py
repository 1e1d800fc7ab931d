"""Writes down what is said in a video, window by window.

Three steps, so that a cluster can do them in many processes and go on where it stopped: `main_language` hears
a few windows; `transcribe_window` writes down one, by itself; `joined` makes the transcript of all. Knows the
file and its plan; does not know where the speech model comes from, nor where results are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan
from actors.segmentation.sound import downmix
from actors.segmentation.sound.resampling import SAMPLE_RATE_HZ, resampled
from actors.segmentation.speech.plausible import plausible
from actors.segmentation.speech.recogniser import WINDOW_S, Recogniser
from actors.segmentation.speech.sentences import sentences_of
from actors.segmentation.speech.windows import MARGIN_S, Speech, SpeechWindow
from actors.segmentation.speech.word_times import corrected
from actors.segmentation.transcript import Transcript, Word

LANGUAGE_WINDOWS = 6
"""Windows that are heard to find the language of a video, spread over it. No measurement; one alone may be a
quotation or a song."""
OWN_LANGUAGE_FROM = 0.8
"""Probability from which a window is taken to be in another language than the video. Set by hand: clear
speech has 0.95 and more, and a wrong language gives words that nobody said."""
OWN_LANGUAGE_FROM_S = 5.0
"""... and the seconds of speech that it must hold: the language of a few words is a guess."""
_MARKS = " .,;:!?…\"'“”‘’"
"""What may stand around a word and is not said."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpokenWindow:
    """The words of one window, on the container's clock. language: the one that they are in."""

    index: int
    language: str
    words: tuple[Word, ...]


class WindowReader:
    """Reads the sound of windows as a speech model hears it. Use it as a context manager."""

    def __init__(self, source: AudioReader) -> None:
        self._source = source

    @classmethod
    def open(cls, path: Path | str, plan: Plan, limits: Limits | None = None) -> WindowReader:
        """ValueError when the plan has no sound; MediaError or OSError when the file cannot be opened."""
        source = AudioReader.open(path, plan.media.audio, limits)
        if source is None:
            raise ValueError("a file without sound has no words")
        return cls(source)

    def samples(self, window: SpeechWindow) -> Samples:
        """float32[n] at 16 kHz, mono: from MARGIN_S before the window to as much after it."""
        start = Fraction(window.start_s - MARGIN_S).limit_denominator(SAMPLE_RATE_HZ)
        end = Fraction(window.end_s + MARGIN_S).limit_denominator(SAMPLE_RATE_HZ)
        pcm = np.nan_to_num(self._source.pcm(start, end), nan=0.0, posinf=0.0, neginf=0.0)
        rate = self._source.sample_rate_hz
        mono = downmix.heard(np.clip(pcm, -1.0, 1.0), rate, self._source.channel_names)
        return resampled(mono, rate)[: int(WINDOW_S * SAMPLE_RATE_HZ)]

    def close(self) -> None:
        """Close the file; idempotent."""
        self._source.close()

    def __enter__(self) -> WindowReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def main_language(
    speech: Speech,
    reader: WindowReader,
    recogniser: Recogniser,
    *,
    on_window: Callable[[], None] | None = None,
) -> str | None:
    """The language that most of some windows are in; None where no two can be compared: one is in its own.
    `on_window()`: a window was heard."""
    if len(speech.windows) < 2:
        return None
    places = np.linspace(0, len(speech.windows) - 1, min(LANGUAGE_WINDOWS, len(speech.windows)))
    total: dict[str, float] = {}
    for place in sorted({round(place) for place in places.tolist()}):
        window = speech.windows[place]
        for code, odds in recogniser.languages(reader.samples(window)).items():
            total[code] = total.get(code, 0.0) + odds * window.speech_s
        if on_window is not None:
            on_window()
    return max(total, key=lambda code: (total[code], code))


def transcribe_window(
    speech: Speech,
    index: int,
    reader: WindowReader,
    recogniser: Recogniser,
    language: str | None,
    *,
    on_pass: Callable[[], None] | None = None,
) -> SpokenWindow:
    """The words of one window. `language`: that of the video, which the window is in unless it is clear that
    it is in another; None: its own likeliest. `on_pass()`: see `Recogniser`."""
    window = speech.windows[index]

    def choose(odds: Mapping[str, float]) -> str:
        own = max(odds, key=lambda code: (odds[code], code))
        sure = odds[own] >= OWN_LANGUAGE_FROM and window.speech_s >= OWN_LANGUAGE_FROM_S
        return own if language is None or language not in odds or sure else language

    heard = recogniser.recognise(reader.samples(window), choose, on_pass=on_pass)
    offset_s = window.start_s - MARGIN_S
    words = [
        Word(
            offset_s + word.start_s,
            offset_s + max(word.start_s, word.end_s),
            word.text,
            min(max(word.probability, 0.0), 1.0),
        )
        for word in plausible(heard.phrases)
    ]
    kept = tuple(word for word in corrected(words, speech, window) if speech.is_near(word.middle_s))
    return SpokenWindow(index, heard.language, kept)


def joined(windows: Sequence[SpokenWindow], model: str) -> Transcript:
    """The transcript of all windows, in any order. `model`: its name."""
    spoken: list[tuple[Word, str]] = []
    for window in sorted(windows, key=lambda window: window.index):
        words = window.words
        if spoken and words and _heard_twice(spoken[-1][0], words[0]):
            words = words[1:]
        for word in words:
            spoken.append((_after(spoken[-1][0], word) if spoken else word, window.language))
    return Transcript(sentences_of(spoken), model)


def _after(last: Word, word: Word) -> Word:
    """The word, begun no earlier than the one before it ends, or at its own end if that comes first.

    Where two windows meet, times may overlap.
    """
    end_s = max(word.end_s, last.start_s)
    return replace(word, start_s=min(max(word.start_s, last.end_s), end_s), end_s=end_s)


def _heard_twice(last: Word, first: Word) -> bool:
    """Whether the last word of one window and the first of the next are one word, at the cut between them."""
    same = last.text.strip(_MARKS).casefold() == first.text.strip(_MARKS).casefold()
    return same and first.start_s < last.end_s


def transcribe(
    path: Path | str,
    plan: Plan,
    speech: Speech,
    recogniser: Recogniser,
    *,
    limits: Limits | None = None,
    on_windows: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Transcript:
    """All of a video in this process. `on_windows(done, total)`. Raises Cancelled between windows when
    `should_stop` says so, MediaError and OSError when the file cannot be read."""
    if not speech.windows:
        return Transcript((), recogniser.name)
    spoken: list[SpokenWindow] = []
    with WindowReader.open(path, plan, limits) as reader:
        language = main_language(speech, reader, recogniser)
        for window in speech.windows:
            if should_stop is not None and should_stop():
                raise Cancelled
            spoken.append(transcribe_window(speech, window.index, reader, recogniser, language))
            if on_windows is not None:
                on_windows(len(spoken), len(speech.windows))
    return joined(spoken, recogniser.name)
