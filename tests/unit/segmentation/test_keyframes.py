"""Keyframe candidates: cells, looks, the choice; and the pictures they are taken from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from actors.segmentation.picture.keyframes import Look, Lookout, cell_bounds, choose, sharpness, webp
from actors.segmentation.picture.measures import HOLE_REACH, Picture, PictureSource, luma, mean_change, thumbs
from actors.segmentation.planning.plan import BLOCK_FRAMES

NOTHING = np.zeros((2, 2, 3), np.uint8)


def looks(*marks: tuple[int, float]) -> list[Look]:
    return [Look(slot, NOTHING, value) for slot, value in marks]


def moving(frames: int, *transitions: int) -> npt.NDArray[np.bool_]:
    out = np.zeros(frames, np.bool_)
    out[list(transitions)] = True
    return out


@pytest.mark.parametrize(
    ("fps", "cells"), [(25, 2), (24, 2), (10, 5), (60, 1), (240, 1), (1, 50), (0.01, 300)]
)
def test_cells_are_about_six_seconds(fps: float, cells: int) -> None:
    bounds = cell_bounds(fps)

    assert (bounds[0], bounds[-1], len(bounds)) == (0, BLOCK_FRAMES, cells + 1)
    assert np.ptp(np.diff(bounds)) <= 1


def test_no_cells_without_a_frame_rate() -> None:
    with pytest.raises(ValueError, match="positive"):
        cell_bounds(0)


def test_each_cell_gives_its_sharpest_look() -> None:
    seen = looks((3, 1.0), (20, 5.0), (40, 2.0), (160, 1.0), (180, 9.0))

    chosen = choose(seen, 0, moving(300), cell_bounds(25))

    assert [look.slot for look in chosen] == [20, 180]


def test_a_short_shot_inside_a_cell_has_its_own_candidate() -> None:
    # given cuts after frames 20 and 29
    seen = looks((3, 1.0), (10, 5.0), (25, 0.5), (40, 2.0))

    chosen = choose(seen, 0, moving(50, 20, 29), cell_bounds(25))

    assert [look.slot for look in chosen] == [10, 25, 40]


def test_looks_in_or_beside_a_transition_are_the_last_resort() -> None:
    seen = looks((9, 50.0), (12, 90.0), (13, 40.0), (25, 1.0), (160, 30.0), (170, 20.0))
    transition = moving(200, *range(10, 13), *range(150, 200))

    chosen = choose(seen, 0, transition, cell_bounds(25))

    # 9 is all its piece has; 25 beats 13, which is beside the transition; the second cell is all transition
    assert [look.slot for look in chosen] == [9, 25, 160]


def test_a_shot_of_one_frame_has_its_look() -> None:
    # given a cut after the first frame, as in a film of one frame a second
    chosen = choose(looks((0, 1.0), (1, 5.0), (2, 7.0)), 0, moving(5, 0), cell_bounds(1))

    assert [look.slot for look in chosen] == [0, 2]


def test_a_shot_without_a_look_takes_the_nearest_of_the_transitions_beside_it() -> None:
    # given two dissolves with eleven clean frames between them
    transitions = moving(150, *range(40, 61), *range(72, 90))

    chosen = choose(
        looks((20, 3.0), (45, 9.0), (54, 1.0), (80, 5.0), (108, 3.0)), 0, transitions, cell_bounds(25)
    )

    assert [look.slot for look in chosen] == [20, 54, 108]


def test_equally_sharp_looks_give_the_first() -> None:
    chosen = choose(looks((310, 2.0), (320, 2.0)), 300, moving(50), cell_bounds(25))

    assert [look.slot for look in chosen] == [310]


def test_lookout_spreads_looks_and_answers_jumps() -> None:
    lookout = Lookout(cell_bounds(25), range(300, 600))
    quiet, jump = 100, 27 * 48 * 3 * 40

    wanted = [slot for slot in range(280, 360) if lookout.wants(slot, jump if slot in (296, 317) else quiet)]

    assert wanted == [300, 319, 330]


def test_sharpness_falls_with_blur() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    blurred = noise.filter(ImageFilter.GaussianBlur(2))

    assert sharpness(np.asarray(noise)) > 5 * sharpness(np.asarray(blurred)) > 0
    assert sharpness(np.full((60, 80, 3), 90, np.uint8)) == 0
    assert sharpness(np.zeros((2, 80, 3), np.uint8)) == 0


def test_webp_is_the_picture() -> None:
    picture = np.zeros((45, 80, 3), np.uint8)
    picture[:, 40:] = [200, 30, 30]

    opened = Image.open(BytesIO(webp(picture)))

    assert (opened.format, opened.size) == ("WEBP", (80, 45))
    assert np.abs(np.asarray(opened.convert("RGB")).astype(int) - picture).mean() < 4


@dataclass
class Slot:
    slot: int
    frame: int | None


class Grey:
    """Stands for the scaler: a frame is a number, its picture that grey."""

    def network(self, frame: int) -> npt.NDArray[np.uint8]:
        return np.full((27, 48, 3), frame, np.uint8)

    def image(self, frame: int) -> npt.NDArray[np.uint8]:
        return np.full((9, 16, 3), frame, np.uint8)


def run(frames: dict[int, int], slots: range, own: range) -> list[Picture]:
    def some(start: int, stop: int) -> Iterable[Slot]:
        return (Slot(slot, frames.get(slot)) for slot in range(start, stop))

    source = PictureSource(Grey(), Lookout(cell_bounds(25), own), some)
    return list(source.pictures(some(slots.start, slots.stop)))


def test_holes_repeat_the_picture_before_them_for_a_while() -> None:
    frames = dict.fromkeys(range(5), 100) | {200: 7}

    result = run(frames, range(201), range(201))

    assert [picture.valid for picture in result[:6]] == [True] * 5 + [False]
    assert {int(picture.small[0, 0, 0]) for picture in result[: 5 + HOLE_REACH]} == {100}
    assert {int(picture.small[0, 0, 0]) for picture in result[5 + HOLE_REACH : 200]} == {0}
    assert result[200].change == 7 * 27 * 48 * 3
    assert all(picture.valid for picture in result if picture.look is not None)


@pytest.mark.parametrize("start", [3, 8, 40, 54, 55, 60, 120])
def test_a_chunk_that_begins_with_holes_sees_what_the_whole_sees(start: int) -> None:
    frames = {slot: slot for slot in range(5)} | dict.fromkeys(range(100, 110), 200)

    whole = run(frames, range(130), range(130))[start:]
    part = run(frames, range(start, 130), range(130))

    assert [p.small.tobytes() for p in part] == [p.small.tobytes() for p in whole]
    assert [p.change for p in part[1:]] == [p.change for p in whole[1:]]


def test_measures_of_small_frames() -> None:
    frames = np.zeros((3, 27, 48, 3), np.uint8)
    frames[1] = [255, 0, 0]
    frames[2, :, 24:] = 200

    mean, spread = luma(frames)
    small = thumbs(frames)

    assert mean.tolist() == pytest.approx([0, 0.299 * 255, 100], abs=0.05)
    assert spread.tolist() == pytest.approx([0, 0, 100], abs=0.05)
    assert small.shape == (3, 9, 16, 3)
    assert small[1, 4, 4].tolist() == [255, 0, 0]
    assert small[2, 0, [7, 8], 0].tolist() == [0, 200]
    assert mean_change(np.array([0, 27 * 48 * 3 * 5])).tolist() == [0, 5]
