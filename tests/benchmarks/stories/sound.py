"""What a film sounds like: room tone of each place, speech where people talk, and a score that runs through
changes of place and changes inside them.

Levels are those of film mixes: speech of -24 dB mean power, a score 2 dB louder, and 5 dB below it while
someone speaks, room tone 20 to 35 dB below. Knows scenes and recordings; no pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.benchmarks.edits.takes import Rng
from tests.benchmarks.stories.script import FPS, Scene

RATE_HZ = 32_000
Samples = npt.NDArray[np.float32]

SPEECH_DB, MUSIC_DB, UNDER_SPEECH_DB = -24.0, -22.0, -7.0
"""Mean power (dBFS) of speech and of music alone; by how much music is less while someone speaks."""
WITH_SPEECH = {"talk": 0.95, "place": 0.45, "insert": 0.6, "parallel": 0.4, "montage": 0.1}
"""How likely somebody speaks in a scene of a kind."""
FADE_S = 0.02
OVERLAP = RATE_HZ // 2
"""Samples by which a room tone begins before its scene and ends after it."""
STRIDE = 100
"""Samples between two looks whether someone speaks."""


@dataclass(frozen=True)
class Recordings:
    """Samples: of each voice, of music, of noise."""

    voices: Sequence[Samples]
    music: Sequence[Samples]
    noise: Sequence[Samples]


def read(path: Path) -> Samples:
    """float32 (n,) mono at RATE_HZ, without its mean."""
    parts = []
    with av.open(str(path)) as container:
        mono = av.AudioResampler("flt", "mono", RATE_HZ)
        for frame in container.decode(audio=0):
            frame.pts = None
            parts += [one.to_ndarray()[0] for one in mono.resample(frame)]
        parts += [one.to_ndarray()[0] for one in mono.resample(None)]
    samples = np.concatenate(parts)
    out: Samples = (samples - samples.mean()).astype(np.float32)
    return out


def mixed(rng: Rng, scenes: Sequence[Scene], starts: Sequence[int], frames: int, of: Recordings) -> Samples:
    """Sound of a film. starts: first frame of each scene. frames: of the film."""
    total = frames * RATE_HZ // FPS
    bounds = [*(start * RATE_HZ // FPS for start in starts), total]
    speech, room = np.zeros(total, np.float32), np.zeros(total, np.float32)
    # sound is often laid some tenths before or after the cut
    laid = [0, *(at + round(float(rng.normal(0, 0.3)) * RATE_HZ) for at in bounds[1:-1]), total]
    for scene, start, end in zip(scenes, laid, laid[1:], strict=False):
        # room tones overlap: nothing falls silent where one ends
        head, tail = min(start, OVERLAP), min(total - end, OVERLAP)
        _put(room, start - head, _room_tone(rng, head + end - start + tail, of))
        if rng.random() < WITH_SPEECH[scene.kind]:
            cast = [of.voices[k] for k in rng.permutation(len(of.voices))[: int(rng.integers(1, 3))]]
            _put(speech, start, _speech(rng, cast, end - start))
    score = _score(rng, bounds, total, of.music)
    out: Samples = np.clip(speech + room + _under(speech) * score, -1, 1).astype(np.float32)
    return out


def _under(speech: Samples) -> Samples:
    """Factor of the score, which goes down within half a second before someone speaks, and up again after."""
    half = RATE_HZ // 2 // STRIDE
    talking = np.abs(speech[::STRIDE]) > 1e-3
    near = np.convolve(talking, np.ones(2 * half), "same") > 0
    share = np.convolve(np.pad(near, half, "edge"), np.ones(2 * half + 1) / (2 * half + 1), "valid")
    smooth = np.interp(np.arange(len(speech)), np.arange(len(share)) * STRIDE, share)
    out: Samples = (10 ** (smooth * UNDER_SPEECH_DB / 20)).astype(np.float32)
    return out


def _score(rng: Rng, bounds: Sequence[int], total: int, music: Sequence[Samples]) -> Samples:
    """Cues of 12 to 80 s, 0 to 45 s apart; of their ends near a change of scene a third lie at it."""
    out, at = np.zeros(total, np.float32), 0
    gaps_s = float(rng.choice([4.0, 20.0, 45.0]))
    while at < total:
        start = _near(rng, at + round(rng.uniform(0, gaps_s) * RATE_HZ), bounds)
        end = min(total, _near(rng, start + round(rng.uniform(12, 80) * RATE_HZ), bounds))
        if end - start > RATE_HZ:
            piece = _piece(rng, music[int(rng.integers(len(music)))], end - start)
            _put(out, start, _faded(_level(piece, MUSIC_DB), float(rng.choice([0.05, 0.5, 3.0]))))
        at = max(end, at + RATE_HZ)
    return out


def _near(rng: Rng, at: int, bounds: Sequence[int]) -> int:
    """At a change of scene if one is within 6 s, one time in three; else as it is."""
    nearest = min(bounds, key=lambda bound: abs(bound - at))
    return nearest if abs(nearest - at) < 6 * RATE_HZ and rng.random() < 0.34 else at


def _room_tone(rng: Rng, count: int, of: Recordings) -> Samples:
    """Noise of a spectrum of its own, or now and then a recording, 20 to 35 dB below speech."""
    level_db = SPEECH_DB - float(rng.uniform(20, 35))
    if of.noise and rng.random() < 0.25:
        return _faded(_level(_piece(rng, of.noise[int(rng.integers(len(of.noise)))], count), level_db), 0.2)
    bands_hz = np.geomspace(40, RATE_HZ / 2, 8)
    gains_db = np.cumsum(rng.normal(-3, 5, len(bands_hz)))
    block = RATE_HZ * 8  # one turn of noise, repeated: longer ones sound no different
    at_hz = np.fft.rfftfreq(block, 1 / RATE_HZ)
    gain = 10 ** (np.interp(np.log(at_hz + 1), np.log(bands_hz), gains_db) / 20)
    noise = np.fft.irfft(gain * np.exp(2j * np.pi * rng.random(len(at_hz))), block).astype(np.float32)
    return _faded(_level(np.resize(noise, count), level_db), float(rng.uniform(0.02, 0.6)))


def _speech(rng: Rng, cast: Sequence[Samples], count: int) -> Samples:
    """Voices in turns of 1 to 6 s with 0.2 to 2.5 s between them, after up to 4 s."""
    out, at, turn = np.zeros(count, np.float32), round(rng.uniform(0, 4) * RATE_HZ), 0
    while at < count:
        length = min(round(rng.uniform(1, 6) * RATE_HZ), count - at)
        piece = _piece(rng, cast[turn % len(cast)], length)
        _put(out, at, _faded(_level(piece, SPEECH_DB + float(rng.normal(0, 1))), FADE_S))
        at += length + round(rng.uniform(0.2, 2.5) * RATE_HZ)
        turn += int(rng.random() < 0.7)
    return out


def _piece(rng: Rng, samples: Samples, count: int) -> Samples:
    """So many samples from somewhere in a recording, over and over if it is short."""
    start = int(rng.integers(max(1, len(samples) - count)))
    return np.resize(samples[start:], count)


def _level(samples: Samples, mean_db: float) -> Samples:
    power = float(np.sqrt((samples.astype(np.float64) ** 2).mean()))
    return samples * np.float32(10 ** (mean_db / 20) / max(power, 1e-6))


def _faded(samples: Samples, fade_s: float) -> Samples:
    count = min(len(samples) // 2, round(fade_s * RATE_HZ))
    if not count:
        return samples
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    out = samples.copy()
    out[:count] *= ramp
    out[-count:] *= ramp[::-1]
    return out


def _put(into: Samples, at: int, samples: Samples) -> None:
    samples = samples[: len(into) - at]
    into[at : at + len(samples)] += samples
