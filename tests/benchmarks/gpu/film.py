"""A film to measure on, made of drawn places, so that nothing but this folder has to be carried.

Knows the generator's places and takes, and a codec; measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.benchmarks.edits.coding import Coding, encode
from tests.benchmarks.edits.mixes import blend
from tests.benchmarks.edits.places import Place, Rgb
from tests.benchmarks.edits.takes import Rng, Size, Take, framing, shot
from tests.benchmarks.edits.textures import textures

SIZE: Size = (1280, 720)
FPS = 25
SHOT_FRAMES = 75
DISSOLVE_FRAMES = 20
"""Every fourth change of shot is a dissolve, so that windows of gradual change are looked at, too."""
CODING = Coding("mp4", "libx264", {"preset": "veryfast", "crf": "23"}, gop=250)


def made(path: Path, seconds: float) -> Path:
    """H.264 of 1280 x 720 without sound, about so long; kept where it is. Same versions, same film."""
    if not path.exists():
        partial = path.with_name(f".{path.name}.partial")
        encode(partial, _pictures(int(seconds * FPS)), SIZE, Fraction(FPS), CODING)
        partial.rename(path)
    return path


def _pictures(frames: int) -> Iterator[Rgb]:
    rng = np.random.default_rng(1)
    places = textures(1, 8)
    count = max(2, round(frames / SHOT_FRAMES))
    takes = [_take(rng, places, k) for k in range(count)]
    for k, take in enumerate(takes):
        mixed = DISSOLVE_FRAMES if k % 4 == 3 else 0
        for j in range(SHOT_FRAMES):
            old = takes[k - 1](SHOT_FRAMES + j) if j < mixed else None
            yield take(j) if old is None else blend(old, take(j), (j + 1) / (mixed + 1))


def _take(rng: Rng, places: Sequence[Place], number: int) -> Take:
    place = places[number % len(places)]
    return shot(rng, place, framing(rng, place), SIZE, SHOT_FRAMES + DISSOLVE_FRAMES, FPS, 0.004)
