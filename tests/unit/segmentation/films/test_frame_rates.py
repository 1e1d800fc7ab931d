"""Slow cameras and fast ones: cuts lie on their frame, and their times are those of the player."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from actors.segmentation import Models, segment_file
from tests.support.scenery import Footage, edited, take, written

RATES = (
    Fraction(31, 10),
    Fraction(5),
    Fraction(8),
    Fraction(25, 2),
    Fraction(15),
    Fraction(24_000, 1001),
    Fraction(30_000, 1001),
    Fraction(60_000, 1001),
    Fraction(120),
    Fraction(240),
)
"""Surveillance and time lapse, web cameras, animation, cinema, television, games, sports."""
SHOTS_S = (0.8, 1.1, 0.9)
FRAMES_MIN = 9
"""Of one shot: at 3 frames a second the shots last longer."""
PAN_PX_PER_S = 10.0


def film_at(rate: Fraction, seed: int) -> tuple[Footage, list[int]]:
    """Three shots in which the camera moves equally fast, however often it takes a picture."""
    lengths = [max(FRAMES_MIN, round(seconds * rate)) for seconds in SHOTS_S]
    pan_px = PAN_PX_PER_S / float(rate)
    return edited(*(take(seed + k, frames, pan_px=pan_px) for k, frames in enumerate(lengths)))


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.5g}")
def test_cuts_are_found_to_the_frame_and_the_time(tmp_path: Path, models: Models, rate: Fraction) -> None:
    film, cuts = film_at(rate, seed=1)

    found = segment_file(written(tmp_path / "film.mp4", film, rate), {}, models=models)

    shots = found.level("shot")
    assert [shot.start_frame for shot in shots] == [0, *cuts]
    assert {shot.start_boundary.kind for shot in shots[1:]} == {"cut"}
    assert [shot.start_s for shot in shots] == pytest.approx([float(k / rate) for k in (0, *cuts)], abs=1e-3)
    assert found.media["fps"] == pytest.approx(float(rate))
    assert found.media["duration_s"] == pytest.approx(float(len(film) / rate), abs=1e-3)
    assert not found.media["variable_frame_rate"]


@pytest.mark.parametrize("rate", RATES[::3], ids=lambda rate: f"{float(rate):.5g}")
def test_a_shot_without_a_cut_stays_whole(tmp_path: Path, models: Models, rate: Fraction) -> None:
    frames = max(4 * FRAMES_MIN, round(1.5 * rate))
    film = take(4, frames, pan_px=PAN_PX_PER_S / float(rate))

    found = segment_file(written(tmp_path / "film.mkv", film, rate), {}, models=models)

    (shot,) = found.level("shot")
    assert (shot.start_frame, shot.end_frame) == (0, frames)
