"""BS.1770 against the numbers of the standard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.loudness import STEREO_GAIN_DB, k_weighting, momentary_lufs, rms_db

FLOOR = -100.0


def sine(
    rate: int, hertz: float = 997.0, seconds: float = 2.0, level_db: float = 0.0
) -> npt.NDArray[np.float32]:
    time = np.arange(round(rate * seconds)) / rate
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def test_filters_at_48_khz_are_those_of_the_standard() -> None:
    # ITU-R BS.1770-4, Annex 1, tables 1 and 2
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    highpass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]

    np.testing.assert_allclose(k_weighting(48_000), [shelf, highpass], rtol=0, atol=1e-13)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000, 384_000])
def test_full_scale_997_hz_in_one_channel_is_minus_3_01(rate: int) -> None:
    loudness = momentary_lufs(sine(rate), rate, channels=1, floor=FLOOR)

    assert loudness[4:] == pytest.approx(-3.01, abs=0.06)


def test_a_mix_of_stereo_counts_as_played_by_two_loudspeakers() -> None:
    mono = momentary_lufs(sine(48_000), 48_000, channels=1, floor=FLOOR)
    stereo = momentary_lufs(sine(48_000), 48_000, channels=2, floor=FLOOR)

    np.testing.assert_allclose(stereo - mono, STEREO_GAIN_DB)


def test_low_rumble_counts_less_and_treble_more() -> None:
    rumble, middle, treble = (
        momentary_lufs(sine(48_000, hertz), 48_000, channels=1, floor=FLOOR)[-1] for hertz in (20, 997, 8000)
    )

    assert rumble < middle - 10
    assert treble == pytest.approx(middle + 3.3, abs=0.3)


def test_momentary_is_the_last_400_ms() -> None:
    burst = np.concatenate(
        [np.zeros(48_000, np.float32), sine(48_000, seconds=1), np.zeros(48_000, np.float32)]
    )

    loudness = momentary_lufs(burst, 48_000, channels=1, floor=FLOOR)

    assert len(loudness) == 30
    assert (loudness[:10] == FLOOR).all()
    assert loudness[10] == pytest.approx(loudness[13] - 10 * np.log10(4), abs=0.2)
    assert loudness[22] > -20
    assert loudness[24] < -60


def test_digital_silence_is_the_floor() -> None:
    silence = np.zeros(4410, np.float32)

    assert momentary_lufs(silence, 44_100, channels=2, floor=FLOOR).tolist() == [FLOOR]
    assert rms_db(silence, 44_100, floor=FLOOR).tolist() == [FLOOR]


@pytest.mark.parametrize("rate", [11_025, 44_101])
def test_steps_tile_rates_that_ten_does_not_divide(rate: int) -> None:
    level = rms_db(sine(rate, level_db=-20), rate, floor=FLOOR)

    assert len(level) == 20
    assert level == pytest.approx(-23.01, abs=0.05)
