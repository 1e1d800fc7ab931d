"""What sounds like speech and is not, and speech that hardly sounds so: telephones, wind, tones, hum.

Each sound is a file of its own, and what is told of it is read from the result.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from actors.segmentation import Models, Timeline, segment_file
from tests.support.sounds import KEYS_HZ, RATE_HZ, Samples, at_level, noise, speech, tone

SECONDS = 10
TELEPHONE_HZ = (300, 3400)
"""The band that a telephone line lets through (ITU-T G.120)."""
GUST_S = 0.8


def recording(path: Path, samples: Samples, rate_hz: int = RATE_HZ) -> Path:
    """A WAV file of one channel; of a lower rate every n-th sample, so it must have been filtered before."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        values = np.clip(samples[:: RATE_HZ // rate_hz], -1, 1)
        file.writeframes((32_767 * values).astype("<i2").tobytes())
    return path


def within(samples: Samples, band_hz: tuple[int, int], order: int = 6) -> Samples:
    """What is left of a sound in a band of frequencies."""
    filtered: Samples = sosfilt(butter(order, band_hz, "bandpass", fs=RATE_HZ, output="sos"), samples).astype(
        np.float32
    )
    return filtered


def wind(seed: int) -> Samples:
    """Low noise in gusts."""
    rng = np.random.default_rng(seed)
    times = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    gusts = rng.uniform(0.1, 1, round(SECONDS / GUST_S) + 2)
    strength = np.interp(times, GUST_S * np.arange(len(gusts)), gusts)
    return at_level(within(noise(SECONDS, seed=seed), (60, 500), order=1) * strength, -22)


def storm(seed: int) -> Samples:
    """Noise that is the stronger the lower it is, as of wind in a microphone without a screen."""
    return at_level(lfilter([1], [1, -0.995], noise(SECONDS, seed=seed)), -16)


def hum(mains_hz: int, level_db: float = -25.0) -> Samples:
    """The mains and its overtones in a bad cable."""
    return at_level(sum(tone(SECONDS, k * mains_hz) / k for k in range(1, 15)), level_db)


NOT_SPEECH: dict[str, Callable[[], Samples]] = {
    "wind": lambda: wind(1),
    "wind in gusts": lambda: wind(2),
    "storm": lambda: storm(3),
    "test tone": lambda: tone(SECONDS, 1000),
    "low tone": lambda: tone(SECONDS, 100),
    "high tone": lambda: tone(SECONDS, 6000),
    "dial tone": lambda: tone(SECONDS, 350, 440),
    "key of a telephone": lambda: tone(SECONDS, *KEYS_HZ["5"]),
    "hum of 50 Hz": lambda: hum(50),
    "hum of 60 Hz": lambda: hum(60),
    "faint hum": lambda: hum(100, -45),
    "hum and hiss": lambda: hum(50) + noise(SECONDS, -45),
    "hiss": lambda: noise(SECONDS, -30),
}


def spoken_s(found: Timeline) -> float:
    """Seconds that are labelled speech, alone or over music."""
    return sum(part.end_s - part.start_s for part in found.audio_track if "speech" in part.label)


@pytest.mark.parametrize("kind", NOT_SPEECH)
def test_wind_tones_and_hum_are_no_speech(tmp_path: Path, models: Models, kind: str) -> None:
    found = segment_file(recording(tmp_path / "sound.wav", NOT_SPEECH[kind]()), {}, models=models)

    assert {part.label for part in found.audio_track} <= {"noise", "music", "silence"}
    assert max(part.audio.speech for part in found.audio_track) < 0.1


@pytest.mark.parametrize("line_db", [-50.0, -40.0])
@pytest.mark.parametrize("voice", [0, 2, 4])
def test_speech_through_a_telephone_is_speech(
    tmp_path: Path, models: Models, voice: int, line_db: float
) -> None:
    """8000 samples a second, and the noise of the line also between the words."""
    line = at_level(within(speech(SECONDS, voice), TELEPHONE_HZ), -24)
    line = line + at_level(within(noise(SECONDS, seed=voice), TELEPHONE_HZ), line_db)

    found = segment_file(recording(tmp_path / "call.wav", line, rate_hz=8000), {}, models=models)

    assert spoken_s(found) > 0.9 * SECONDS
    assert {part.label for part in found.audio_track} <= {"speech", "silence", "noise"}


@pytest.mark.parametrize("beside", ["wind", "hum of 50 Hz"])
def test_speech_beside_them_is_heard(tmp_path: Path, models: Models, beside: str) -> None:
    both = speech(SECONDS) + at_level(NOT_SPEECH[beside](), -42)

    found = segment_file(recording(tmp_path / "scene.wav", both), {}, models=models)

    assert spoken_s(found) > 0.9 * SECONDS
