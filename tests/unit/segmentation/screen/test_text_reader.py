"""The real networks on drawn pictures: what is read, and that nothing is read where nothing is written."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.screen.seen_lines import SeenLine, in_rows, plausible
from actors.segmentation.screen.text_reader import NAME, Image, PackagedReader
from tests.support.lettering import (
    FONTS,
    Lettering,
    bricks,
    fence,
    leaves,
    lettered,
    noise,
    plain,
    scenery,
)

SIZE = (960, 540)


@pytest.fixture(scope="module")
def reader() -> PackagedReader:
    return PackagedReader()


def read(reader: PackagedReader, picture: Image, side_px: int = 960) -> list[str]:
    height, width = picture.shape[:2]
    parts = []
    for quad in reader.find(picture, side_px):
        one, low, size = reader.read(picture, quad), quad.min(axis=0), np.ptp(quad, axis=0)
        box = (*(low / (width, height)).tolist(), *(size / (width, height)).tolist())
        parts.append(SeenLine(box, one.text, one.probability))
    return [line.text for line in in_rows(parts) if plausible(line)]


@pytest.mark.parametrize("font", range(len(FONTS)))
@pytest.mark.parametrize(
    ("ink", "ground"), [((255, 255, 255), (10, 20, 60)), ((40, 30, 30), (240, 236, 225))]
)
def test_titles_are_read(
    reader: PackagedReader, font: int, ink: tuple[int, int, int], ground: tuple[int, int, int]
) -> None:
    text = "Ten Years Later, 1987"
    picture = lettered(plain(SIZE, ground), [Lettering(text, height=0.09, font=font, ink=ink)])

    found = " ".join(read(reader, picture))

    assert Levenshtein.distance(found, text) <= 2


def test_small_letters_over_a_photograph_are_read(reader: PackagedReader) -> None:
    text = "University of Leeds"
    line = Lettering(text, 0.1, 0.85, 0.04, 1, anchor="lm", edge=(0, 0, 0))
    picture = lettered(scenery(1, *SIZE), [line])

    assert text in read(reader, picture)


def test_where_a_line_is(reader: PackagedReader) -> None:
    picture = lettered(plain(SIZE), [Lettering("Harbour Lights", x=0.3, y=0.7, height=0.1)])

    for side_px in (960, 512):
        (quad,) = reader.find(picture, side_px)
        assert quad.mean(axis=0) == pytest.approx([0.3 * SIZE[0], 0.7 * SIZE[1]], abs=8)
        assert np.ptp(quad[:, 1]) == pytest.approx(0.1 * SIZE[1], rel=0.5)


def test_a_line_that_stands_upright_is_read(reader: PackagedReader) -> None:
    picture = lettered(plain(SIZE), [Lettering("Harbour Lights", height=0.1)])

    assert read(reader, np.ascontiguousarray(np.rot90(picture, -1))) == ["Harbour Lights"]


@pytest.mark.parametrize("draw", [bricks, leaves, fence, noise, scenery], ids=lambda draw: draw.__name__)
def test_nothing_is_read_where_nothing_is_written(reader: PackagedReader, draw: object) -> None:
    assert read(reader, draw(3, *SIZE)) == []  # type: ignore[operator]


@pytest.mark.parametrize("level", [0, 20, 128, 255])
def test_plain_pictures_have_no_text(reader: PackagedReader, level: int) -> None:
    assert reader.find(plain(SIZE, (level, level, level)), 960) == []


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (40, 1200), (1200, 40), (33, 33)])
def test_odd_sizes_are_looked_at(reader: PackagedReader, size: tuple[int, int]) -> None:
    assert read(reader, plain(size, (90, 90, 90))) == []


def test_upside_down_text_is_left_out_or_read(reader: PackagedReader) -> None:
    picture = lettered(plain(SIZE), [Lettering("Harbour Lights", height=0.1)])

    assert all("Harbour" in text or len(text) < 20 for text in read(reader, picture[::-1, ::-1].copy()))


def test_readers_are_loaded_once_each() -> None:
    loading = TextReadersLoading()
    assert "0 loaded" in repr(loading)

    (first,) = loading(1)
    assert loading(2)[0] is first
    assert first.name == loading.name == NAME
    loading.close()
    assert loading(1)[0] is not first


def test_it_writes_nothing_and_asks_no_network() -> None:
    """In a process in which every connection fails and every file is opened for reading alone."""
    program = """
import sys, socket
def audit(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise OSError(f"{event} {args}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wxa+"):
        raise OSError(f"{event} {args}")
sys.dont_write_bytecode = True
sys.addaudithook(audit)
import numpy as np
from actors.segmentation.screen.text_reader import PackagedReader
reader = PackagedReader()
assert reader.find(np.zeros((200, 300, 3), np.uint8), 300) == []
corners = np.array([(9, 9), (90, 9), (90, 40), (9, 40)], np.float32)
assert reader.read(np.zeros((200, 300, 3), np.uint8), corners).text == ""
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
