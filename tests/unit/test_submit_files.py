"""What the words of `scenestream submit` name, and which files may be videos."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cluster.commands.submit_files import find, may_be_video
from cluster.errors import UsageError

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
TEXT = b"Dear sir or madam, this is not a video. " * 200


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.mp4", "a.bin", "[c].mp4", "in/d.mov", "in/deep/e.mkv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(MP4)
    (tmp_path / "in/notes.txt").write_bytes(TEXT)
    (tmp_path / "empty.mp4").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*words: str, recursive: bool = False) -> list[str]:
    return [source.name for source in find(words, recursive=recursive).sources]


@pytest.mark.usefixtures("folder")
def test_files_and_addresses_in_their_order() -> None:
    assert names("b.mp4", "https://example.org/*.mp4", "a.bin") == [
        "b.mp4",
        "https://example.org/*.mp4",
        "a.bin",
    ]


@pytest.mark.usefixtures("folder")
def test_a_pattern_takes_what_matches_and_a_name_with_signs_is_a_name() -> None:
    assert names("*.mp4") == ["[c].mp4", "b.mp4"]
    assert names("[c].mp4") == ["[c].mp4"]
    assert names("in/**/*.m*") == ["in/d.mov", "in/deep/e.mkv"]


@pytest.mark.usefixtures("folder")
def test_a_folder_is_taken_whole_when_asked_for() -> None:
    found = find(["in"], recursive=True)
    assert [source.name for source in found.sources] == ["in/d.mov", "in/deep/e.mkv"]
    assert found.skipped == ["in/notes.txt: it is neither a video nor sound"]
    with pytest.raises(UsageError, match="in is a folder; --recursive"):
        find(["in"])


@pytest.mark.usefixtures("folder")
def test_each_file_once_and_no_empty_one() -> None:
    assert names("b.mp4", "./b.mp4", "*.mp4") == ["b.mp4", "[c].mp4"]
    assert find(["empty.mp4"]).skipped == ["empty.mp4: it is empty"]


def test_what_is_no_file_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "in/pipe.mp4")

    assert find(["in"], recursive=True).skipped == [
        "in/notes.txt: it is neither a video nor sound",
        "in/pipe.mp4: it is not a file",
    ]


@pytest.mark.parametrize("word", ["no-such-file.mp4", "*.avi"])
@pytest.mark.usefixtures("folder")
def test_a_word_that_names_nothing_is_wrong_usage(word: str) -> None:
    with pytest.raises(UsageError, match="No "):
        find(["b.mp4", word])


@pytest.mark.parametrize(
    "head",
    [
        MP4,
        b"\x1aE\xdf\xa3" + bytes(60),
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"junk" + b"".join(b"G" + bytes(187) for _ in range(8)),
        b"".join(bytes(4) + b"G" + bytes(187) for _ in range(8)),
        b"\x00\x00\x01\xba" + bytes(60),
        b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01" + bytes(60),
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"FORM\x00\x00\x00\x00AIFFCOMM",
        b"\x00\x00\x00\x18ftypM4A " + bytes(100),
        b"ID3\x04" + bytes(100),
        b"\xff\xfb\x90\x64" + bytes(100),
        b"fLaC" + bytes(100),
        b"OggS" + bytes(100),
    ],
)
def test_containers_of_videos_and_sound_are_known_by_their_content(head: bytes) -> None:
    assert may_be_video(head)


@pytest.mark.parametrize(
    "head",
    [
        TEXT,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"\x00\x00\x00\x18ftypheic" + bytes(100),
        b"GGGG",
        b"%PDF-1.7" + bytes(100),
        bytes(4096),
    ],
)
def test_other_files_are_left_aside(head: bytes) -> None:
    assert not may_be_video(head)


@pytest.mark.usefixtures("folder")
def test_a_pipe_is_told_why_it_cannot_be_uploaded(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    for word in ("pipe.mp4", "-"):
        with pytest.raises(UsageError, match=f"{word} is a pipe .* takes a file"):
            find([word])
