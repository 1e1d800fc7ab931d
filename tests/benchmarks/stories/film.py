"""Makes a film of a script: pictures, sound and, beside it, its labels.

Knows places, scripts and codecs; not what is measured on the film.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.benchmarks.edits.coding import Coding, as_frame, video_stream
from tests.benchmarks.edits.mixes import blend, toward
from tests.benchmarks.edits.places import Place, Rgb
from tests.benchmarks.edits.takes import Rng, Size, Take, shot
from tests.benchmarks.films import SUFFIX
from tests.benchmarks.stories.script import FPS, Scene, script
from tests.benchmarks.stories.sound import RATE_HZ, Recordings, Samples, mixed

SIZE: Size = (480, 270)
CODING = Coding("mp4", "libx264", {"preset": "veryfast", "crf": "23"}, gop=250)
_BLACK = (0, 0, 0)


def make(
    path: Path, places: Sequence[Place], recordings: Recordings, seed: Sequence[int], seconds: float
) -> None:
    """Write a film (MP4) of about so many seconds, then its labels. Same seed, same pictures and labels."""
    rng = np.random.default_rng(seed)
    scenes = script(rng, places, seconds)
    labels = _labels(scenes)
    clean = [0, *labels["scenes"]]
    starts = [first - scene.mixed_frames for first, scene in zip(clean, scenes, strict=True)]
    sound = mixed(rng, scenes, starts, labels["frames"], recordings)
    partial = path.with_name(f".{path.name}.partial")
    _write(partial, _pictures(rng, scenes), sound)
    partial.rename(path)
    path.with_name(path.name + SUFFIX).write_text(json.dumps(labels) + "\n", encoding="utf-8")


def _labels(scenes: Sequence[Scene]) -> dict[str, Any]:
    """As `benchmarks.films` has them."""
    cuts, gradual, starts, frames = [], [], [], 0
    for k, scene in enumerate(scenes):
        if k:
            if scene.mixed_frames:
                gradual.append((frames, frames + scene.mixed_frames - 1, scene.joined))
            else:
                cuts.append(frames)
            frames += scene.mixed_frames
            starts.append(frames)
        for one in scene.shots:
            if one is not scene.shots[0]:
                cuts.append(frames)
            frames += one.frames
    return {
        "fps": f"{FPS}/1",
        "frames": frames,
        "cuts": cuts,
        "gradual": gradual,
        "optional": [],
        "edges": [],
        "scenes": starts,
        "scene_zones": [(first, last) for first, last, _ in gradual],
    }


def _pictures(rng: Rng, scenes: Sequence[Scene]) -> Iterator[Rgb]:
    before: Take | None = None
    """The take before, if the next is mixed with it."""
    for scene, following in zip(scenes, (*scenes[1:], None), strict=True):
        for one in scene.shots:
            head = scene.mixed_frames if one is scene.shots[0] else 0
            tail = following.mixed_frames if following and one is scene.shots[-1] else 0
            take = shot(rng, one.place, one.framing, SIZE, head + one.frames + tail, FPS, one.shake)
            for j in range(head):
                assert before is not None
                old = before(before.length - head + j)
                yield _mix(scene.joined, old, take(j), (j + 1) / (head + 1))
            for j in range(one.frames):
                yield take(head + j)
            before = take


def _mix(how: str, old: Rgb, new: Rgb, share: float) -> Rgb:
    if how == "dissolve":
        return blend(old, new, share)
    # through black, which lasts for a tenth of it
    if share < 0.5:
        return toward(old, _BLACK, min(1.0, share / 0.45))
    return toward(new, _BLACK, min(1.0, (1 - share) / 0.45))


def _write(path: Path, pictures: Iterable[Rgb], sound: Samples) -> None:
    """H.264 and AAC, a second of sound after each second of pictures."""
    with av.open(str(path), "w", format="mp4") as container:
        video = video_stream(container, SIZE, Fraction(FPS), CODING)
        audio: Any = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        at = 0
        for k, picture in enumerate(pictures):
            container.mux(video.encode(as_frame(picture, k, Fraction(FPS))))
            if k % FPS == FPS - 1:
                container.mux(audio.encode(_as_sound(sound[at : at + RATE_HZ], at)))
                at += RATE_HZ
        container.mux(video.encode(None))
        if at < len(sound):
            container.mux(audio.encode(_as_sound(sound[at:], at)))
        container.mux(audio.encode(None))


def _as_sound(samples: Samples, at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
    return frame
