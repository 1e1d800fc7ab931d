"""Short loud sounds in silence are heard, and pauses of longer sounds do not break them up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from actors.segmentation.demux.media import AudioInfo
from actors.segmentation.networks.audio import AudioNetworks
from actors.segmentation.sound.blocks import analyse_blocks
from actors.segmentation.sound.classes import LABELS, classify
from tests.support.sounds import (
    KEYS_HZ,
    RATE_HZ,
    Recording,
    Samples,
    at_level,
    chords,
    click,
    noise,
    placed,
    speech,
    tone,
    word,
)
from tests.support.tracks import audio_track

STARTS_S = (1.53, 4.5, 7.57)
"""Where the short sounds begin, on steps of 100 ms and between them."""


def keys(numbers: str) -> Samples:
    """Keys of a telephone, 100 ms each, with 100 ms between."""
    gap = np.zeros(RATE_HZ // 10, np.float32)
    return np.concatenate([part for key in numbers for part in (tone(0.1, *KEYS_HZ[key]), gap)])[: -len(gap)]


SHORT: dict[str, Callable[[], Samples]] = {
    **{f"word of {s} s, voice {v}": lambda s=s, v=v: word(s, v) for s in (0.3, 0.5, 0.7) for v in range(3)},
    **{f"word at {d} dBFS": lambda d=d: at_level(word(0.5), d) for d in (-12, -30, -38)},
    **{f"beep of {f} Hz, {s} s": lambda f=f, s=s: tone(s, f) for f in (200, 1000, 3000) for s in (0.2, 0.4)},
    **{f"knock at {d} dBFS": lambda d=d: click(d) for d in (-1, -6)},
    "key": lambda: keys("5"),
    "keys": lambda: keys("5901"),
    "hiss": lambda: noise(0.3),
    "chord": lambda: chords(0.6),
}


@pytest.fixture(scope="module")
def networks() -> AudioNetworks:
    return AudioNetworks.pretrained()


def heard(samples: Samples, networks: AudioNetworks) -> list[tuple[float, float, str]]:
    """Seconds and label of every run, of one channel from 0 s on."""
    source = Recording(samples[None])
    info = AudioInfo(1, "pcm", RATE_HZ, 1, 0.0, source.seconds)
    classes = classify(analyse_blocks(source, info, range(1 + int(source.seconds) // 30), networks))
    return [(start / 10, stop / 10, LABELS[label]) for start, stop, label in classes.runs()]


@pytest.mark.parametrize("kind", SHORT)
def test_a_short_loud_sound_in_silence_is_heard(kind: str, networks: AudioNetworks) -> None:
    sound = SHORT[kind]()

    runs = heard(placed(10, [(start, sound) for start in STARTS_S]), networks)

    assert [label == "silence" for _, _, label in runs] == [True, False] * len(STARTS_S) + [True]
    for (start, stop, _), truth in zip(runs[1::2], STARTS_S, strict=True):
        assert start == pytest.approx(truth, abs=0.11)
        assert stop == pytest.approx(truth + len(sound) / RATE_HZ, abs=0.11)


@pytest.mark.parametrize("voice", range(3))
@pytest.mark.parametrize("seconds", [0.5, 0.7])
def test_single_words_are_speech(seconds: float, voice: int, networks: AudioNetworks) -> None:
    words = [(start, word(seconds, voice)) for start in np.arange(2, 24, 2).tolist()]

    labels = {label for _, _, label in heard(placed(24, words), networks)}

    assert labels == {"silence", "speech"}


@pytest.mark.parametrize("level_db", [-75, -65, -60])
def test_words_over_a_quiet_room_are_heard(level_db: float, networks: AudioNetworks) -> None:
    words = placed(20, [(start, word(0.5)) for start in np.arange(2, 20, 3).tolist()])

    runs = heard(words + noise(20, level_db), networks)

    assert [label for _, _, label in runs] == ["silence", "speech"] * 6 + ["silence"]


@pytest.mark.parametrize("voice", [0, 2, 3, 4, 5])
def test_speech_is_not_broken_up_by_the_pauses_between_its_words(voice: int, networks: AudioNetworks) -> None:
    for sound in (speech(20, voice), speech(20, voice) + noise(20, -62)):
        runs = heard(sound, networks)

        assert all("speech" in label for start, _, label in runs if start < 19), runs
        assert len(runs) <= 4


def test_music_with_rests_is_one_run(networks: AudioNetworks) -> None:
    bars = [(start, chords(2.0, seed)[: round(1.6 * RATE_HZ)]) for seed, start in enumerate(range(0, 20, 2))]

    labels = [label for _, _, label in heard(placed(20, bars), networks)]

    assert labels in (["music"], ["music", "silence"])


@pytest.mark.parametrize("rustle_db", [-55.0, -50.0, -46.0])
def test_a_faint_rustle_does_not_end_a_silence(rustle_db: float) -> None:
    track = audio_track([("speech", 5.0), ("silence", 4.0), ("noise", 0.3), ("silence", 4.0)])
    track.rms_db[90:93] = rustle_db

    assert [label for _, _, label in classify(track).runs()] == [LABELS.index("speech"), 0]


@pytest.mark.parametrize("breath_s", [0.2, 0.3, 0.4])
def test_a_breath_in_a_pause_does_not_break_it_up(breath_s: float) -> None:
    steps = round(10 * breath_s)
    track = audio_track(
        [("speech", 5.0), ("silence", 0.8), ("noise", breath_s), ("silence", 0.8), ("speech", 5.0)]
    )
    track.rms_db[58 : 58 + steps] = -46.0

    assert [LABELS[label] for _, _, label in classify(track).runs()] == ["speech", "silence", "speech"]
