"""Measured frames: holes, and measures of small pictures."""

from __future__ import annotations

from collections.abc import Container, Iterable
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
    left_out: bool = False


class Grey:
    """Stands for the scaler: a frame is a number, its picture that grey."""

    def network(self, frame: int) -> npt.NDArray[np.uint8]:
        return np.full((27, 48, 3), frame, np.uint8)

    def image(self, frame: int) -> npt.NDArray[np.uint8]:
        return np.full((9, 16, 3), frame, np.uint8)


def run(
    frames: dict[int, int], slots: range, own: range, left_out: Container[int] = ()
) -> list[MeasuredFrame]:
    def some(start: int, stop: int) -> Iterable[Slot]:
        return (
            Slot(slot, None if slot in left_out else frames.get(slot), slot in left_out)
            for slot in range(start, stop)
        )

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


def test_what_is_left_out_lies_between_its_neighbours() -> None:
    result = run({0: 100, 3: 130, 4: 20}, range(5), range(5), left_out={1, 2})

    assert [int(row.small[0, 0, 0]) for row in result] == [100, 110, 120, 130, 20]
    assert [row.estimated for row in result] == [False, True, True, False, False]
    assert [row.change // (27 * 48 * 3) for row in result] == [0, 10, 10, 10, 110]
    assert all(row.valid for row in result)


def test_what_is_left_out_beside_a_hole_is_a_hole_too() -> None:
    result = run({0: 100, 4: 60}, range(5), range(5), left_out={1, 3})

    assert [row.valid for row in result] == [True, False, False, False, True]
    assert [int(row.small[0, 0, 0]) for row in result] == [100, 100, 100, 80, 60]


def test_a_range_that_begins_or_ends_with_what_is_left_out_repeats_the_nearest() -> None:
    result = run({2: 50}, range(5), range(5), left_out={0, 1, 3, 4})

    assert [int(row.small[0, 0, 0]) for row in result] == [50] * 5


def test_nothing_but_what_is_left_out_is_black() -> None:
    assert not run({}, range(2), range(2), left_out={0, 1})[0].small.any()


@pytest.mark.parametrize("start", [300, 600])
def test_samples_move_to_the_next_frame_that_is_decoded_whatever_the_chunk(start: int) -> None:
    left_out = {slot for slot in range(900) if slot % 2 == 0 and slot % 300}
    frames = {slot: slot % 200 for slot in range(900)}

    whole = run(frames, range(900), range(900), left_out)
    part = run(frames, range(start - 51, 900), range(start, 900), left_out)
    every = run(frames, range(900), range(900))

    sampled = [row.slot for row in whole if row.sampled is not None]
    due = [row.slot for row in every if row.sampled is not None]
    assert sampled == [slot + (slot in left_out) for slot in due]
    assert any(slot in left_out for slot in due)
    assert [row.slot for row in part if row.sampled is not None] == [s for s in sampled if s >= start]


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
