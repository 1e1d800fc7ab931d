"""Words that border on a pause begin and end with the voice; inside running speech times stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from actors.segmentation.speech import word_times
from actors.segmentation.speech.windows import Speech, SpeechWindow
from actors.segmentation.speech.word_times import SHORTEST_S
from actors.segmentation.transcript import Word


def speech(*voiced: tuple[float, float], lasts_s: float = 20.0, start_s: float = 0.0) -> Speech:
    """A voice between the given seconds."""
    voice = np.zeros(round(lasts_s * 10))
    for begin, end in voiced:
        voice[round((begin - start_s) * 10) : round((end - start_s) * 10)] = 0.9
    return Speech(start_s, voice >= 0.5, voice, ())


def times(words: list[Word]) -> list[tuple[float, float]]:
    return [(round(word.start_s, 3), round(word.end_s, 3)) for word in words]


def corrected(words: list[Word], spoken: Speech, window: tuple[float, float] = (-1e3, 1e3)) -> list[Word]:
    return word_times.corrected(words, spoken, SpeechWindow(0, *window, 1.0))


def word(start_s: float, end_s: float) -> Word:
    return Word(start_s, end_s, " word", 0.9)


def test_the_silence_before_and_after_is_not_the_words() -> None:
    assert times(corrected([word(1.0, 4.0)], speech((2.5, 3.2)))) == [(2.5, 3.2)]


def test_a_voice_that_is_longer_than_the_word_changes_nothing() -> None:
    assert times(corrected([word(2.0, 3.0)], speech((1.0, 5.0)))) == [(2.0, 3.0)]


def test_words_inside_running_speech_stay_where_they_are() -> None:
    words = [word(1.0, 2.0), word(2.0, 2.6), word(2.6, 4.0)]

    assert times(corrected(words, speech((1.5, 1.9), (2.2, 2.4), (2.8, 3.5)))) == [
        (1.5, 2.0),
        (2.0, 2.6),
        (2.6, 3.5),
    ]


def test_both_sides_of_a_pause_are_corrected() -> None:
    words = [word(1.0, 2.0), word(4.0, 6.0)]

    assert times(corrected(words, speech((1.0, 1.6), (5.0, 5.8)))) == [(1.0, 1.6), (5.0, 5.8)]


def test_a_word_keeps_a_length() -> None:
    (short,) = corrected([word(1.0, 1.95)], speech((1.9, 2.5)))

    assert short.end_s == pytest.approx(1.95)
    assert short.start_s == pytest.approx(1.95 - SHORTEST_S)


def test_where_no_voice_is_heard_times_stay() -> None:
    assert times(corrected([word(1.0, 2.0)], speech((8.0, 9.0)))) == [(1.0, 2.0)]


def test_a_word_before_the_sound_begins_is_moved_into_it() -> None:
    assert times(corrected([word(-0.4, 0.5)], speech((0.2, 3.0)))) == [(0.2, 0.5)]


def test_times_are_those_of_the_container() -> None:
    assert times(corrected([word(101.0, 104.0)], speech((102.5, 103.2), start_s=100.0))) == [(102.5, 103.2)]


def windows(*bounds: tuple[float, float]) -> Speech:
    """A voice everywhere, in these windows."""
    made = tuple(SpeechWindow(place, a, b, b - a) for place, (a, b) in enumerate(bounds))
    return replace(speech((0.0, 20.0)), windows=made)


def test_where_windows_touch_a_word_belongs_to_the_one_in_which_it_ends() -> None:
    said = windows((0.0, 5.0), (5.0, 10.0), (10.0, 15.0))
    begun_before, at_the_end, begun_inside = word(4.6, 5.3), word(9.5, 10.05), word(9.7, 10.4)

    def of(number: int, one: Word) -> int:
        return len(word_times.corrected([one], said, said.windows[number]))

    assert [of(number, begun_before) for number in range(3)] == [0, 1, 0]
    assert [of(number, at_the_end) for number in range(3)] == [0, 1, 0]
    assert [of(number, begun_inside) for number in range(3)] == [0, 0, 1]


@pytest.mark.parametrize("end_s", [5.0, 5.05, 5.1, 5.15, 5.5])
def test_every_word_at_a_cut_is_in_one_of_the_two_windows(end_s: float) -> None:
    said = windows((0.0, 5.0), (5.0, 10.0))
    found = [word_times.corrected([word(4.8, end_s)], said, window) for window in said.windows]

    assert sum(map(len, found)) == 1


@pytest.mark.parametrize("end_s", [19.9, 20.25, 20.5])
def test_before_a_pause_no_word_is_lost_however_late_the_model_ends_it(end_s: float) -> None:
    said = replace(
        speech((0.0, 19.8), (21.5, 30.0), lasts_s=40.0),
        windows=(SpeechWindow(0, 0.0, 20.2, 19.8), SpeechWindow(1, 21.1, 30.4, 8.5)),
    )

    (kept,) = word_times.corrected([word(19.4, end_s)], said, said.windows[0])

    assert kept.end_s == pytest.approx(19.8)
