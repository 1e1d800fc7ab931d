"""Mixes the channels of a block to one, as a listener in the middle hears them, and loses nothing in it.

A plain sum loses what two channels have with opposite signs: one wire of a pair swapped, or a voice that was
inverted in one channel only. Where a block would lose that much, every channel is turned by a phase of its
own before the sum, so that no two can cancel. All other blocks get the plain sum, bit for bit. Knows the
samples of one block; does not know what is heard in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import numpy.typing as npt

from actors.segmentation.sound import loudness

# Factors of the loudspeakers (in front, in the centre, behind) where two ears listen in the middle, as ITU-R
# BS.775-3 mixes down to stereo and the mean of left and right is taken
_MIX_FRONT, _MIX_CENTRE, _MIX_BEHIND = 0.5, 0.5**0.5, 0.5**1.5

WINDOWS_PER_S = 20
"""Windows of 50 ms whose spectra are compared: a voice's harmonics lie apart in them."""
WINDOWS_PER_STEP = 4
"""Windows whose powers are added before they are compared: in fewer, sounds that have nothing to do with each
other cancel by chance."""
BANDS_HZ = (100.0, 7000.0)
"""Range in which channels are compared: that of voices. Below it, the channels of an ordinary recording lie
apart in phase often."""
BANDS = 20
"""Bands of that range, of equal width in octaves (0.3): a voice is stronger than a bed of music in some of
them."""
LOST_SHARE = 0.2
"""A band is lost where the sum has less than this share of the power that the channels have together (7 dB).
Channels that have nothing to do with each other keep all of it, one that is heard alone, too."""
LOST_LOUDNESS = 0.2
"""A step (200 ms) is lost when bands with this share of its loudness are."""
LOUDNESS_EXPONENT = 0.3
"""Loudness of a band goes with this power of its power (Stevens), so that one strong tone does not outweigh a
voice."""
LOST_STEPS = 5
"""Steps, a second in all, that a block must lose, or half of them where fewer are heard. Measured: 97 blocks
of stereo films and takes have at most 1; a voice that is inverted over music or noise 6 dB louder has 7 to
54."""
EDGE_SHARE = 0.1
"""Share of the range of frequencies, at its upper end, in which channels are turned less and less. No
measurement."""
FAINT = 1e-5
"""Power below the loudest step's (50 dB) at which a step does not count."""
ALIKE = 1e-4
"""Share of the power (40 dB down) by which channels may differ and are not compared at all: most stereo
tracks are mono."""

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]


def heard(samples: Samples, rate_hz: int, places: Sequence[str]) -> Samples:
    """float32[channels, n] -> float32[n]: what a listener in the middle hears.

    `places`: of the channels' loudspeakers; without them, and for one or two, all count alike.
    """
    factors = _factors(len(samples), places)
    taking_part = np.flatnonzero(factors * samples.any(axis=1))
    if len(taking_part) > 1 and _cancels(samples[taking_part], factors[taking_part], rate_hz):
        return _turned(samples[taking_part], factors[taking_part], rate_hz)
    return mixed(samples, places)


def mixed(samples: Samples, places: Sequence[str]) -> Samples:
    """float32[channels, n] -> float32[n]: the plain sum, in which opposite signs cancel."""
    count = len(samples)
    if count <= 2 or len(places) != count:
        mean: Samples = samples[0] if count == 1 else samples.mean(axis=0)
        return mean
    mix: Samples = np.zeros_like(samples[0])
    for factor, channel in zip(_factors(count, places).tolist(), samples, strict=True):
        if factor:
            mix += factor * channel
    return mix


def _factors(count: int, places: Sequence[str]) -> npt.NDArray[np.float64]:
    """What each channel counts in the sum."""
    if count <= 2 or len(places) != count:
        return np.full(count, 1 / count)
    return np.array(
        [
            0.0
            if place in loudness.NO_LOUDNESS
            else _MIX_BEHIND
            if place in loudness.BEHIND
            else _MIX_CENTRE
            if place == "FC"
            else _MIX_FRONT
            for place in places
        ]
    )


def _cancels(samples: Samples, factors: npt.NDArray[np.float64], rate_hz: int) -> bool:
    """Whether the plain sum loses what the channels have."""
    if all(_alike(samples[0], other) for other in samples[1:]):
        return False
    window = rate_hz // WINDOWS_PER_S
    edges = _band_edges(window, rate_hz)
    steps = samples.shape[1] // max(window, 1) // WINDOWS_PER_STEP
    if len(edges) < 2 or steps == 0:
        return False  # a rate without voices, or too little of it
    # slow to import: the thread that listens pays for it while the others decode and look
    from scipy import fft

    slope = np.hanning(window).astype(np.float32)
    used = samples[:, : steps * WINDOWS_PER_STEP * window].reshape(len(samples), -1, window)
    lines = slice(edges[0], edges[-1])
    spectra = np.stack([fft.rfft(channel * slope, axis=1)[:, lines] for channel in used])
    spectra *= factors.astype(np.float32)[:, None, None]
    kept = _of_bands(_power(spectra.sum(axis=0)), edges - edges[0])
    had = _of_bands(_power(spectra).sum(axis=0), edges - edges[0])
    power, loud = had.sum(axis=1), had**LOUDNESS_EXPONENT
    audible = power > FAINT * power.max()
    lost = np.where(kept < LOST_SHARE * had, loud, 0.0).sum(axis=1) > LOST_LOUDNESS * loud.sum(axis=1)
    enough = max(1, min(LOST_STEPS, ceil(int(audible.sum()) / 2)))
    return int((lost & audible).sum()) >= enough


def _alike(one: Samples, other: Samples) -> bool:
    """Whether two channels are the same but for what is negligible."""
    apart = one - other
    difference, power = float(np.vdot(apart, apart)), float(np.vdot(one, one))
    return difference <= ALIKE * power


def _band_edges(window: int, rate_hz: int) -> npt.NDArray[np.int64]:
    """Numbers of the spectrum's lines at which bands begin and the last one ends; none without a line."""
    lines_hz = np.arange(window // 2 + 1) * (rate_hz / max(window, 1))
    edges: npt.NDArray[np.int64] = np.unique(np.searchsorted(lines_hz, np.geomspace(*BANDS_HZ, BANDS + 1)))
    return edges


def _power(spectrum: npt.NDArray[np.complexfloating]) -> Floats:
    power: Floats = spectrum.real**2 + spectrum.imag**2
    return power


def _of_bands(power: Floats, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """(windows, lines) -> float64 (steps, bands)."""
    windows = np.add.reduceat(power, edges[:-1], axis=1, dtype=np.float64)
    bands: npt.NDArray[np.float64] = windows.reshape(-1, WINDOWS_PER_STEP, windows.shape[1]).sum(axis=1)
    return bands


def _turned(samples: Samples, factors: npt.NDArray[np.float64], rate_hz: int) -> Samples:
    """The sum of the channels, the k-th of n turned by k / n of half a circle at all frequencies of a voice.

    Two channels are then a quarter of a circle apart, in which same and opposite signs give the same power.
    What is the same in all channels keeps its level.
    """
    from scipy import fft

    count, length = samples.shape
    size = fft.next_fast_len(length, real=True)
    angles = np.pi * np.arange(count) / count
    gain = factors.sum() / abs((factors * np.exp(1j * angles)).sum())
    share = _turning(size, rate_hz)
    mix: npt.NDArray[np.complexfloating] = np.zeros(size // 2 + 1, np.complex64)
    for factor, angle, channel in zip(factors * gain, angles, samples, strict=True):
        mix += (factor * np.exp(1j * angle * share)).astype(np.complex64) * fft.rfft(channel, size)
    out: Samples = fft.irfft(mix, size)[:length]
    return out


def _turning(size: int, rate_hz: int) -> npt.NDArray[np.float64]:
    """0..1 of every line of a spectrum: how much of a channel's turn it gets. Less at both ends: a turn that
    stopped there at once would ring for seconds before and after every sound."""
    lines_hz = np.arange(size // 2 + 1) * (rate_hz / size)
    rising = np.clip(lines_hz / BANDS_HZ[0], 0, 1)
    falling = np.clip((rate_hz / 2 - lines_hz) / (EDGE_SHARE * rate_hz / 2), 0, 1)
    turning: npt.NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * rising * falling)
    return turning
