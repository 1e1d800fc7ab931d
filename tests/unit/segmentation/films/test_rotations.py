"""A telephone that is held upright or upside down: the picture is turned before it is looked at or kept."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actors.segmentation import Models, segment_file
from tests.support.media import Picture, make_media
from tests.support.scenery import SIZE, Footage, edited, take

TURNS = (0, 90, 180, 270)
"""Degrees clockwise by which a player turns the stored picture."""


def stored(path: Path, film: Footage, clockwise: int, mirrored: bool = False) -> Path:
    """The film as it lies in the file, with a display matrix that turns it."""
    picture = Picture(
        shots=(len(film),),
        size=SIZE,
        picture=lambda _shot, frame, _size: film[frame],
        number=False,
        rotation_ccw=-clockwise,
        mirrored=mirrored,
    )
    return make_media(path, picture)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("clockwise", TURNS)
def test_cuts_are_found_and_keyframes_stand_upright(
    tmp_path: Path, models: Models, clockwise: int, container: str
) -> None:
    film, cuts = edited(take(30, 40), take(31, 50), take(32, 35))
    images: dict[int, bytes] = {}

    found = segment_file(
        stored(tmp_path / f"phone.{container}", film, clockwise),
        {},
        models=models,
        keyframe_sink=images.__setitem__,
    )

    assert [shot.start_frame for shot in found.level("shot")] == [0, *cuts]
    assert found.media["rotation"] == clockwise
    size = SIZE if clockwise % 180 == 0 else SIZE[::-1]
    assert (found.media["width"], found.media["height"]) == size
    for shot in found.level("shot"):
        assert shot.thumbnail is not None
        with Image.open(BytesIO(images[shot.thumbnail])) as image:
            shown = np.asarray(image.convert("RGB")).astype(int)
        upright = np.rot90(film[shot.thumbnail], -clockwise // 90)
        assert shown.shape == upright.shape
        assert np.abs(shown - upright).mean() < 8  # what two lossy codecs leave; turned wrongly it is 40


@pytest.mark.parametrize("clockwise", TURNS)
def test_a_turned_film_has_the_boundaries_of_the_film_that_is_not(
    tmp_path: Path, models: Models, clockwise: int
) -> None:
    first, second = take(33, 60), take(34, 60)
    share = (np.arange(20) + 1)[:, None, None, None] / 21
    mixed = (first[-20:] * (1 - share) + second[:20] * share).astype(np.uint8)
    film = np.concatenate([first[:40], mixed, second[20:]])

    found = segment_file(stored(tmp_path / "phone.mp4", film, clockwise), {}, models=models)

    (boundary,) = [shot.start_boundary for shot in found.level("shot")[1:]]
    assert boundary.kind == "dissolve"
    assert boundary.from_s == pytest.approx(40 / 25, abs=0.2)
    assert boundary.to_s == pytest.approx(60 / 25, abs=0.2)
