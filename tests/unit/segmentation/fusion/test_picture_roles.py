"""Roles that are seen: colour bars of all usual forms, black, a picture that stands still."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.fusion.picture_roles import bars_shown, picture_role
from actors.segmentation.timeline import Sound

COLOURS = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]


def thumb(
    bars: int, *, level: int = 191, left: float = 0.0, right: float = 1.0, below: bool = False
) -> npt.NDArray[np.uint8]:
    """The mean of 40 x 40 pixels for each value, as the analysis makes it. below: SMPTE's patches."""
    picture = np.full((9 * 40, 16 * 40, 3), 102, np.float64)
    edges = np.round(np.linspace(left, right, bars + 1) * picture.shape[1]).astype(int)
    for begin, end, colour in zip(edges, edges[1:], COLOURS, strict=False):
        picture[:, begin:end] = np.array(colour) * level
    if below:
        picture[240:] = np.random.default_rng(1).integers(0, 255, (120, picture.shape[1], 3))
    return picture.reshape(9, 40, 16, 40, 3).mean(axis=(1, 3)).astype(np.uint8)


@pytest.mark.parametrize("bars", [7, 8])
@pytest.mark.parametrize("level", [191, 255])
@pytest.mark.parametrize("below", [False, True])
def test_colour_bars(bars: int, level: int, below: bool) -> None:
    assert bars_shown(thumb(bars, level=level, below=below)[None]).tolist() == [True]


def test_colour_bars_between_pillars() -> None:
    assert bars_shown(thumb(7, left=1 / 8, right=7 / 8)[None]).tolist() == [True]


def test_what_is_like_bars_and_is_none() -> None:
    grey = np.repeat(thumb(7).mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    turned = np.ascontiguousarray(thumb(7)[:, ::-1])
    rows = np.broadcast_to(thumb(7)[:1, ::2].transpose(1, 0, 2)[:8].repeat(2, axis=0)[:9], (9, 16, 3)).copy()
    noise = np.random.default_rng(2).integers(0, 255, (9, 16, 3)).astype(np.uint8)
    white, black = np.full((9, 16, 3), 255, np.uint8), np.zeros((9, 16, 3), np.uint8)

    assert not bars_shown(np.stack([grey, turned, rows, noise, white, black])).any()


def test_of_no_frames_there_are_none() -> None:
    assert bars_shown(np.zeros((0, 9, 16, 3), np.uint8)).shape == (0,)


def sound(speech: float) -> Sound:
    return Sound(speech, 0.0, 0.0, 1 - speech, -20.0)


@pytest.mark.parametrize(
    ("black", "bars", "static", "seconds", "heard", "role"),
    [
        (1.0, 0.0, 1.0, 5.0, None, "black"),
        (0.95, 0.0, 0.9, 0.2, sound(1.0), "black"),
        (0.0, 1.0, 1.0, 5.0, sound(0.0), "bars"),
        (0.0, 0.0, 1.0, 5.0, None, "static"),
        (0.0, 0.0, 1.0, 5.0, sound(0.1), "static"),
        (0.0, 0.0, 1.0, 5.0, sound(0.8), "content"),  # a slide
        (0.0, 0.0, 1.0, 1.0, None, "content"),  # shorter than is told
        (0.5, 0.0, 0.5, 5.0, None, "content"),
    ],
)
def test_roles_by_shares(
    black: float, bars: float, static: float, seconds: float, heard: Sound | None, role: str
) -> None:
    found, confidence = picture_role(black, bars, static, seconds, heard)

    assert found == role
    assert 0 <= confidence <= 1
