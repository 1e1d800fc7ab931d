"""Makes takes of places that no other take shows, to edit films with known truth from; and tells their shots.

A film is an array of its frames, so that a test cuts, mixes, lights and holds them by arithmetic. Knows the
library as far as `segment_file` goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from actors.segmentation.networks.models import Models
from actors.segmentation.timeline import Segment
from actors.segmentation.whole import segment_file
from tests.support.media import Picture, make_media

Footage = npt.NDArray[np.uint8]
"""(frames, height, width, 3), RGB."""
SIZE = (160, 96)
_MARGIN_PX = 64
"""By so much the place is wider than the frame: the camera moves to and fro in it."""


def take(seed: int, frames: int, *, pan_px: float = 0.4, size: tuple[int, int] = SIZE) -> Footage:
    """A place of its own, with shapes of all sizes, seen by a camera that pans slowly to and fro.

    `pan_px`: pixels by which the picture moves from frame to frame.
    """
    scene = _scene(np.random.default_rng(seed), size[0] + _MARGIN_PX, size[1])
    left = _MARGIN_PX / 2 + pan_px * (np.arange(frames) - frames / 2)
    left = _MARGIN_PX - np.abs(np.mod(left, 2 * _MARGIN_PX) - _MARGIN_PX)
    views = []
    for at in left.tolist():
        low = min(int(at), _MARGIN_PX - 1)
        share = at - low
        views.append(
            (1 - share) * scene[:, low : low + size[0]] + share * scene[:, low + 1 : low + 1 + size[0]]
        )
    return as_footage(np.stack(views))


def _scene(rng: np.random.Generator, width: int, height: int) -> npt.NDArray[np.float64]:
    """(height, width, 3): a tint, soft shapes of several sizes, and things with edges."""
    scene = np.ones((height, width, 3)) * rng.uniform(85, 165, 3)
    for coarse_px, strength in ((20, 38.0), (6, 18.0), (1.5, 8.0)):
        grey, colour = (
            gaussian_filter(rng.standard_normal((height, width, planes)), (coarse_px, coarse_px, 0))
            for planes in (1, 3)
        )
        scene += strength * (grey / grey.std() + 0.4 * colour / colour.std())
    for _ in range(9):
        x, y = rng.integers(0, width), rng.integers(0, height)
        wide, high = rng.integers(8, 40, 2)
        scene[y : y + high, x : x + wide] += rng.uniform(-60, 60) + rng.uniform(-15, 15, 3)
    return scene


def as_footage(values: npt.ArrayLike) -> Footage:
    """Limited to 0..255, rounded."""
    out: Footage = np.clip(np.asarray(values) + 0.5, 0, 255).astype(np.uint8)
    return out


def plain(colour: int, frames: int, size: tuple[int, int] = SIZE) -> Footage:
    """An even grey, 0 is black and 255 is white."""
    return np.full((frames, size[1], size[0], 3), colour, np.uint8)


def edited(*takes: Footage) -> tuple[Footage, list[int]]:
    """The takes with hard cuts between them, and the first frames of all but the first."""
    return np.concatenate(takes), np.cumsum([len(one) for one in takes])[:-1].tolist()


def written(
    path: Path,
    film: Footage,
    fps: Fraction = Fraction(25),
    time_of: Callable[[int], Fraction] | None = None,
    *,
    file_options: Mapping[str, str] | None = None,
    **picture: Any,
) -> Path:
    """The film as a file. `file_options`: of the muxer; `picture`: other fields of `Picture`."""
    height, width = film.shape[1:3]
    return make_media(
        path,
        Picture(
            shots=(len(film),),
            size=(width, height),
            fps=fps,
            picture=lambda _shot, frame, _size: film[frame],
            number=False,
            time_of=time_of,
            **picture,
        ),
        options=file_options,
    )


def shots_of(path: Path, models: Models) -> tuple[Segment, ...]:
    """The shots of a file, with the settings that a user gets who sets none."""
    return segment_file(path, {}, models=models).level("shot")


def boundaries(path: Path, models: Models) -> list[tuple[int, str]]:
    """First frame and kind of every shot but the first."""
    return [(shot.start_frame, shot.start_boundary.kind) for shot in shots_of(path, models)[1:]]
