"""Which parts of a video a speech model hears: all that is spoken, in windows that end in pauses."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from actors.segmentation.sound.classes import SoundClasses, SoundState
from actors.segmentation.speech.windows import LONGEST_STEPS, Speech, SpeechWindow, find_speech
from actors.segmentation.tracks import AUDIO_STEP_S, STEPS_PER_SECOND, AudioTrack

SPEECH, MUSIC, OVER = SoundState.SPEECH, SoundState.MUSIC, SoundState.SPEECH_OVER_MUSIC


def heard(*parts: tuple[SoundState, float], start_s: float = 0.0, pauses_s: tuple[float, ...] = ()) -> Speech:
    """Speech of a sound made of (class, seconds); at `pauses_s` the voice pauses for 0.3 s."""
    state = np.concatenate([np.full(round(s * STEPS_PER_SECOND), kind, np.int8) for kind, s in parts])
    steps = len(state)
    voice = np.where(np.isin(state, (SPEECH, OVER)), 0.9, 0.05).astype(np.float16)
    for pause_s in pauses_s:
        at = round(pause_s * STEPS_PER_SECOND)
        voice[at - 1 : at + 2] = 0.1
    track = replace(
        AudioTrack.empty(),
        step=np.arange(steps, dtype=np.int64) + round(start_s * STEPS_PER_SECOND),
        present=np.ones(steps, np.bool_),
        **dict.fromkeys(("speech", "vad"), voice),
        **dict.fromkeys(("singing", "music", "rms_db", "momentary_lufs"), np.zeros(steps, np.float16)),
        mel=np.zeros((steps, AudioTrack.empty().mel.shape[1]), np.uint8),
    )
    return find_speech(track, SoundClasses(start_s, state, np.zeros(steps, np.bool_), track.present))


def bounds(speech: Speech) -> list[tuple[float, float]]:
    return [(round(window.start_s, 3), round(window.end_s, 3)) for window in speech.windows]


@pytest.mark.parametrize("other", [MUSIC, SoundState.NOISE, SoundState.SILENCE])
def test_where_nobody_speaks_no_model_is_asked(other: SoundState) -> None:
    assert heard((other, 120)).windows == ()


def test_a_window_holds_the_speech_and_a_little_more() -> None:
    assert bounds(heard((MUSIC, 10), (SPEECH, 5), (MUSIC, 10))) == [(9.6, 15.4)]


def test_speech_over_music_is_heard() -> None:
    assert bounds(heard((MUSIC, 10), (OVER, 5), (MUSIC, 10))) == [(9.6, 15.4)]


def test_a_short_pause_keeps_two_phrases_together_and_a_long_one_parts_them() -> None:
    assert len(heard((SPEECH, 4), (MUSIC, 2), (SPEECH, 4)).windows) == 1
    assert len(heard((SPEECH, 4), (MUSIC, 4), (SPEECH, 4)).windows) == 2


def test_long_speech_is_cut_where_the_voice_pauses() -> None:
    speech = heard((SPEECH, 60), pauses_s=(21.5, 44.0))

    assert [end for _, end in bounds(speech)] == [21.5, 44.0, 60.0]


def test_windows_tile_long_speech_and_none_is_too_long() -> None:
    speech = heard((SPEECH, 300))

    edges = bounds(speech)
    assert edges[0][0] == 0.0
    assert edges[-1][1] == 300.0
    assert all(before[1] == after[0] for before, after in itertools.pairwise(edges))
    assert max(end - start for start, end in edges) <= LONGEST_STEPS * AUDIO_STEP_S
    assert [window.index for window in speech.windows] == list(range(len(edges)))


def test_windows_lie_on_the_clock_of_the_container() -> None:
    assert bounds(heard((MUSIC, 10), (SPEECH, 5), (MUSIC, 5), start_s=3600.0)) == [(3609.6, 3615.4)]


def test_a_click_that_is_taken_for_speech_is_no_window() -> None:
    assert heard((MUSIC, 10), (SPEECH, 0.2), (MUSIC, 10)).windows == ()


def test_seconds_of_speech_are_told_without_the_pauses() -> None:
    (window,) = heard((SPEECH, 4), (MUSIC, 2), (SPEECH, 4)).windows

    assert window.speech_s == pytest.approx(8.0)


def test_what_is_near_speech() -> None:
    speech = heard((MUSIC, 10), (SPEECH, 5), (MUSIC, 10))

    assert speech.is_near(9.6)
    assert speech.is_near(15.4)
    assert not speech.is_near(9.0)
    assert not speech.is_near(16.0)
    assert not speech.is_near(-50.0)


def test_a_window_has_a_length() -> None:
    with pytest.raises(ValueError, match="length"):
        SpeechWindow(0, 1.0, 1.0, 0.0)


def test_stored_speech_is_the_same_again() -> None:
    speech = heard((MUSIC, 10), (SPEECH, 70), (MUSIC, 5), start_s=-3.0, pauses_s=(33.0,))

    again = Speech.from_bytes(speech.to_bytes())

    assert again.windows == speech.windows
    assert again.start_s == -3.0
    assert (again.spoken == speech.spoken).all()
    assert (again.voice == speech.voice).all()


@pytest.mark.parametrize("payload", [b"", b"SSSP", b"XXXX" + bytes(40), b"SSSP" + bytes(40)])
def test_bytes_that_are_no_speech_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"speech|bytes|stream"):
        Speech.from_bytes(payload)
