"""Measured frames: holes, and measures of small pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.picture.keyframes import FrameSampler, interval_bounds
from actors.segmentation.picture.measured_frames import HOLE_REACH_FRAMES, FrameMeasurer, MeasuredFrame
from actors.segmentation.picture.measures import luma, mean_change, thumbs


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


def run(frames: dict[int, int], slots: range, own: range) -> list[MeasuredFrame]:
    def some(start: int, stop: int) -> Iterable[Slot]:
        return (Slot(slot, frames.get(slot)) for slot in range(start, stop))

    measurer = FrameMeasurer(Grey(), FrameSampler(interval_bounds(25), own), some)
    return list(measurer.measured(some(slots.start, slots.stop)))


def test_holes_repeat_the_picture_before_them_for_a_while() -> None:
    frames = dict.fromkeys(range(5), 100) | {200: 7}

    result = run(frames, range(201), range(201))

    assert [picture.valid for picture in result[:6]] == [True] * 5 + [False]
    assert {int(picture.small[0, 0, 0]) for picture in result[: 5 + HOLE_REACH_FRAMES]} == {100}
    assert {int(picture.small[0, 0, 0]) for picture in result[5 + HOLE_REACH_FRAMES : 200]} == {0}
    assert result[200].change == 7 * 27 * 48 * 3
    assert all(picture.valid for picture in result if picture.sampled is not None)


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
