"""Which frames are looked at for text: what stands still once, builds of slides, running pictures on a
grid."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from actors.segmentation.screen.choosing import (
    EVERY_S,
    LEAST_BOUND,
    SECONDS_PER_PICTURE,
    Look,
    find_looks,
)
from actors.segmentation.tracks import FrameTrack
from tests.support.small_pictures import FPS, clock, keys, runs, stands, track, with_text


def looks(frames: FrameTrack, key_frames: tuple[int, ...] = (0,)) -> list[Look]:
    return find_looks(frames, clock(len(frames)), keys(len(frames), key_frames))


def seconds(found: list[Look]) -> list[float]:
    return [look.frame / FPS for look in found]


def test_a_slide_that_stands_for_ten_minutes_is_looked_at_once() -> None:
    (look,) = looks(track(stands(600)))

    assert look.still
    assert look.frame < FPS


def test_noise_of_compression_is_nothing_new() -> None:
    slide = stands(60)
    slide += np.random.default_rng(1).integers(0, 3, slide.shape, np.uint8)

    assert len(looks(track(slide))) == 1


def test_every_line_that_is_added_to_a_slide_is_looked_at() -> None:
    slide = stands(60)
    for row, start_s in enumerate((10, 20, 40)):
        slide = with_text(slide, row + 2, slice(3, 4), start_s, levels=6)

    found = looks(track(slide))

    assert [round(at) for at in seconds(found)] == [0, 10, 20, 40]
    assert all(look.still for look in found)


def test_a_running_picture_is_looked_at_every_few_seconds() -> None:
    found = looks(track(runs(60)))

    gaps = np.diff(seconds(found))
    assert len(found) == pytest.approx(60 / EVERY_S, abs=1)
    assert gaps.max() <= EVERY_S + 0.2
    assert not any(look.still for look in found)


def test_a_card_between_two_cuts_is_looked_at_once_it_stands() -> None:
    found = looks(track(runs(5), stands(1.2), runs(5, seed=2)))

    (card,) = [look for look in found if look.still]
    assert 5.0 <= card.frame / FPS < 6.2


def test_each_short_shot_is_looked_at() -> None:
    shots = [runs(1.6, seed) for seed in range(20)]

    found = seconds(looks(track(*shots)))

    seen = {int(at / 1.6) for at in found}
    assert len(seen) == 20


def test_a_text_that_fades_in_is_looked_at_when_it_stands() -> None:
    slide = stands(6)
    fade = np.linspace(0, 90, FPS).astype(np.uint8)
    slide[2 * FPS : 3 * FPS, 4, 6:10] += fade[:, None, None]
    slide[3 * FPS :, 4, 6:10] += 90

    found = looks(track(slide))

    assert 3.0 <= found[-1].frame / FPS <= 3.5
    assert found[-1].still


def test_a_seek_point_is_looked_at_in_place_of_a_frame_behind_it() -> None:
    at = round(1.9 * FPS)
    found = looks(track(runs(60)), key_frames=(0, *range(round(1.25 * FPS) + at, 60 * FPS, at)))

    on_key = [look for look in found if (look.frame - round(1.25 * FPS)) % at == 0]
    assert len(on_key) >= 0.8 * len(found)


@pytest.mark.parametrize("minutes", [30, 90])
def test_long_films_are_looked_at_within_their_bound(minutes: int) -> None:
    shots = [runs(1.5, seed) for seed in range(40)]
    part = np.concatenate(shots)[:: FPS // 5]  # five frames a second keep the test small
    thumbs = np.concatenate([part] * minutes)
    frames = track(thumbs)
    times = clock(len(frames))
    slow = replace(times, pts=times.pts * 5, end_pts=times.end_pts * 5)

    found = find_looks(frames, slow, keys(len(frames)))

    assert len(found) <= max(LEAST_BOUND, slow.duration_s / SECONDS_PER_PICTURE + 1)
    assert len(found) > 0.8 * slow.duration_s / SECONDS_PER_PICTURE
    gaps = [b.frame / 5 - a.frame / 5 for a, b in pairwise(found)]
    assert max(gaps) < 2.5 * SECONDS_PER_PICTURE


def test_frames_that_did_not_decode_are_not_looked_at() -> None:
    frames = track(runs(10))
    frames.valid[: 5 * FPS] = False

    assert min(seconds(looks(frames))) >= 5.0
    frames.valid[:] = False
    assert looks(frames) == []


def test_a_video_of_one_frame_is_looked_at() -> None:
    assert [look.frame for look in looks(track(stands(1 / FPS)))] == [0]
    assert len(looks(track(runs(0.2)))) == 1
