"""From windows to a transcript: language, ownership of words, stop; the model is played by a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.errors import Cancelled
from actors.segmentation.speech import transcribe as module
from actors.segmentation.speech.recogniser import Heard, HeardWord, LanguageChoice, Phrase, Samples
from actors.segmentation.speech.transcribe import (
    SpokenWindow,
    WindowReader,
    joined,
    main_language,
    transcribe,
    transcribe_window,
)
from actors.segmentation.speech.windows import MARGIN_S, Speech, SpeechWindow
from actors.segmentation.transcript import Word
from tests.support.sounds import RATE_HZ, Recording
from tests.support.tracks import make_plan

Odds = Mapping[str, float]


class Script:
    """A model that hears what the loudness of the samples says: window n is at level n / 100."""

    name = "script"

    def __init__(self, odds: Mapping[int, Odds], words: Mapping[int, list[HeardWord]]) -> None:
        self.odds, self.words = odds, words
        self.heard: list[int] = []

    def languages(self, samples: Samples) -> Odds:
        return self.odds[self._window(samples)]

    def recognise(
        self, samples: Samples, language_of: LanguageChoice, *, on_pass: Callable[[], None] | None = None
    ) -> Heard:
        window = self._window(samples)
        self.heard.append(window)
        language = language_of(self.odds[window])
        return Heard(language, (Phrase(tuple(self.words.get(window, ())), -0.2, 1.1),))

    @staticmethod
    def _window(samples: Samples) -> int:
        return round(float(np.median(samples)) * 100)


def word(start_s: float, text: str = "word") -> HeardWord:
    """Times from the first sample, MARGIN_S before the window."""
    return HeardWord(MARGIN_S + start_s, MARGIN_S + start_s + 0.4, f" {text}", 0.9)


def speech(*bounds: tuple[float, float]) -> Speech:
    steps = 600
    return Speech(
        0.0,
        np.ones(steps, np.bool_),
        np.full(steps, 0.9),
        tuple(SpeechWindow(place, a, b, b - a) for place, (a, b) in enumerate(bounds)),
    )


def reader(said: Speech) -> WindowReader:
    samples = np.zeros((1, 60 * RATE_HZ), np.float32)
    for window in said.windows:
        first, last = (round(edge * RATE_HZ) for edge in (window.start_s, window.end_s))
        samples[:, first:last] = window.index / 100
    return WindowReader(Recording(samples))  # type: ignore[arg-type]  # what it needs of an AudioReader


EN, FR = {"en": 0.95, "fr": 0.05}, {"en": 0.1, "fr": 0.9}
TWO = speech((10.0, 20.0), (20.0, 30.0))


def test_words_lie_on_the_clock_of_the_container() -> None:
    script = Script({0: EN, 1: EN}, {0: [word(2.0)]})

    spoken = transcribe_window(TWO, 0, reader(TWO), script, "en")

    (said,) = spoken.words
    assert (said.start_s, said.end_s) == (pytest.approx(12.0), pytest.approx(12.4))
    assert said.text == " word"


def test_a_word_at_a_cut_belongs_to_one_window() -> None:
    script = Script({0: EN, 1: EN}, {0: [word(9.7, "cut")], 1: [word(-0.3, "cut")]})

    said = [transcribe_window(TWO, place, reader(TWO), script, "en") for place in (0, 1)]

    assert [sentence.text for sentence in joined(said, "script").sentences] == ["cut"]


def test_the_language_of_a_video_is_that_of_most_of_its_speech() -> None:
    said = speech((0.0, 5.0), (5.0, 20.0), (20.0, 40.0))

    assert main_language(said, reader(said), Script({0: FR, 1: EN, 2: EN}, {})) == "en"
    assert main_language(speech(), reader(said), Script({}, {})) is None


@pytest.mark.parametrize(
    ("odds", "lasts_s", "language"),
    [
        ({"en": 0.05, "fr": 0.95}, 10.0, "fr"),
        ({"en": 0.3, "fr": 0.7}, 10.0, "en"),
        ({"en": 0.05, "fr": 0.95}, 3.0, "en"),
    ],
    ids=["clearly another", "doubtful", "too short to tell"],
)
def test_a_window_is_in_another_language_only_if_that_is_clear(
    odds: Odds, lasts_s: float, language: str
) -> None:
    said = speech((10.0, 10.0 + lasts_s))

    assert transcribe_window(said, 0, reader(said), Script({0: odds}, {}), "en").language == language


def test_a_model_that_does_not_know_the_language_of_the_video_takes_its_own() -> None:
    said = speech((10.0, 12.0))

    assert transcribe_window(said, 0, reader(said), Script({0: {"en": 1.0}}, {}), "fr").language == "en"


def test_words_where_nobody_speaks_are_dropped() -> None:
    silent = Speech(0.0, np.zeros(600, np.bool_), np.zeros(600), TWO.windows)

    assert transcribe_window(silent, 0, reader(TWO), Script({0: EN}, {0: [word(2.0)]}), "en").words == ()


def test_windows_are_joined_in_order_whenever_they_were_done() -> None:
    late = SpokenWindow(1, "en", (Word(20.0, 20.5, " end.", 0.9),))
    early = SpokenWindow(0, "en", (Word(19.0, 19.5, " The", 0.9),))

    transcript = joined([late, early], "script")

    assert [sentence.text for sentence in transcript.sentences] == ["The end."]
    assert transcript.model == "script"


def test_a_word_at_a_cut_that_both_windows_heard_is_written_once() -> None:
    early = SpokenWindow(0, "en", (Word(19.5, 20.1, " begins", 0.9),))
    late = SpokenWindow(1, "en", (Word(20.0, 20.2, " begins.", 0.9), Word(20.5, 21.0, " Now.", 0.9)))
    again = SpokenWindow(1, "en", (Word(20.3, 20.6, " begins", 0.9),))

    assert [sentence.text for sentence in joined([early, late], "m").sentences] == ["begins Now."]
    assert [sentence.text for sentence in joined([early, again], "m").sentences] == ["begins begins"]


def test_a_word_that_both_windows_heard_a_little_apart_is_written_once() -> None:
    early = SpokenWindow(0, "en", (Word(19.0, 19.4, " old", 0.9), Word(19.4, 19.8, " house", 0.9)))
    late = SpokenWindow(1, "en", (Word(19.6, 20.15, " house", 0.9), Word(20.2, 20.6, " stood.", 0.9)))

    assert [sentence.text for sentence in joined([early, late], "m").sentences] == ["old house stood."]


def test_times_that_overlap_at_a_cut_are_put_in_order() -> None:
    early = SpokenWindow(0, "en", (Word(27.96, 27.98, " to", 0.9),))
    late = SpokenWindow(1, "en", (Word(27.94, 28.08, " in.", 0.9), Word(27.9, 27.95, " So.", 0.9)))

    words = [word for sentence in joined([early, late], "m").sentences for word in sentence.words]

    assert [word.text.strip() for word in words] == ["to", "in.", "So."]
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    assert all(word.start_s <= word.end_s for word in words)


def test_the_sound_is_heard_around_the_window_at_16_khz() -> None:
    samples = np.zeros((2, 60 * 48_000), np.float32)
    source = Recording(samples, ("FL", "FR"), 48_000)
    window = SpeechWindow(0, 10.0, 20.0, 10.0)

    heard = WindowReader(source).samples(window)  # type: ignore[arg-type]

    assert heard.shape == (round((10 + 2 * MARGIN_S) * 16_000),)
    assert heard.dtype == np.float32


def test_samples_that_are_no_numbers_are_silence() -> None:
    samples = np.full((1, 60 * RATE_HZ), np.nan, np.float32)

    heard = WindowReader(Recording(samples)).samples(TWO.windows[0])  # type: ignore[arg-type]

    assert not heard.any()


def test_a_video_without_speech_is_not_opened() -> None:
    plan = make_plan(100)

    assert transcribe(Path("no such file"), plan, speech(), Script({}, {})).sentences == ()


def test_a_stop_ends_it_between_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script({0: EN, 1: EN}, {})
    monkeypatch.setattr(module.WindowReader, "open", lambda *_: reader(TWO))
    done: list[tuple[int, int]] = []

    with pytest.raises(Cancelled):
        transcribe(
            Path("film"),
            make_plan(100),
            TWO,
            script,
            on_windows=lambda *so_far: done.append(so_far),
            should_stop=lambda: len(done) == 1,
        )

    assert done == [(1, 2)]
    assert script.heard == [0]


def test_a_file_without_sound_has_no_reader() -> None:
    plan = make_plan(100)
    assert plan.media.audio is None

    with pytest.raises(ValueError, match="without sound"):
        WindowReader.open(Path("film"), plan)


def test_windows_are_read_from_their_exact_samples() -> None:
    asked: list[tuple[Fraction | int, Fraction | int]] = []

    class Asked(Recording):
        def pcm(self, start_s: Fraction | int, end_s: Fraction | int) -> Samples:
            asked.append((start_s, end_s))
            return super().pcm(start_s, end_s)

    WindowReader(Asked(np.zeros((1, RATE_HZ), np.float32))).samples(SpeechWindow(0, 9.6, 15.4, 5.0))  # type: ignore[arg-type]

    assert [(float(a), float(b)) for a, b in asked] == [(9.2, 15.8)]
