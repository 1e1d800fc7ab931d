"""Tracks made by hand, with known truth: pictures of 27 x 48 edited together, sound by the step.

The network's curves are drawn, not computed, so a test says what the network saw and what it missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.frame_index import FrameIndex
from actors.segmentation.demux.media import AudioInfo, MediaInfo
from actors.segmentation.picture.measures import luma, thumbs
from actors.segmentation.planning.plan import ChunkSpec, Plan
from actors.segmentation.shots.cuts import SmallPictures, cut_measures, proposed
from actors.segmentation.tracks import (
    EMBEDDING_SIZE,
    MEL_BANDS,
    STEP_MEASURES,
    TAGS_PER_KEYFRAME,
    AudioTrack,
    ChunkTracks,
    FrameTrack,
    KeyframeTrack,
)

Pictures = npt.NDArray[np.float32]
ROWS, COLUMNS = 27, 48


def place(seed: int, frames: int, drift: float = 0.15, brightness: float = 1.0) -> Pictures:
    """float32 (frames, 27, 48, 3): a texture of its own, drifting sideways by `drift` columns a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (7, 40, 3))
    wide = np.kron(coarse, np.ones((4, 4, 1)))[:ROWS]
    shifts = np.arange(frames) * drift + 8
    columns = (np.arange(COLUMNS) + shifts[:, None]) % wide.shape[1]
    low = columns.astype(int)
    part = (columns - low)[..., None]
    moved = wide[:, low] * (1 - part) + wide[:, (low + 1) % wide.shape[1]] * part
    return (np.moveaxis(moved, 1, 0) * brightness).astype(np.float32)


def frame_track(
    pictures: Pictures, seen: Sequence[tuple[int, int]] = (), noise: float = 1.0, step: int = 1
) -> FrameTrack:
    """Measured as analysis does it. `seen`: (first, last) mixed frames that the network noticed; a cut
    before frame f is (f, f - 1)."""
    n = len(pictures)
    rng = np.random.default_rng(n)
    small = np.clip(pictures + rng.normal(0, noise, pictures.shape) + 0.5, 0, 255).astype(np.uint8)
    mean, spread = luma(small)
    change = np.zeros(n)
    change[1:] = np.abs(small[1:].astype(np.int16) - small[:-1]).mean(axis=(1, 2, 3))
    cut, many = np.full(n, 0.001), np.full(n, 0.002)
    for first, last in seen:
        middle = (first + last) // 2
        cut[middle] = many[middle] = 0.95
        many[first : last + 1] = 0.95
    return FrameTrack(
        valid=np.ones(n, np.bool_),
        estimated=np.zeros(n, np.bool_),
        looked=np.ones(n, np.bool_),
        cut=cut.astype(np.float16),
        many=many.astype(np.float16),
        luma_mean=mean,
        luma_std=spread,
        motion=change.astype(np.float16),
        thumb=thumbs(small),
        steps=steps_of(small, step),
    )


def steps_of(small: npt.NDArray[np.uint8], step: int = 1) -> npt.NDArray[np.float16]:
    """Measures of all steps that might be cuts, of every `step`-th of the pictures (n, 27, 48, 3)."""
    pictures = SmallPictures.of(small[::step])
    frames = proposed(pictures)
    steps = np.zeros((len(small), STEP_MEASURES), np.float16)
    steps[frames * step] = cut_measures(pictures, frames)
    return steps


def blind(frames: FrameTrack) -> FrameTrack:
    """The same track, had the network not looked anywhere."""
    nothing = np.zeros_like(frames.cut)
    return replace(frames, cut=nothing, many=nothing, looked=np.zeros_like(frames.looked))


@dataclass
class Edit:
    """Builds a film shot by shot and remembers where everything is."""

    pictures: list[Pictures] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return sum(map(len, self.pictures))

    def cut(self, shot: Pictures, seen: bool = True) -> int:
        """Append a shot after a cut; its first frame."""
        at = self.frames
        if at and seen:
            self.seen.append((at, at - 1))
        self.pictures.append(shot)
        return at

    def mixed(self, frames: Pictures, shot: Pictures, seen: bool = True) -> tuple[int, int]:
        """Append mixed frames and then a shot; first and last mixed frame."""
        at = self.frames
        extent = at, at + len(frames) - 1
        if seen:
            self.seen.append(extent)
        self.pictures += [frames, shot]
        return extent

    def track(self, step: int = 1) -> FrameTrack:
        """step: of the frames, every so manieth is looked at for cuts, as in films of high rate."""
        return frame_track(np.concatenate(self.pictures), self.seen, step=step)


def dissolve(old: Pictures, new: Pictures) -> Pictures:
    """Linear mix of two equally long runs."""
    share = (np.arange(len(old), dtype=np.float32)[:, None, None, None] + 1) / (len(old) + 1)
    return old * (1 - share) + new * share


def wipe(old: Pictures, new: Pictures) -> Pictures:
    """New picture from the left behind an upright edge."""
    out = old.copy()
    for k in range(len(old)):
        edge = round(COLUMNS * (k + 1) / (len(old) + 1))
        out[k, :, :edge] = new[k, :, :edge]
    return out


def fade(old: Pictures, new: Pictures, hold: int, colour: float = 0.0) -> Pictures:
    """Old picture to an even colour, held, to the new picture."""
    down = np.linspace(1, 0, len(old) + 2, dtype=np.float32)[1:-1, None, None, None]
    up = np.linspace(0, 1, len(new) + 2, dtype=np.float32)[1:-1, None, None, None]
    flat = np.full((hold, ROWS, COLUMNS, 3), colour, np.float32)
    return np.concatenate([old * down + colour * (1 - down), flat, new * up + colour * (1 - up)])


SOUNDS: dict[str, tuple[float, float, float, float, float]] = {
    # speech, singing, music, vad, level in dB
    "speech": (0.97, 0.01, 0.02, 0.98, -24.0),
    "music": (0.02, 0.05, 0.99, 0.03, -22.0),
    "singing": (0.05, 0.98, 0.97, 0.80, -20.0),
    "speech+music": (0.95, 0.02, 0.97, 0.97, -23.0),
    "noise": (0.02, 0.01, 0.03, 0.02, -32.0),
    "silence": (0.0, 0.0, 0.0, 0.0, -90.0),
}


def audio_track(
    parts: Sequence[tuple[str, float] | tuple[str, float, int]], first_step: int = 0
) -> AudioTrack:
    """(class, seconds[, timbre]) in succession. Sounds of one timbre have the same spectrum."""
    rng = np.random.default_rng(5)
    rows, mels = [], []
    for kind, length, *timbre in parts:
        steps = round(length * 10)
        rows.append(np.tile(np.array(SOUNDS[kind]), (steps, 1)))
        voice = np.random.default_rng(timbre[0] if timbre else sorted(SOUNDS).index(kind))
        shape = SOUNDS[kind][4] + 20 + voice.uniform(-20, 20, MEL_BANDS)
        if kind == "silence":
            shape = np.full(MEL_BANDS, -100.0)
        mels.append(np.clip(shape + rng.normal(0, 3, (steps, MEL_BANDS)), -100, 27))
    values = np.concatenate(rows) if rows else np.zeros((0, 5))
    mel = np.concatenate(mels) if mels else np.zeros((0, MEL_BANDS))
    n = len(values)
    half = values.astype(np.float16)
    return AudioTrack(
        step=np.arange(first_step, first_step + n, dtype=np.int64),
        present=np.ones(n, np.bool_),
        speech=half[:, 0],
        singing=half[:, 1],
        music=half[:, 2],
        vad=half[:, 3],
        rms_db=half[:, 4],
        momentary_lufs=half[:, 4],
        mel=np.round((mel + 100) * 2).astype(np.uint8),
    )


def keyframe_track(frames: int, places: Sequence[tuple[int, int]], every: int = 25) -> KeyframeTrack:
    """A candidate every so many frames. places: (first frame, seed) from there on; one seed, one picture."""
    where = np.arange(every // 2, frames, every, dtype=np.int64)
    if not len(where) and frames:
        where = np.zeros(1, np.int64)
    starts = np.array([start for start, _ in places])
    seeds = [places[int(np.searchsorted(starts, k, "right")) - 1][1] for k in where]
    vectors = [np.random.default_rng(seed).gamma(0.3, 1.0, EMBEDDING_SIZE) for seed in seeds]
    n = len(where)
    embedding = np.array(vectors, np.float16).reshape(n, EMBEDDING_SIZE)
    return KeyframeTrack(
        frame=where,
        sharpness=np.full(n, 10, np.float32),
        embedding=embedding,
        tag_ids=np.tile(np.arange(TAGS_PER_KEYFRAME, dtype=np.int16), (n, 1)),
        tag_probabilities=np.tile(np.array([0.6, 0.2, 0.1, 0.05, 0.01], np.float16), (n, 1)),
    )


def make_plan(
    frames: int, *, fps: int = 25, bounds: Sequence[int] = (), sound_s: float | None = None
) -> Plan:
    """A plan of a video that does not exist. bounds: first frames of the chunks but the first."""
    time_base = Fraction(1, fps * 100)
    pts = np.arange(frames, dtype=np.int64) * 100
    index = FrameIndex(
        pts=pts,
        key=np.ones(frames, np.bool_),
        end_pts=frames * 100,
        time_base=time_base,
        trusted=True,
    )
    audio = None if sound_s is None else AudioInfo(1, "aac", 48_000, 1, 0.0, sound_s)
    media = MediaInfo(
        duration_s=frames / fps,
        width=640,
        height=360,
        fps=float(fps),
        frames=frames,
        variable_frame_rate=False,
        rotation=0,
        video_codec="h264",
        audio_codec=None if sound_s is None else "aac",
        start_s=0.0,
        fps_fraction=Fraction(fps),
        pixel_aspect=Fraction(1),
        mirrored=False,
        container="mp4",
        bytes=1,
        time_base=time_base,
        video_stream=0,
        audio=audio,
        streams=(),
    )
    edges = [0, *bounds, frames]
    chunks = tuple(ChunkSpec(i, a, b) for i, (a, b) in enumerate(pairwise(edges)))
    return Plan(media, index, chunks)


def split_tracks(
    plan: Plan, frames: FrameTrack, keyframes: KeyframeTrack, audio: AudioTrack | None
) -> list[ChunkTracks]:
    """One video's tracks as its chunks would have left them."""
    clock = plan.index.clock
    parts = []
    for chunk in plan.chunks:
        first, last = np.searchsorted(keyframes.frame, [chunk.start_frame, chunk.end_frame])
        own = None
        if audio is not None:
            is_last = chunk.index == len(plan.chunks) - 1
            start = round(clock.seconds_of(chunk.start_frame) * 10) if chunk.index else 0
            stop = len(audio) if is_last else round(clock.seconds_of(chunk.end_frame) * 10)
            own = audio.rows(min(start, len(audio)), min(stop, len(audio)))
        rows = frames.rows(chunk.start_frame, chunk.end_frame)
        parts.append(
            ChunkTracks(chunk.start_frame, chunk.end_frame, rows, keyframes.rows(int(first), int(last)), own)
        )
    return parts
