"""Films whose scenes people marked, as features of their shots: no video is needed.

`NAME.npz` holds `shots` int32 (n, 2), first and last frame of each; `vgg19` float16 (n, 512), what a network
saw; `hsv` float16 (n, 256), distributions of colours whose rows sum to 1; `scene_starts`, numbers of the
shots at which scenes begin, without the first. Knows files; judges nothing.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.alike import Alike, find_alike

KEYS = ("shots", "vgg19", "hsv", "scene_starts")
"""Arrays of each file."""
FPS = 25.0
"""Frames a second: the files do not tell them. Only the shortest scene hangs on them."""


class FeaturesError(ValueError):
    """A file has not the arrays that are wanted; the message says which and what to do."""


@dataclass(frozen=True, eq=False, repr=False)
class SceneFeatures:
    """One film. bounds_s: float64 (n + 1,), when each shot begins and the last one ends. starts: bool (n,),
    whether people say that a scene begins with it (never with the first)."""

    name: str
    bounds_s: npt.NDArray[np.float64]
    alike: Alike
    starts: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts)

    def __repr__(self) -> str:
        return f"SceneFeatures({self.name}, {len(self)} shots)"

    @property
    def lengths_s(self) -> npt.NDArray[np.float64]:
        """Of the shots."""
        return np.diff(self.bounds_s)

    @property
    def collection(self) -> str:
        """What the name begins with, up to its number."""
        return self.name.rpartition("_")[0] or self.name

    @classmethod
    def read(cls, path: Path) -> SceneFeatures:
        """FeaturesError for a file that is not as this module says."""
        try:
            with np.load(path) as arrays:
                found = {key: arrays[key] for key in KEYS}
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise FeaturesError(f"{path} has to hold the arrays {', '.join(KEYS)}: {error}") from error
        shots, numbers = found["shots"], found["scene_starts"]
        count = len(shots) if shots.ndim else 0
        fits = (
            shots.ndim == 2
            and shots.shape[1] == 2
            and count >= 2
            and all(found[key].ndim == 2 and len(found[key]) == count for key in ("vgg19", "hsv"))
            and all(np.isfinite(found[key]).all() for key in ("vgg19", "hsv"))
            and numbers.ndim == 1
            and numbers.dtype.kind in "iu"
            and ((numbers > 0) & (numbers < count)).all()
            and (np.diff(shots[:, 0]) > 0).all()
            and shots[-1, 1] >= shots[-1, 0]
        )
        if not fits:
            raise FeaturesError(
                f"{path}: {count} shots want as many rows of vgg19 and hsv, ascending first frames, and "
                "scene_starts from 1 on."
            )
        starts = np.zeros(count, np.bool_)
        starts[numbers] = True
        alike = find_alike(found["vgg19"].astype(np.float32), np.sqrt(found["hsv"].astype(np.float32)))
        bounds = np.append(shots[:, 0], shots[-1, 1] + 1).astype(np.float64)
        return cls(path.stem, bounds / FPS, alike, starts)


def read_folder(folder: Path) -> Sequence[SceneFeatures]:
    """All films of a folder, by name. FeaturesError without any."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise FeaturesError(f"There is no NAME.npz in {folder}.")
    return [SceneFeatures.read(path) for path in paths]
