"""Analyses the sound of a chunk in blocks of half a minute on the file's clock, each by itself.

A block is a pure function of the samples from 2 s before it to 2 s after it (zeros where the file has
none), so it comes out the same whichever chunk owns it and whatever was analysed before. Knows where
blocks lie and how steps are made of them; the models are in `networks.events` and `networks.voice`, the
measures in `loudness` and `mel`, the mix of the channels in `downmix`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from actors.segmentation.decode.audio_cells import BLOCK_S, CONTEXT_S
from actors.segmentation.demux.media import AudioInfo
from actors.segmentation.errors import Cancelled
from actors.segmentation.networks.audio import AudioNetworks
from actors.segmentation.networks.events import AED_FRAMES_PER_SECOND
from actors.segmentation.networks.voice import VAD_FRAME_S
from actors.segmentation.planning.plan import Plan
from actors.segmentation.sound import downmix, loudness
from actors.segmentation.sound.mel import log_mel
from actors.segmentation.sound.resampling import SAMPLE_RATE_HZ, resampled
from actors.segmentation.tracks import AUDIO_STEP_S, MEL_BANDS, NO_ENERGY_DB, STEPS_PER_SECOND, AudioTrack

GRID_S = 10
"""Seconds: the first and the last block are cut to what has sound, in whole tens of seconds. Short clips are
quicker then, and blocks have three shapes only."""
_LOUDEST = 16.0
"""Largest sample (full scale is 1), 24 dB over full scale: louder ones come from damaged files, and the
models never saw the like."""
_SETTLING_S = 1
"""Seconds of sound before a block that the filters of the loudness hear; their slowest part forgets in 50
ms."""

QUIET_DB = -35.0
"""Level (dBFS, of 100 ms): a block in which next to nothing is louder is raised to it before the models hear
it. They know sound as films have it, and take quiet music for noise."""
LOUDER_SHARE = 0.95
"""Quantile of a block's levels that is raised to QUIET_DB: single clicks may be louder."""
GAIN_MAX_DB = 40.0
"""Decibels by which a block is raised at most: beyond, it would be the noise of 16 bits that is raised."""

Samples = npt.NDArray[np.float32]
Steps = npt.NDArray[np.int64]


class PcmSource(Protocol):
    """What is needed of `decode.audio.AudioReader`."""

    sample_rate_hz: int
    channel_names: tuple[str, ...]

    def pcm(self, start_s: Fraction | int, end_s: Fraction | int) -> Samples:
        """float32[channels, n]: samples of a range of seconds; zeros where there is no sound."""


def owned_blocks(plan: Plan, chunk_index: int) -> range:
    """Numbers b of the blocks [30 b, 30 b + 30) s with sound whose start lies in the chunk's time.

    The first chunk also has all earlier ones, the last all later ones. Empty without sound.
    """
    audio, chunk = plan.media.audio, plan.chunks[chunk_index]
    if audio is None:
        return range(0)
    clock = plan.index.clock
    first_s, end_s = _extent_s(audio)
    start, stop = first_s // BLOCK_S, -(-end_s // BLOCK_S)
    if chunk_index > 0:
        start = max(start, ceil(clock.exact_seconds_of(chunk.start_frame) / BLOCK_S))
    if chunk_index < len(plan.chunks) - 1:
        stop = min(stop, ceil(clock.exact_seconds_of(chunk.end_frame) / BLOCK_S))
    return range(start, max(start, stop))


def analyse_blocks(
    source: PcmSource,
    audio: AudioInfo,
    blocks: range,
    networks: AudioNetworks,
    *,
    should_stop: Callable[[], bool] | None = None,
) -> AudioTrack:
    """The tracks of consecutive blocks. Raises Cancelled between blocks when `should_stop` says so."""
    first_s, end_s = _extent_s(audio)
    parts: list[AudioTrack] = []
    for block in blocks:
        if should_stop is not None and should_stop():
            raise Cancelled
        start_s, stop_s = max(block * BLOCK_S, first_s), min((block + 1) * BLOCK_S, end_s)
        if start_s >= stop_s:
            continue
        samples = source.pcm(start_s - CONTEXT_S, stop_s + CONTEXT_S)
        step = np.arange(start_s * STEPS_PER_SECOND, stop_s * STEPS_PER_SECOND, dtype=np.int64)
        middle_s = (step + 0.5) * AUDIO_STEP_S
        present = (middle_s >= audio.start_s) & (middle_s < audio.start_s + audio.duration_s)
        np.nan_to_num(samples, copy=False, nan=0.0)
        np.clip(samples, -_LOUDEST, _LOUDEST, out=samples)
        heard = samples.any()
        parts.append(_block(samples, source, step, present, networks) if heard else _silence(step, present))
    return AudioTrack.join(parts)


def _extent_s(audio: AudioInfo) -> tuple[int, int]:
    """From when to when there are steps: whole tens of seconds, at least one."""
    first = floor(Fraction(audio.start_s) / GRID_S)
    last = ceil((Fraction(audio.start_s) + Fraction(audio.duration_s)) / GRID_S)
    return first * GRID_S, max(last, first + 1) * GRID_S


def _block(
    samples: Samples,
    source: PcmSource,
    step: Steps,
    present: npt.NDArray[np.bool_],
    networks: AudioNetworks,
) -> AudioTrack:
    """One block from its samples with context, at the file's own rate."""
    steps, rate = len(step), source.sample_rate_hz
    own = slice(CONTEXT_S * STEPS_PER_SECOND, CONTEXT_S * STEPS_PER_SECOND + steps)
    mono = downmix.heard(samples, rate, source.channel_names)
    places = source.channel_names or ("",) * len(samples)
    settled = slice((CONTEXT_S - _SETTLING_S) * rate, (own.stop * rate) // STEPS_PER_SECOND)
    lufs = loudness.momentary_lufs(
        samples[:, settled], rate, weights=loudness.channel_weights(places), floor=NO_ENERGY_DB
    )[_SETTLING_S * STEPS_PER_SECOND :]
    level = loudness.rms_db(mono, rate, floor=NO_ENERGY_DB)
    heard = resampled(mono, rate)
    audible = heard * _gain(level)
    per_step = AED_FRAMES_PER_SECOND // STEPS_PER_SECOND
    events = networks.events(audible)[own.start * per_step : own.stop * per_step]
    classes = events.reshape(steps, per_step, 3).mean(axis=1, dtype=np.float64).astype(np.float16)
    with torch.inference_mode():
        # begins 2 s before the block and ends with it
        speech = audible[: own.stop * SAMPLE_RATE_HZ // STEPS_PER_SECOND]
        voice = networks.voice(torch.tensor(speech)).numpy()
    return AudioTrack(
        step=step,
        present=present,
        speech=classes[:, 0],
        singing=classes[:, 1],
        music=classes[:, 2],
        vad=(_frames_to_steps(len(voice), steps) @ voice.astype(np.float64)).astype(np.float16),
        rms_db=level[own].astype(np.float16),
        momentary_lufs=lufs.astype(np.float16),
        mel=log_mel(heard)[own],
    )


def _gain(level_db: npt.NDArray[np.float64]) -> np.float32:
    """What raises a quiet block; 1 for all others."""
    raised_db = np.clip(QUIET_DB - np.quantile(level_db, LOUDER_SHARE), 0.0, GAIN_MAX_DB)
    return np.float32(10 ** (raised_db / 20))


def _silence(step: Steps, present: npt.NDArray[np.bool_]) -> AudioTrack:
    nothing = np.zeros(len(step), np.float16)
    floor_db = np.full(len(step), NO_ENERGY_DB, np.float16)
    mel = np.zeros((len(step), MEL_BANDS), np.uint8)
    return AudioTrack(step, present, nothing, nothing, nothing, nothing, floor_db, floor_db, mel)


@lru_cache(maxsize=BLOCK_S // GRID_S)
def _frames_to_steps(frames: int, steps: int) -> npt.NDArray[np.float64]:
    """float64[steps, frames]: each step's mean over the VAD frames, by how much they overlap it."""
    step_start = CONTEXT_S + np.arange(steps)[:, None] * AUDIO_STEP_S
    frame_start = np.arange(frames)[None] * VAD_FRAME_S
    shared = np.minimum(step_start + AUDIO_STEP_S, frame_start + VAD_FRAME_S) - np.maximum(
        step_start, frame_start
    )
    overlap = np.maximum(shared, 0.0)
    weights: npt.NDArray[np.float64] = overlap / overlap.sum(axis=1, keepdims=True)
    return weights
