"""Films of which only features of shots are known, with scenes that are plain to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def write_features(path: Path, **changed: Any) -> None:
    """Four places of ten shots; each shot shows one of its place's three views, which are alike.

    changed: arrays to be other ones, or left out where None.
    """
    rng = np.random.default_rng(1)
    places, colours = rng.random((4, 1, 512)), rng.dirichlet(np.full(256, 0.1), (4, 1))
    views = places + rng.random((4, 3, 512)), 0.5 * colours + 0.5 * rng.dirichlet(np.full(256, 0.1), (4, 3))
    which = np.repeat(np.arange(4), 10), np.tile(np.arange(10) % 3, 4)
    first = np.arange(40) * 75
    arrays = {
        "shots": np.stack([first, first + 74], axis=1).astype(np.int32),
        "vgg19": (views[0][which] + 0.1 * rng.random((40, 512))).astype(np.float16),
        "hsv": views[1][which].astype(np.float16),
        "scene_starts": np.array([10, 20, 30], np.int32),
    }
    arrays.update(changed)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
