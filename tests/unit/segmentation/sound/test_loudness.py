"""BS.1770 against the numbers of the standard."""

from __future__ import annotations

from fractions import Fraction

import av
import av.error
import av.filter
import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal

from actors.segmentation.fusion.summary import integrated_lufs
from actors.segmentation.sound.loudness import (
    MOMENTARY_STEPS,
    channel_weights,
    k_weighting,
    momentary_lufs,
    rms_db,
    short_term_lufs,
)

FLOOR = -100.0


def sine(
    rate: int, hertz: float = 997.0, seconds: float = 2.0, level_db: float = 0.0
) -> npt.NDArray[np.float32]:
    time = np.arange(round(rate * seconds)) / rate
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def momentary(*channels: npt.NDArray[np.float32], rate: int = 48_000) -> npt.NDArray[np.float64]:
    return momentary_lufs(np.stack(channels), rate, weights=[1.0] * len(channels), floor=FLOOR)


def test_filters_at_48_khz_are_those_of_the_standard() -> None:
    # ITU-R BS.1770-4, Annex 1, tables 1 and 2
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    highpass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]

    np.testing.assert_allclose(k_weighting(48_000), [shelf, highpass], rtol=0, atol=1e-13)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000, 384_000])
def test_full_scale_997_hz_in_one_channel_is_minus_3_01(rate: int) -> None:
    loudness = momentary(sine(rate), rate=rate)

    assert loudness[4:] == pytest.approx(-3.01, abs=0.06)


def test_channels_add_up_by_their_places() -> None:
    tone, silence = sine(48_000), np.zeros(96_000, np.float32)
    places = ("FL", "FR", "FC", "LFE", "SL", "BR")
    alone = momentary(tone)[-1]

    def of(place: str) -> float:
        channels = np.stack([tone if name == place else silence for name in places])
        weights = channel_weights(places)
        return float(momentary_lufs(channels, 48_000, weights=weights, floor=FLOOR)[-1])

    assert [of(place) - alone for place in ("FL", "FC", "SL", "BR")] == pytest.approx(
        [0, 0, 1.49, 1.49], abs=0.01
    )
    assert of("LFE") == FLOOR
    assert momentary(tone, -tone)[-1] == pytest.approx(alone + 3.01, abs=0.01)


def test_low_rumble_counts_less_and_treble_more() -> None:
    rumble, middle, treble = (momentary(sine(48_000, hertz))[-1] for hertz in (20, 997, 8000))

    assert rumble < middle - 10
    assert treble == pytest.approx(middle + 3.3, abs=0.3)


def test_momentary_is_the_last_400_ms() -> None:
    burst = np.concatenate(
        [np.zeros(48_000, np.float32), sine(48_000, seconds=1), np.zeros(48_000, np.float32)]
    )

    loudness = momentary(burst)

    assert len(loudness) == 30
    assert (loudness[:10] == FLOOR).all()
    assert loudness[10] == pytest.approx(loudness[13] - 10 * np.log10(4), abs=0.2)
    assert loudness[22] > -20
    assert loudness[24] < -60


def test_digital_silence_is_the_floor() -> None:
    silence = np.zeros(4410, np.float32)

    assert momentary(silence, silence, rate=44_100).tolist() == [FLOOR]
    assert rms_db(silence, 44_100, floor=FLOOR).tolist() == [FLOOR]


@pytest.mark.parametrize("rate", [11_025, 44_101])
def test_steps_tile_rates_that_ten_does_not_divide(rate: int) -> None:
    level = rms_db(sine(rate, level_db=-20), rate, floor=FLOOR)

    assert len(level) == 20
    assert level == pytest.approx(-23.01, abs=0.05)


@pytest.mark.parametrize("rate", [1, 8, 11, 50])
def test_hardly_any_samples_have_a_level_still(rate: int) -> None:
    samples = np.tile(np.array([0.5, -0.5], np.float32), 17 * rate)

    level = rms_db(samples, rate, floor=-100.0)
    loudness = momentary_lufs(samples[None], rate, weights=[1.0], floor=-100.0)

    assert len(level) == len(loudness) == 340
    assert set(level.round(1).tolist()) == ({-6.0} if rate >= 10 else {-6.0, -100.0})
    assert (level > -100).sum() == min(rate, 10) * 34
    assert np.isfinite(loudness).all()


def test_short_term_is_the_last_three_seconds() -> None:
    loud = np.concatenate([np.full(50, FLOOR), np.full(60, -20.0), np.full(60, FLOOR)])

    found = short_term_lufs(loud, floor=FLOOR)

    assert (found[:50] == FLOOR).all()
    assert found[[64, 79, 109, 124]] == pytest.approx([-23.01, -20, -20, -23.01], abs=0.01)
    assert found[140:] == pytest.approx(FLOOR)
    assert short_term_lufs(np.full(5, -20.0), floor=FLOOR) == pytest.approx(-20.0)


LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


@pytest.mark.parametrize("channels", LAYOUTS)
def test_integrated_loudness_is_that_of_ebu_r128_in_ffmpeg(channels: int) -> None:
    """Noise of different colours in the channels, its level changing, a long pause."""
    rng = np.random.default_rng(channels)
    levels = np.repeat(10 ** (rng.uniform(-35, -5, 40) / 20), 24_000)
    levels[200_000:350_000] = 0
    poles = np.linspace(0, 0.95, channels)
    noise = [signal.lfilter([1], [1, -pole], rng.standard_normal(levels.size)) for pole in poles]
    samples = (0.3 * levels * np.stack(noise)).astype(np.float32)
    places = tuple(channel.name for channel in av.AudioLayout(LAYOUTS[channels]).channels)

    ours = momentary_lufs(samples, 48_000, weights=channel_weights(places), floor=FLOOR)

    expected = ebu_r128(samples, LAYOUTS[channels])
    whole_blocks = ours[MOMENTARY_STEPS - 1 :].astype(np.float16)
    assert integrated_lufs(whole_blocks) == pytest.approx(expected, abs=0.1)


def ebu_r128(samples: npt.NDArray[np.float32], layout: str) -> float:
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=48_000, format="fltp", layout=layout, time_base=Fraction(1, 48_000)
    )
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
    graph.push(frame)
    graph.push(None)
    integrated = -70.0
    while True:
        try:
            measured = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return integrated
        integrated = float(measured.metadata.get("lavfi.r128.I", integrated))
