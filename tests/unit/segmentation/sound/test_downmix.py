"""Channels that cancel in a plain sum are heard; all others are mixed by the plain sum, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.demux.media import AudioInfo
from actors.segmentation.networks.audio import AudioNetworks
from actors.segmentation.sound import downmix
from actors.segmentation.sound.blocks import analyse_blocks
from actors.segmentation.sound.classes import classify
from actors.segmentation.tracks import AudioTrack
from tests.support.sounds import (
    RATE_HZ,
    Recording,
    Samples,
    at_level,
    chords,
    noise,
    placed,
    speech,
    tone,
    word,
)

SECONDS = 12
STEREO = ("FL", "FR")
SURROUND = ("FL", "FR", "FC", "LFE", "BL", "BR")
BEDS = {
    "music": lambda: chords(SECONDS),
    "noise": lambda: noise(SECONDS),
    "tone": lambda: tone(SECONDS, 440),
    "other voice": lambda: speech(SECONDS, seed=5),
}


@pytest.fixture(scope="module")
def networks() -> AudioNetworks:
    return AudioNetworks.pretrained()


@cache
def voice(level_db: float = -20.0, seed: int = 0) -> Samples:
    talk = speech(SECONDS, seed)
    return talk * np.float32(10 ** ((level_db + 20) / 20))


def stereo(left: npt.ArrayLike, right: npt.ArrayLike) -> Samples:
    return np.stack([left, right]).astype(np.float32)


def delayed(sound: Samples, samples: int) -> Samples:
    return np.concatenate([np.zeros(samples, np.float32), sound])[: len(sound)]


def analysed(samples: Samples, networks: AudioNetworks, places: tuple[str, ...] = STEREO) -> AudioTrack:
    source = Recording(samples, places)
    info = AudioInfo(1, "pcm", RATE_HZ, len(samples), 0.0, source.seconds)
    return analyse_blocks(source, info, range(1 + int(source.seconds) // 30), networks)


def spoken(track: AudioTrack) -> float:
    """Share of the steps in which someone speaks, the end of the block left out."""
    return float(np.mean(classify(track).speech[: SECONDS * 10]))


@pytest.mark.parametrize("seed", [0, 2, 4, 6, 10])
def test_inverted_stereo_is_heard_like_stereo_in_phase(seed: int, networks: AudioNetworks) -> None:
    sound = voice(seed=seed)

    usual, inverted = (analysed(stereo(sound, sign * sound), networks) for sign in (1, -1))

    assert spoken(usual) > 0.9
    assert spoken(inverted) > 0.9
    loud = usual.rms_db > -40
    for column, most in {"speech": 0.15, "music": 0.15, "vad": 0.15, "rms_db": 1.0}.items():
        apart = getattr(inverted, column).astype(float) - getattr(usual, column).astype(float)
        assert np.abs(apart[loud]).mean() < most, column
    np.testing.assert_array_equal(inverted.momentary_lufs, usual.momentary_lufs)


@pytest.mark.parametrize("bed", BEDS)
@pytest.mark.parametrize("level_db", [-26.0, -20.0, -14.0, -8.0])
def test_a_voice_inverted_in_one_channel_keeps_its_level_and_so_does_its_bed(
    bed: str, level_db: float
) -> None:
    talk, under = voice(level_db), BEDS[bed]()
    speaking = np.abs(talk) > 0

    mix = downmix.heard(stereo(talk + under, under - talk), RATE_HZ, STEREO)

    both_db = 10 * np.log10(np.var(talk[speaking]) + np.var(under[speaking]))
    assert 10 * np.log10(np.var(mix[speaking])) == pytest.approx(both_db, abs=1.0)
    under_db = 10 * np.log10(np.var(under[~speaking]) + 1e-4)
    assert 10 * np.log10(np.var(mix[~speaking]) + 1e-4) == pytest.approx(under_db, abs=1.5)


@pytest.mark.parametrize("bed", ["music", "noise", "tone"])
def test_a_loud_voice_inverted_in_one_channel_is_told_as_speech(bed: str, networks: AudioNetworks) -> None:
    talk, under = voice(-8), BEDS[bed]()

    assert spoken(analysed(stereo(under, under), networks)) < 0.1
    assert spoken(analysed(stereo(talk + under, under - talk), networks)) > 0.6


@pytest.mark.parametrize("level_db", [-20.0, -10.0])
@pytest.mark.parametrize("pair", [(0, 1), (4, 5), (0, 2), (0, 4)])
def test_channels_of_surround_that_cancel_are_heard(pair: tuple[int, int], level_db: float) -> None:
    samples = np.zeros((6, SECONDS * RATE_HZ), np.float32)
    first, second = pair
    samples[first], samples[second] = voice(level_db), -voice(level_db)

    kept = np.std(downmix.heard(samples, RATE_HZ, SURROUND))

    assert kept > 0.25 * np.std(samples[first])


@pytest.mark.parametrize("seconds", [0.3, 0.5])
def test_one_short_inverted_word_is_heard(seconds: float, networks: AudioNetworks) -> None:
    sound = placed(SECONDS, [(5.0, word(seconds))])

    state = classify(analysed(stereo(sound, -sound), networks)).state

    assert np.flatnonzero(state)[0] == 50
    assert np.flatnonzero(state)[-1] == pytest.approx(50 + 10 * seconds, abs=1.1)


ORDINARY = {
    "the same in both": lambda: stereo(voice(), voice()),
    "left alone": lambda: stereo(voice(), 0 * voice()),
    "panned": lambda: stereo(voice(), 0.3 * voice()),
    "weakly inverted": lambda: stereo(voice(), -0.2 * voice()),
    "apart": lambda: stereo(noise(SECONDS, seed=1), noise(SECONDS, seed=2)),
    "apart with a voice in the middle": lambda: stereo(
        noise(SECONDS, -30, seed=1) + voice(), noise(SECONDS, -30, seed=2) + voice()
    ),
    "two voices": lambda: stereo(voice(seed=1), voice(seed=2)),
    "music apart": lambda: stereo(chords(SECONDS, 1), chords(SECONDS, 2)),
    "half a millisecond apart": lambda: stereo(voice(), delayed(voice(), 8)),
    "faint and inverted below loud": lambda: stereo(
        chords(SECONDS) + voice(-60), chords(SECONDS) - voice(-60)
    ),
    "silence": lambda: np.zeros((2, SECONDS * RATE_HZ), np.float32),
}


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_stereo_is_the_mean_bit_for_bit(kind: str) -> None:
    samples = ORDINARY[kind]()

    assert np.array_equal(downmix.heard(samples, RATE_HZ, STEREO), samples.mean(axis=0))


def test_ordinary_surround_is_the_plain_sum_bit_for_bit() -> None:
    samples = np.stack([noise(SECONDS, -30, seed) for seed in range(6)])
    samples[2] += voice()

    assert np.array_equal(downmix.heard(samples, RATE_HZ, SURROUND), downmix.mixed(samples, SURROUND))


def test_what_is_the_same_in_both_keeps_its_level_beside_what_is_inverted() -> None:
    bed, talk = tone(SECONDS, 440), at_level(noise(SECONDS), -10)

    mix = downmix.heard(stereo(bed + talk, bed - talk), RATE_HZ, STEREO)
    spectrum = np.abs(np.fft.rfft(mix)) / len(mix) * 2
    plain = np.abs(np.fft.rfft(bed)) / len(mix) * 2

    assert spectrum[440 * SECONDS] == pytest.approx(plain[440 * SECONDS], rel=0.02)


@pytest.mark.parametrize("rate_hz", [1, 15, 40, 200, 400, 8000, 11_025, 44_100, 96_000])
def test_any_rate_is_mixed(rate_hz: int) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 34 * rate_hz).astype(np.float32)

    mix = downmix.heard(stereo(sound, -sound), rate_hz, STEREO)

    assert mix.shape == sound.shape
    assert np.isfinite(mix).all()
    assert rate_hz < 400 or np.std(mix) > 0.75 * np.std(sound)


def test_blocks_that_cancel_are_the_same_alone_and_in_a_row(networks: AudioNetworks) -> None:
    talk = np.tile(voice(), 6)[: 65 * RATE_HZ]
    right = np.concatenate([talk[: 30 * RATE_HZ], -talk[30 * RATE_HZ :]])
    source = Recording(stereo(talk, right), STEREO)
    info = AudioInfo(1, "pcm", RATE_HZ, 2, 0.0, source.seconds)

    row = analyse_blocks(source, info, range(3), networks)
    alone = [analyse_blocks(source, info, range(b, b + 1), networks) for b in range(3)]

    assert AudioTrack.join(alone) == row
    assert (row.rms_db[320:640] > -60).mean() > 0.7


def test_a_sound_too_short_to_be_compared_is_mixed_by_the_plain_sum() -> None:
    """Channels that differ, in the last tenth of a second only."""
    begins = [np.zeros(RATE_HZ, np.float32)] * 2
    ends = [noise(1, seed=seed)[: RATE_HZ // 10] for seed in (1, 2)]
    samples = np.concatenate([np.stack(begins), np.stack(ends)], axis=1)

    assert np.array_equal(downmix.heard(samples, RATE_HZ, STEREO), downmix.mixed(samples, STEREO))
