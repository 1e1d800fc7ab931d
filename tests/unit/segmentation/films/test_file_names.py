"""A file may be called anything: its name is text, never an option, a pattern or an address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.segmentation import Models, segment_file
from tests.support.media import Picture, make_media

SHOTS = (20, 25)
NAMES = (
    "two  words.mp4",
    " leading and trailing .mp4",
    "Ünïcödé – 映画 🎬.mp4",
    "e\u0301 in two signs.mp4",
    "\u202e4pm.mp4",
    'it\'s "quoted".mp4',
    "-i.mp4",
    "--help",
    "100% %d %05d %s.mp4",
    "two\nlines.mp4",
    "tab\tbell\a.mp4",
    "*?[a-z].mp4",
    "$(HOME) `x`; & | > x.mp4",
    "back\\slash.mp4",
    "file:film.mp4",
    "concat:a.mp4|b.mp4",
    "pipe:0",
    "data:,x.mp4",
    "http:film.mp4",
    "#1?a=b&c.mp4",
    ".hidden.mp4",
    "no suffix",
    "film.MP4",
    "film.txt",
    "film.mp3",
    "x" * 251 + ".mp4",
    os.fsdecode(b"not \xff\xfe UTF-8.mp4"),
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = make_media(tmp_path_factory.mktemp("film") / "film.mp4", Picture(SHOTS, (96, 64), number=False))
    return path.read_bytes()


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_film_is_segmented_whatever_it_is_called(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch, film: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(film)
    monkeypatch.chdir(tmp_path)

    for path in (name, tmp_path / name):
        found = segment_file(path, {}, models=models)

        assert [shot.start_frame for shot in found.level("shot")] == [0, SHOTS[0]]
    assert [entry.name for entry in tmp_path.iterdir()] == [name]  # nothing is written beside it
