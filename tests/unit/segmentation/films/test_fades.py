"""Fades to and from an even colour: inside a film one boundary, at its very start and end none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation import Models
from tests.support.scenery import Footage, as_footage, edited, plain, shots_of, take, written

BLACK, WHITE = 0, 255
COLOURS = pytest.mark.parametrize("colour", [BLACK, WHITE], ids=["black", "white"])
BODY = 50
"""Frames of a shot that are not faded."""


def toward(shot: Footage, colour: int, *, out: bool) -> Footage:
    """The shot fading out to the colour, or in from it."""
    share = (np.arange(len(shot)) + 1) / (len(shot) + 1)
    share = (share if out else share[::-1])[:, None, None, None]
    return as_footage(shot * (1 - share) + colour * share)


@COLOURS
@pytest.mark.parametrize("hold", [2, 20])
@pytest.mark.parametrize("length", [8, 25])
def test_a_fade_between_two_shots_is_one_boundary_inside_it(
    tmp_path: Path, models: Models, length: int, hold: int, colour: int
) -> None:
    old, new = take(40, BODY + length), take(41, length + BODY)
    film = np.concatenate(
        [
            old[:BODY],
            toward(old[BODY:], colour, out=True),
            plain(colour, hold),
            toward(new[:length], colour, out=False),
            new[length:],
        ]
    )
    ends = BODY + 2 * length + hold

    shots = shots_of(written(tmp_path / "film.mp4", film), models)

    (boundary,) = [shot.start_boundary for shot in shots[1:]]
    assert boundary.kind == "fade"
    assert BODY <= shots[1].start_frame < ends
    slack_s = 0.1 + 0.25 * length / 25  # the first and last steps of a slow fade can hardly be seen
    assert boundary.from_s == pytest.approx(BODY / 25, abs=slack_s)
    assert boundary.to_s == pytest.approx(ends / 25, abs=slack_s)


@COLOURS
@pytest.mark.parametrize("hold", [0, 10])
@pytest.mark.parametrize("length", [5, 12, 40])
def test_a_film_that_fades_in_and_out_is_one_shot(
    tmp_path: Path, models: Models, length: int, hold: int, colour: int
) -> None:
    shot = take(42, BODY + 2 * length)
    film = np.concatenate(
        [
            plain(colour, hold),
            toward(shot[:length], colour, out=False),
            shot[length:-length],
            toward(shot[-length:], colour, out=True),
            plain(colour, hold),
        ]
    )

    assert len(shots_of(written(tmp_path / "film.mp4", film), models)) == 1


@COLOURS
def test_a_cut_beside_the_fades_at_the_ends_is_found(tmp_path: Path, models: Models, colour: int) -> None:
    first, last = take(43, 12 + BODY), take(44, BODY + 12)
    film, cuts = edited(
        np.concatenate([toward(first[:12], colour, out=False), first[12:]]),
        take(45, 30),
        np.concatenate([last[:-12], toward(last[-12:], colour, out=True)]),
    )

    shots = shots_of(written(tmp_path / "film.mp4", film), models)

    assert [(s.start_frame, s.start_boundary.kind) for s in shots[1:]] == [(cut, "cut") for cut in cuts]


@pytest.mark.parametrize("rate", [Fraction(12), Fraction(60)], ids=str)
def test_a_fade_of_half_a_second_is_a_fade_at_any_rate(
    tmp_path: Path, models: Models, rate: Fraction
) -> None:
    length, body = round(rate / 2), round(2 * rate)
    pan_px = 10 / float(rate)
    old, new = take(40, body + length, pan_px=pan_px), take(41, length + body, pan_px=pan_px)
    film = np.concatenate(
        [
            old[:body],
            toward(old[body:], BLACK, out=True),
            plain(BLACK, round(rate / 6)),
            toward(new[:length], BLACK, out=False),
            new[length:],
        ]
    )

    shots = shots_of(written(tmp_path / "film.mp4", film, rate), models)

    assert [shot.start_boundary.kind for shot in shots] == ["start", "fade"]
    assert shots[1].start_s == pytest.approx(2 + 0.5 + 1 / 12, abs=0.3)
