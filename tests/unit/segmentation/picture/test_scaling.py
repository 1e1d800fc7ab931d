"""Small pictures: the right size, upright, the right colours, for any size and format."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from actors.segmentation.decode.video import VideoReader
from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.picture.scaling import IMAGE_SIDE_PX, FrameScaler
from actors.segmentation.planning.plan import build_plan
from tests.support.media import Picture, Rgb, joined, make_media, read_number

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 40), (30, 40, 220), (235, 235, 235)


def quarters(_shot: int, _frame: int, size: tuple[int, int]) -> Rgb:
    """Red and green above, blue and white below."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, WHITE
    return image


def colours(picture: Rgb) -> list[str]:
    """The quarters' colours: upper left, upper right, lower left, lower right."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    height, width = picture.shape[:2]
    found = []
    for y, x in ((1, 1), (1, 3), (3, 1), (3, 3)):
        pixel = picture[height * y // 4, width * x // 4].astype(int)
        found.append(min(names, key=lambda name: int(np.abs(pixel - names[name]).sum())))
    return found


def first_frame(path: Path) -> tuple[MediaInfo, av.VideoFrame]:
    plan = build_plan(path)
    with VideoReader.open(path, plan.media, plan.index) as reader:
        frame = next(iter(reader.frames(0, 1))).frame
    assert frame is not None
    return plan.media, frame


@pytest.mark.parametrize(
    ("turned_ccw", "mirrored", "expected"),
    [
        (0, False, ["red", "green", "blue", "white"]),
        (-90, False, ["blue", "red", "white", "green"]),
        (180, False, ["white", "blue", "green", "red"]),
        (90, False, ["green", "white", "red", "blue"]),
        (0, True, ["green", "red", "white", "blue"]),
    ],
)
def test_pictures_stand_as_a_player_shows_them(
    tmp_path: Path, turned_ccw: int, mirrored: bool, expected: list[str]
) -> None:
    spec = Picture((3,), rotation_ccw=turned_ccw, mirrored=mirrored, number=False, picture=quarters)
    media, frame = first_frame(make_media(tmp_path / "phone.mp4", spec))

    small = FrameScaler(media)

    assert small.network(frame).shape == (27, 48, 3)
    assert colours(small.network(frame)) == expected
    assert colours(small.image(frame)) == expected
    assert small.image(frame).shape == (media.height, media.width, 3)


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((640, 360), None, (180, 320)),
        ((360, 640), None, (320, 180)),
        ((100, 50), None, (50, 100)),
        ((720, 576), Fraction(16, 15), (240, 320)),
        ((160, 90), Fraction(2), (90, 320)),
    ],
)
def test_images_fit_the_box_with_square_pixels(
    tmp_path: Path, size: tuple[int, int], aspect: Fraction | None, expected: tuple[int, int]
) -> None:
    media, frame = first_frame(
        make_media(tmp_path / "film.mp4", Picture((2,), size=size, pixel_aspect=aspect))
    )

    image = FrameScaler(media).image(frame)

    assert image.shape == (*expected, 3)
    assert max(image.shape) <= IMAGE_SIDE_PX


def test_the_frame_number_survives_shrinking(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((40,), size=(640, 360)))
    plan = build_plan(path)
    small = FrameScaler(plan.media)

    with VideoReader.open(path, plan.media, plan.index) as reader:
        for item in reader.frames(30, 40):
            assert item.frame is not None
            assert read_number(small.image(item.frame)) == item.slot
            assert read_number(small.network(item.frame)) == item.slot


def test_sizes_may_change_inside_a_stream(tmp_path: Path) -> None:
    parts = [
        make_media(tmp_path / f"{n}.ts", Picture((10,), size=size, gop=5, number=False, picture=quarters))
        for n, size in enumerate([(192, 112), (96, 160)])
    ]
    path = joined(tmp_path / "both.ts", *parts)
    plan = build_plan(path)
    small = FrameScaler(plan.media)

    with VideoReader.open(path, plan.media, plan.index) as reader:
        shapes = set()
        for item in reader.frames(0, plan.frames):
            assert item.frame is not None
            assert colours(small.network(item.frame)) == ["red", "green", "blue", "white"]
            shapes.add(small.image(item.frame).shape[:2])

    assert shapes == {(112, 192), (160, 96)}


@pytest.fixture(scope="module")
def plain_media(tmp_path_factory: pytest.TempPathFactory) -> MediaInfo:
    return build_plan(make_media(tmp_path_factory.mktemp("small") / "film.mp4", Picture((1,)))).media


def flat(
    size: tuple[int, int], yuv: tuple[int, int, int], *, matrix: int = 2, value_range: int = 0
) -> av.VideoFrame:
    """A frame of one colour. `matrix`, `value_range`: as in ITU-T H.273, 2 and 0 = not given."""
    frame = av.VideoFrame(*size, "yuv420p")
    for plane, value in zip(frame.planes, yuv, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.colorspace, frame.color_range = matrix, value_range
    return frame


@pytest.mark.parametrize(
    ("size", "yuv", "matrix", "value_range", "rgb"),
    [
        ((1280, 720), (16, 128, 128), 2, 0, (0, 0, 0)),
        ((1280, 720), (235, 128, 128), 2, 0, (255, 255, 255)),
        ((1280, 720), (255, 128, 128), 2, 2, (255, 255, 255)),
        ((1280, 720), (63, 102, 240), 2, 0, (255, 0, 0)),  # red in BT.709, which high definition is
        ((640, 480), (81, 90, 240), 2, 0, (255, 0, 0)),  # red in BT.601, which standard definition is
        ((1280, 720), (81, 90, 240), 5, 0, (255, 0, 0)),  # unless the stream says otherwise
        ((1280, 720), (63, 102, 240), 14, 0, (255, 0, 0)),  # a matrix that cannot be converted
        ((1, 1), (16, 128, 128), 2, 0, (0, 0, 0)),
        ((3, 5), (235, 128, 128), 2, 0, (255, 255, 255)),
        ((4096, 16), (16, 128, 128), 2, 0, (0, 0, 0)),
    ],
)
def test_colours_are_those_that_were_meant(
    plain_media: MediaInfo,
    size: tuple[int, int],
    yuv: tuple[int, int, int],
    matrix: int,
    value_range: int,
    rgb: tuple[int, int, int],
) -> None:
    frame = flat(size, yuv, matrix=matrix, value_range=value_range)

    for picture in (FrameScaler(plain_media).network(frame), FrameScaler(plain_media).image(frame)):
        middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
        assert middle.tolist() == pytest.approx(rgb, abs=4)


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p10le", "yuv444p", "yuva420p", "gray", "rgb24", "pal8", "gbrp", "nv12"]
)
def test_any_pixel_format_is_taken(plain_media: MediaInfo, pix_fmt: str) -> None:
    frame = av.VideoFrame(64, 48, pix_fmt)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))

    small = FrameScaler(replace(plain_media, rotation=90)).network(frame)

    assert small.shape == (27, 48, 3)
    assert small.flags.c_contiguous
