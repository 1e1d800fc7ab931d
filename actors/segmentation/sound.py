"""Sound of a chunk: blocks of ten seconds on the file's clock, each analysed by itself.

A block is a pure function of the samples from 2 s before it to 2 s after it (zeros where the file has
none), so it comes out the same whichever chunk owns it and whatever was analysed before. Knows where
blocks lie and how steps are made of them; the models are in `sound_models`, the measures in `loudness`
and `mel`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal

from actors.segmentation import loudness
from actors.segmentation.errors import Cancelled
from actors.segmentation.media import AudioInfo
from actors.segmentation.mel import log_mel
from actors.segmentation.plan import Plan
from actors.segmentation.sound_models import (
    AED_FRAMES_PER_SECOND,
    SAMPLE_RATE_HZ,
    VAD_FRAME_S,
    EventDetector,
    VoiceDetector,
)
from actors.segmentation.tracks import AUDIO_STEP_S, MEL_BANDS, SILENCE_DB, STEPS_PER_SECOND, AudioTrack

BLOCK_S = 10
CONTEXT_S = 2
"""As far as AED hears, see `sound_models`; more than enough for the filters of the loudness to settle."""
BLOCK_STEPS = BLOCK_S * STEPS_PER_SECOND
_OWN_STEPS = slice(CONTEXT_S * STEPS_PER_SECOND, CONTEXT_S * STEPS_PER_SECOND + BLOCK_STEPS)
_LOUDEST = 16.0
"""Samples beyond 24 dB over full scale come from damaged files; the models never saw the like."""
_RESAMPLER_ZEROS = 10
_RESAMPLER_BETA = 5.0

Samples = npt.NDArray[np.float32]


class PcmSource(Protocol):
    """What is needed of `audio_decode.AudioReader`."""

    sample_rate_hz: int

    def pcm(self, start_s: Fraction | int, end_s: Fraction | int) -> Samples:
        """Mono samples of a range of seconds; zeros where there is no sound."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two models that hear a block."""

    events: EventDetector
    voice: VoiceDetector


def owned_blocks(plan: Plan, chunk_index: int) -> range:
    """Numbers b of the blocks [10 b, 10 b + 10) s whose start lies in the chunk's time.

    The first chunk also has all earlier ones, the last all later ones, back to and up to where picture
    and sound both begin and end. Empty without sound.
    """
    audio, chunk = plan.media.audio, plan.chunks[chunk_index]
    if audio is None:
        return range(0)
    clock = plan.index.clock
    picture_end = Fraction(clock.end_pts) * clock.time_base
    first = floor(min(clock.exact_seconds_of(0), Fraction(audio.start_s)) / BLOCK_S)
    last = ceil(max(picture_end, Fraction(audio.start_s) + Fraction(audio.duration_s)) / BLOCK_S)
    start, stop = first, max(last, first + 1)
    if chunk_index > 0:
        start = ceil(clock.exact_seconds_of(chunk.start_frame) / BLOCK_S)
    if chunk_index < len(plan.chunks) - 1:
        stop = ceil(clock.exact_seconds_of(chunk.end_frame) / BLOCK_S)
    return range(start, max(start, stop))


def analyse_blocks(
    source: PcmSource,
    audio: AudioInfo,
    blocks: range,
    listeners: Listeners,
    *,
    should_stop: Callable[[], bool] | None = None,
) -> AudioTrack:
    """The tracks of consecutive blocks. Raises Cancelled between blocks when `should_stop` says so."""
    parts: list[AudioTrack] = []
    rate = source.sample_rate_hz
    overlap: Samples | None = None
    for block in blocks:
        if should_stop is not None and should_stop():
            raise Cancelled
        start = block * BLOCK_S - CONTEXT_S
        if overlap is None:
            overlap = source.pcm(start, start + 2 * CONTEXT_S)
        samples = np.concatenate(
            [overlap, source.pcm(start + 2 * CONTEXT_S, start + 2 * CONTEXT_S + BLOCK_S)]
        )
        overlap = samples[BLOCK_S * rate :]
        parts.append(_block(samples, rate, block, audio, listeners))
    return AudioTrack.join(parts)


def _block(samples: Samples, rate: int, block: int, audio: AudioInfo, listeners: Listeners) -> AudioTrack:
    """One block from its samples with context, 14 s at the file's own rate."""
    step = np.arange(block * BLOCK_STEPS, (block + 1) * BLOCK_STEPS, dtype=np.int64)
    middle = (step + 0.5) * AUDIO_STEP_S
    present = (middle >= audio.start_s) & (middle < audio.start_s + audio.duration_s)
    clean = np.clip(np.nan_to_num(samples, nan=0.0), -_LOUDEST, _LOUDEST)
    if not clean.any():
        return _silence(step, present)
    own = _OWN_STEPS
    lufs = loudness.momentary_lufs(clean, rate, channels=audio.channels, floor=SILENCE_DB)[own]
    level = loudness.rms_db(clean, rate, floor=SILENCE_DB)[own]
    heard = resampled(clean, rate)
    per_step = AED_FRAMES_PER_SECOND // STEPS_PER_SECOND
    events = listeners.events(heard)[own.start * per_step : own.stop * per_step]
    classes = events.reshape(BLOCK_STEPS, per_step, 3).mean(axis=1, dtype=np.float64).astype(np.float16)
    with torch.inference_mode():
        # its frames of 32 ms end exactly with the block, which begins 2 s after them
        voice = listeners.voice(torch.from_numpy(heard[: (CONTEXT_S + BLOCK_S) * SAMPLE_RATE_HZ])).numpy()
    return AudioTrack(
        step=step,
        present=present,
        speech=classes[:, 0],
        singing=classes[:, 1],
        music=classes[:, 2],
        vad=(_frames_to_steps(len(voice)) @ voice.astype(np.float64)).astype(np.float16),
        rms_db=level.astype(np.float16),
        momentary_lufs=lufs.astype(np.float16),
        mel=log_mel(heard)[own],
    )


def _silence(step: npt.NDArray[np.int64], present: npt.NDArray[np.bool_]) -> AudioTrack:
    nothing = np.zeros(BLOCK_STEPS, np.float16)
    floor_db = np.full(BLOCK_STEPS, SILENCE_DB, np.float16)
    mel = np.zeros((BLOCK_STEPS, MEL_BANDS), np.uint8)
    return AudioTrack(step, present, nothing, nothing, nothing, nothing, floor_db, floor_db, mel)


@lru_cache(maxsize=1)
def _frames_to_steps(frames: int) -> npt.NDArray[np.float64]:
    """float64[BLOCK_STEPS, frames]: each step's mean over the VAD frames, by how much they overlap it."""
    step_start = CONTEXT_S + np.arange(BLOCK_STEPS)[:, None] * AUDIO_STEP_S
    frame_start = np.arange(frames)[None] * VAD_FRAME_S
    shared = np.minimum(step_start + AUDIO_STEP_S, frame_start + VAD_FRAME_S) - np.maximum(
        step_start, frame_start
    )
    overlap = np.maximum(shared, 0.0)
    weights: npt.NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return weights


def resampled(samples: Samples, rate: int) -> Samples:
    """At 16 kHz, the first sample in its place; stateless, whatever the ratio of the rates."""
    if rate == SAMPLE_RATE_HZ:
        return samples
    common = gcd(rate, SAMPLE_RATE_HZ)
    up, down = SAMPLE_RATE_HZ // common, rate // common
    out: Samples = signal.resample_poly(samples, up, down, window=_low_pass(max(up, down)))
    return out.astype(np.float32, copy=False)


@lru_cache(maxsize=4)
def _low_pass(larger: int) -> Samples:
    """Windowed sinc for the polyphase resampler; its length, not its memory, grows with an odd ratio."""
    taps = signal.firwin(2 * _RESAMPLER_ZEROS * larger + 1, 1 / larger, window=("kaiser", _RESAMPLER_BETA))
    low_pass: Samples = taps.astype(np.float32)
    return low_pass
