"""The archive of clips: its bytes follow from the files and the date alone, and everybody may read them."""

from __future__ import annotations

import io
import zipfile

import pytest

from serve_app.videos.files.archive import ZipEntry, zip_blocks

DATE = (2026, 1, 5, 10, 0, 0)
FILES = {"one.mp4": b"a" * 3_000_000, "empty.txt": b"", "zw\u00f6lf.mp4": bytes(range(256)) * 10}


def archive_of(files: dict[str, bytes]) -> bytes:
    def member(name: str, content: bytes) -> ZipEntry:
        pieces = [content[at : at + 700_000] for at in range(0, len(content), 700_000)]
        return ZipEntry(name, len(content), lambda: pieces)

    return b"".join(zip_blocks([member(*file) for file in files.items()], DATE))


def test_it_holds_the_files_as_they_are() -> None:
    with zipfile.ZipFile(io.BytesIO(archive_of(FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert (info.date_time, info.external_attr >> 16) == (DATE, 0o644)


def test_the_same_files_make_the_same_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    first = archive_of(FILES)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert archive_of(FILES) == first


def test_it_comes_in_blocks_while_the_files_are_read() -> None:
    read = 0

    def content() -> list[bytes]:
        nonlocal read
        read += 1
        return [b"x" * (1 << 20)]

    blocks = zip_blocks([ZipEntry(f"{n}.mp4", 1 << 20, content) for n in range(3)], DATE)

    next(blocks)
    assert read == 1
    assert sum(len(block) for block in blocks) > 2 << 20
