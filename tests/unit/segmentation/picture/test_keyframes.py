"""Keyframe candidates: intervals, samples, the choice."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter

from actors.segmentation.picture.keyframes import (
    FrameSampler,
    SampledFrame,
    choose,
    interval_bounds,
    sharpness,
    webp,
)
from actors.segmentation.planning.plan import BLOCK_FRAMES

NOTHING = np.zeros((2, 2, 3), np.uint8)


def samples(*marks: tuple[int, float]) -> list[SampledFrame]:
    return [SampledFrame(slot, NOTHING, value) for slot, value in marks]


def moving(frames: int, *transitions: int) -> npt.NDArray[np.bool_]:
    out = np.zeros(frames, np.bool_)
    out[list(transitions)] = True
    return out


@pytest.mark.parametrize(
    ("fps", "intervals"), [(25, 2), (24, 2), (10, 5), (60, 1), (240, 1), (1, 50), (0.01, 300)]
)
def test_intervals_are_about_six_seconds(fps: float, intervals: int) -> None:
    bounds = interval_bounds(fps)

    assert (bounds[0], bounds[-1], len(bounds)) == (0, BLOCK_FRAMES, intervals + 1)
    assert np.ptp(np.diff(bounds)) <= 1


def test_no_intervals_without_a_frame_rate() -> None:
    with pytest.raises(ValueError, match="positive"):
        interval_bounds(0)


def test_each_interval_gives_its_sharpest_sample() -> None:
    seen = samples((3, 1.0), (20, 5.0), (40, 2.0), (160, 1.0), (180, 9.0))

    chosen = choose(seen, 0, moving(300), interval_bounds(25))

    assert [sample.slot for sample in chosen] == [20, 180]


def test_a_short_shot_inside_an_interval_has_its_own_candidate() -> None:
    # given cuts after frames 20 and 29
    seen = samples((3, 1.0), (10, 5.0), (25, 0.5), (40, 2.0))

    chosen = choose(seen, 0, moving(50, 20, 29), interval_bounds(25))

    assert [sample.slot for sample in chosen] == [10, 25, 40]


def test_samples_in_or_beside_a_transition_are_the_last_resort() -> None:
    seen = samples((9, 50.0), (12, 90.0), (13, 40.0), (25, 1.0), (160, 30.0), (170, 20.0))
    transition = moving(200, *range(10, 13), *range(150, 200))

    chosen = choose(seen, 0, transition, interval_bounds(25))

    # 9 is all its piece has; 25 beats 13, beside the transition; the second interval is all transition
    assert [sample.slot for sample in chosen] == [9, 25, 160]


def test_a_shot_of_one_frame_has_its_sample() -> None:
    # given a cut after the first frame, as in a film of one frame a second
    chosen = choose(samples((0, 1.0), (1, 5.0), (2, 7.0)), 0, moving(5, 0), interval_bounds(1))

    assert [sample.slot for sample in chosen] == [0, 2]


def test_a_shot_without_a_sample_takes_the_nearest_of_the_transitions_beside_it() -> None:
    # given two dissolves with eleven clean frames between them
    transitions = moving(150, *range(40, 61), *range(72, 90))

    chosen = choose(
        samples((20, 3.0), (45, 9.0), (54, 1.0), (80, 5.0), (108, 3.0)), 0, transitions, interval_bounds(25)
    )

    assert [sample.slot for sample in chosen] == [20, 54, 108]


def test_equally_sharp_samples_give_the_first() -> None:
    chosen = choose(samples((310, 2.0), (320, 2.0)), 300, moving(50), interval_bounds(25))

    assert [sample.slot for sample in chosen] == [310]


def test_the_sampler_spreads_samples_and_answers_jumps() -> None:
    sampler = FrameSampler(interval_bounds(25), range(300, 600))
    quiet, jump = 100, 27 * 48 * 3 * 40

    wanted = [slot for slot in range(280, 360) if sampler.wants(slot, jump if slot in (296, 317) else quiet)]

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
