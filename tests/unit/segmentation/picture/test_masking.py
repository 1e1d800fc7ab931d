"""A rectangle that is left out: its pixels, and films in which something moves that says nothing."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from actors.segmentation import Models, build_plan, segment_file
from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.picture.masking import Mask
from tests.support.media import Picture, draw, make_media

Image = npt.NDArray[np.uint8]


def numbered(height: int, width: int) -> Image:
    """Each pixel has a value of its own."""
    values = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    return np.repeat(values[..., None], 3, axis=2)


def test_pixels_take_the_value_of_the_nearest_outside() -> None:
    picture = numbered(6, 10)

    filled = Mask((0.4, 0.0, 0.2, 0.3)).nearest(
        picture
    )  # columns 4 and 5 of the rows 0 and 1, and one more around

    assert filled[:3, 3:7, 0].tolist() == [[2, 2, 7, 7], [12, 34, 35, 17], [33, 34, 35, 36]]
    assert np.array_equal(np.delete(filled, [3, 4, 5, 6], axis=1), np.delete(picture, [3, 4, 5, 6], axis=1))
    assert np.array_equal(filled[3:], picture[3:])
    assert np.array_equal(picture, numbered(6, 10))  # what was given is not changed


def test_a_corner_is_filled_from_its_two_inner_sides() -> None:
    filled = Mask((0.9, 0.0, 0.1, 0.1)).nearest(numbered(6, 10))

    assert filled[:2, 8:, 0].tolist() == [[7, 29], [28, 29]]


@pytest.mark.parametrize(
    ("rectangle", "columns"),
    [
        ((0.5, 0.5, 0.001, 0.001), range(5, 8)),
        ((1 / 3, 0.0, 1 / 3, 1.0), range(3, 9)),  # no rounding error reaches into the next pixel
        ((0.99, 0.0, 0.01, 1.0), range(10, 12)),
        ((0.0, 0.0, 0.1, 1.0), range(3)),
    ],
)
def test_pixels_that_are_touched_are_ignored_and_one_beside_them(
    rectangle: tuple[float, float, float, float], columns: range
) -> None:
    picture = numbered(4, 12)

    filled = Mask(rectangle).nearest(picture)

    changed = np.flatnonzero((filled != picture).any(axis=(0, 2)))
    assert changed.tolist() == list(columns)


@given(
    x=st.floats(0, 0.9),
    y=st.floats(0, 0.9),
    size=st.floats(0.01, 0.75),
    shape=st.sampled_from([(27, 48), (180, 320), (320, 57), (3, 3), (1, 1)]),
    level=st.integers(0, 255),
)
def test_what_is_in_the_rectangle_never_shows(
    x: float, y: float, size: float, shape: tuple[int, int], level: int
) -> None:
    width, height = min(size, 1 - x), min(size, 1 - y)
    mask = Mask((x, y, width, height))
    clean = np.random.default_rng(3).integers(0, 255, (*shape, 3)).astype(np.uint8)
    rows = slice(int(y * shape[0]), int(np.ceil((y + height) * shape[0])))
    columns = slice(int(x * shape[1]), int(np.ceil((x + width) * shape[1])))
    dirty = clean.copy()
    dirty[rows, columns] = level

    for fill in (mask.nearest, mask.even):
        filled = fill(dirty)

        if shape != (1, 1) and filled is not dirty:
            assert np.array_equal(filled, fill(clean))
        even = np.full((*shape, 3), level, np.uint8)
        assert np.array_equal(fill(even), even)


def test_a_keyframe_s_rectangle_takes_the_mean_colour_of_the_rest() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[:, :5] = [200, 100, 7]
    picture[:, 8:] = 255

    filled = Mask((0.9, 0.0, 0.1, 1.0)).even(picture)

    assert filled[:, 8:].reshape(-1, 3).tolist() == [[125, 63, 4]] * 20  # 5 of 8 columns
    assert np.array_equal(filled[:, :8], picture[:, :8])


def test_without_a_rectangle_nothing_is_copied() -> None:
    picture = numbered(27, 48)

    assert Mask(None).nearest(picture) is picture
    assert Mask(None).even(picture) is picture


INSET = (0.4, 0.0, 0.6, 1.0)
"""Where `flickering` has its inset: on the right, from top to bottom."""


def flickering(shot: int, frame: int, size: tuple[int, int]) -> Image:
    """A shot in whose inset another picture begins every 20 frames."""
    picture = draw(shot, 0, size)
    left = round(INSET[0] * size[0])
    picture[:, left:] = draw(1000 + frame // 20, frame, size)[:, left:]
    return picture


SHOTS = (130, 90, 110)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = Picture(shots=SHOTS, size=(320, 180), gop=60, number=False, picture=flickering)
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", picture)


def starts(film: Path, models: Models, **settings: object) -> list[int]:
    return [s.start_frame for s in segment_file(film, settings, models=models).level("shot")]


def test_an_inset_that_cuts_by_itself_makes_no_shots_when_it_is_ignored(film: Path, models: Models) -> None:
    assert starts(film, models, ignore=[*INSET]) == [0, 130, 220]
    assert len(starts(film, models)) > 3


def test_an_inset_leaves_no_trace_in_the_tracks(film: Path, models: Models) -> None:
    tracks = analyse_chunk(film, build_plan(film, ignore=INSET), 0, models)
    seen = analyse_chunk(film, build_plan(film), 0, models)

    within_shots = np.ones(len(tracks.frames), np.bool_)
    within_shots[[0, *np.cumsum(SHOTS)[:-1]]] = False
    assert float(tracks.frames.motion[within_shots].max()) < 1  # of 255: noise of the coding
    assert float(seen.frames.motion[within_shots].max()) > 5
    inset = tracks.frames.thumb[:, :, 7:].astype(int)
    for start, stop in zip([0, 130, 220], [130, 220, 330], strict=True):
        assert int(np.ptp(inset[start:stop], axis=0).max()) <= 6


def test_places_are_told_apart_without_it_and_images_are_kept_as_they_are(
    film: Path, models: Models, tmp_path: Path
) -> None:
    def without(shot: int, _frame: int, size: tuple[int, int]) -> Image:
        return draw(shot, 0, size)

    picture = Picture(shots=SHOTS, size=(320, 180), gop=60, number=False, picture=without)
    other = make_media(tmp_path / "other.mp4", picture)
    images: dict[int, bytes] = {}

    def embeddings(file: Path, **rectangle: tuple[float, float, float, float]) -> npt.NDArray[np.float32]:
        plan = build_plan(file, **rectangle)
        tracks = analyse_chunk(file, plan, 0, models, keyframe_sink=images.__setitem__)
        vectors = tracks.keyframes.embedding[[0, -1]].astype(np.float32)  # of the first and the last shot
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    plain = embeddings(other, ignore=INSET), embeddings(other)
    images.clear()
    masked = embeddings(film, ignore=INSET)

    hidden = 1 - (masked * plain[0]).sum(axis=1)
    seen = 1 - (embeddings(film) * plain[1]).sum(axis=1)
    # processors round embeddings in half precision differently: the ratio is 0.1 to 0.2
    assert hidden.max() < 0.5 * seen.min()
    kept = np.asarray(PilImage.open(BytesIO(images[min(images)])), np.int64)
    assert np.ptp(kept[90, 140:], axis=0).min() > 30  # a fill would be even from left to right
