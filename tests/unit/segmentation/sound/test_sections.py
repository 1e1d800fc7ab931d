"""The filter by rows against scipy's, sample by sample; and the low-pass of the resampling."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import signal

from actors.segmentation.sound.loudness import k_weighting
from actors.segmentation.sound.sections import _PIECE_ROWS, _ROW_SAMPLES, filtered


@pytest.mark.parametrize("rate", [8, 100, 8000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("samples", [0, 1, 31, 32, 33, 4800, 100_001])
def test_sound_is_filtered_as_sample_by_sample(rate: int, samples: int) -> None:
    sound = np.random.default_rng(samples).normal(0, 0.2, samples).astype(np.float32)
    sections = k_weighting(rate)
    wanted = signal.sosfilt(sections, sound) if samples else sound
    assert filtered(sections, sound) == pytest.approx(wanted, rel=0, abs=1e-10)


@pytest.mark.parametrize("sections", [1, 3])
def test_any_number_of_sections_follows_each_other(sections: int) -> None:
    sos = signal.butter(2 * sections, 0.1, output="sos")
    sound = np.random.default_rng(1).normal(size=5000)
    assert filtered(sos, sound) == pytest.approx(signal.sosfilt(sos, sound), rel=0, abs=1e-10)


def test_an_impulse_long_ago_is_still_heard_as_it_should_be() -> None:
    sos = np.array([[1.0, 0.0, 0.0, 1.0, -0.9999, 0.0]])
    sound = np.zeros(50_000)
    sound[0] = 1.0
    assert filtered(sos, sound) == pytest.approx(0.9999 ** np.arange(50_000), rel=1e-9)


def test_no_product_is_large_enough_for_several_threads() -> None:
    assert _PIECE_ROWS * _ROW_SAMPLES**2 < 2**18


@pytest.mark.filterwarnings("error")
def test_sound_that_must_not_be_written_is_read() -> None:
    sound = np.ones(100, np.float32)
    sound.flags.writeable = False
    assert filtered(np.array([[2.0, 0, 0, 1, 0, 0]]), sound).tolist() == [2.0] * 100
    assert sound.tolist() == [1.0] * 100


def test_no_sound_is_heard_with_the_slow_import_of_scipys_signal() -> None:
    code = (
        "import sys; import numpy as np;"
        "from actors.segmentation.sound.loudness import momentary_lufs;"
        "from actors.segmentation.sound.resampling import resampled;"
        "sound = np.ones((1, 96_000), np.float32);"
        "momentary_lufs(sound, 48_000, weights=[1.0], floor=-100.0);"
        "resampled(sound[0], 48_000);"
        "sys.exit('scipy.signal' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
