"""How long other settings take for a two-hour film whose tracks are kept: the promise is under a second.

The film does not exist: two minutes of drawn shots and sound, several times over. Knows how to draw tracks
(with the tests' own means) and to fuse them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from actors.segmentation import FusionSettings, Plan
from actors.segmentation.fusion.fuse import fuse_measured
from actors.segmentation.fusion.measured import Measured
from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack
from tests.support.tracks import Edit, audio_track, dissolve, keyframe_track, make_plan, place, split_tracks

FPS = 25
HOURS = 2.0
PIECES, PIECE_S = 4, 120
CHUNK_FRAMES = 1500
TIMES = 3


@dataclass(frozen=True)
class Refusion:
    """Medians of TIMES fusions of a film that long, from what the fuser keeps of it; `measure_s`: making that
    of the stored tracks, once. `cpu_s`: of all threads."""

    film_s: float
    shots: int
    measure_s: float
    fuse_s: float
    cpu_s: float


def refused(hours: float = HOURS) -> Refusion:
    """Fuse once to warm up, then with a new sensitivity each time, as a slider would."""
    plan, tracks = long_film(hours)
    began = time.perf_counter()
    measured = Measured.of(plan, tracks)
    measure_s = time.perf_counter() - began
    timeline = fuse_measured(plan, measured, FusionSettings())
    times_s, cpu_s = [], []
    for k in range(TIMES):
        settings = replace(FusionSettings(), scene_sensitivity=0.3 + 0.2 * k)
        start, used = time.perf_counter(), time.process_time()
        fuse_measured(plan, measured, settings)
        times_s.append(time.perf_counter() - start)
        cpu_s.append(time.process_time() - used)
    shots = len(timeline.level("shot"))
    return Refusion(plan.frames / FPS, shots, measure_s, median(times_s), median(cpu_s))


def long_film(hours: float) -> tuple[Plan, list[ChunkTracks]]:
    """Shots of two to six seconds, every eighth joined by a dissolve, in places that come back; sound that
    changes every twenty seconds."""
    count = max(1, round(hours * 3600 / PIECE_S))
    pieces = [_piece(np.random.default_rng(seed)) for seed in range(min(count, PIECES))]
    frames = FrameTrack.join([pieces[k % len(pieces)] for k in range(count)])
    count = len(frames)
    rng = np.random.default_rng(0)
    places = [(at, int(rng.integers(40))) for at in range(0, count, 4 * FPS)]
    kinds = ["speech", "music", "speech+music", "noise", "silence"]
    sound: AudioTrack = audio_track([(kinds[k % len(kinds)], 20.0) for k in range(-(-count // (20 * FPS)))])
    plan = make_plan(count, fps=FPS, bounds=range(CHUNK_FRAMES, count, CHUNK_FRAMES), sound_s=count / FPS)
    return plan, split_tracks(plan, frames, keyframe_track(count, places, every=2 * FPS), sound)


def _piece(rng: np.random.Generator) -> FrameTrack:
    edit = Edit()
    while edit.frames < PIECE_S * FPS:
        seed, length = int(rng.integers(1000)), int(rng.integers(2 * FPS, 6 * FPS))
        shot = place(seed, length)
        if edit.pictures and len(edit.pictures) % 8 == 0:
            edit.mixed(dissolve(edit.pictures[-1][-20:], place(seed, 20)), shot)
        else:
            edit.cut(shot)
    return edit.track().rows(0, PIECE_S * FPS)
