"""`scenestream segment` with several files, with stdout, with the real networks."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import typer
from typer.testing import CliRunner, Result

from actors.commands.segment import segment
from tests.support.media import Picture, make_media


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The command sends logs to its own stderr; they are sent back afterwards."""
    root, structured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """a.mp4 has two shots, c.mkv three; b.mp4 is no video."""
    folder = tmp_path_factory.mktemp("films")
    make_media(folder / "a.mp4", Picture(shots=(30, 40), size=(160, 96), number=False))
    make_media(folder / "c.mkv", Picture(shots=(30, 40, 35), size=(160, 96), number=False))
    (folder / "b.mp4").write_text("no video" * 100)
    return folder


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(segment)
    return CliRunner().invoke(app, [*map(str, arguments)])


def starts(document: str) -> list[int]:
    return [s["start_frame"] for s in json.loads(document)["segments"] if s["level"] == "shot"]


def test_each_file_has_a_document_and_one_that_fails_stops_no_other(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "documents"

    ran = run(folder / "a.mp4", folder / "b.mp4", folder / "c.mkv", "--json", out)

    assert ran.exit_code == 1
    assert ran.stdout.splitlines() == [f"{out}/a.json", f"{out}/c.json"]
    assert starts((out / "a.json").read_text()) == [0, 30]
    assert starts((out / "c.json").read_text()) == [0, 30, 70]
    assert f"{folder}/b.mp4: This is not a video file" in ran.stderr
    assert "1 of 3 files failed." in ran.stderr


def test_each_file_has_a_table(folder: Path) -> None:
    ran = run(folder / "a.mp4", folder / "c.mkv")

    assert ran.exit_code == 0, ran.output
    assert f"{folder}/a.mp4: 2 shots" in ran.stdout
    assert f"{folder}/c.mkv: 3 shots" in ran.stdout


def test_one_document_goes_to_stdout_or_into_a_folder(folder: Path, tmp_path: Path) -> None:
    printed = run(folder / "a.mp4", "--json", "-")
    written = run(folder / "a.mp4", "--json", tmp_path)

    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert starts(printed.stdout) == [0, 30]
    assert json.loads(printed.stdout) == json.loads((tmp_path / "a.json").read_text())


@pytest.mark.parametrize(
    ("names", "out", "said"),
    [
        (["a.mp4", "c.mkv"], "-", "one video"),
        (["a.mp4", "c.mkv"], "{folder}/b.mp4", "is a file"),
        (["a.mp4", "./a.mp4"], "{out}", "both be written"),
        (["a.mp4", "none.mp4"], "{out}", "No such file: {folder}/none.mp4"),
        (["a.mp4", "a.mp4"], "{out}", "{folder}/a.mp4 is named twice"),
        (["a.mp4", "c.mkv"], "{folder}/b.mp4/x", "Not a directory"),
        (["a.mp4"], "{out}" + "x" * 300, "File name too long"),
    ],
)
def test_files_are_checked_before_any_work(
    folder: Path, tmp_path: Path, names: list[str], out: str, said: str
) -> None:
    places = {"folder": folder, "out": tmp_path / "out"}

    ran = run(*(f"{folder}/{name}" for name in names), "--json", out.format(**places))

    assert ran.exit_code == 2
    assert said.format(**places) in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["b.mp4", "a.mp4"])
def test_no_video_is_written_over(folder: Path, name: str) -> None:
    """`--json a.mp4 b.mp4` asks for the document of b.mp4 in the place of a.mp4."""
    before = (folder / name).read_bytes()

    ran = run("--json", folder / name, folder / "a.mp4")

    assert ran.exit_code == 2
    assert f"{folder / name} is no JSON document" in ran.stderr
    assert (folder / name).read_bytes() == before


def test_an_earlier_document_is_written_anew(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    out.write_text('\n {"media": {}}')

    assert run(folder / "a.mp4", "--json", out).exit_code == 0
    assert starts(out.read_text()) == [0, 30]


def test_a_part_that_one_of_the_files_does_not_have_fails_for_that_file(folder: Path, tmp_path: Path) -> None:
    wanted = ("--set", "from_s=3.2", "--json", tmp_path)

    ran = run(folder / "a.mp4", folder / "c.mkv", *wanted)

    assert ran.exit_code == 1
    assert (
        f"{folder}/a.mp4: from_s must lie before the end: the video lasts from 0.000 to 2.800" in ran.stderr
    )
    assert starts((tmp_path / "c.json").read_text()) == [80]


def test_any_export_is_written_without_a_server(folder: Path, tmp_path: Path) -> None:
    printed = run(folder / "a.mp4", "--format", "keyframes")
    written = run(folder / "a.mp4", "--format", "edl", "-o", tmp_path / "a.edl")
    page = run(folder / "a.mp4", "--format", "html", "-o", tmp_path / "a.html")

    assert (printed.exit_code, written.exit_code, page.exit_code) == (0, 0, 0), written.output + page.output
    assert printed.stdout == "# keyframe format v1\nfps 0\n0\n30\n"
    assert b"002  A" in (tmp_path / "a.edl").read_bytes()
    assert b"\r\n" in (tmp_path / "a.edl").read_bytes()
    assert "data:image/webp;base64," in (tmp_path / "a.html").read_text()


def test_exports_of_several_videos_go_into_a_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new"

    ran = run(folder / "a.mp4", folder / "c.mkv", "--format", "mkvchapters", "--level", "shot", "-o", out)

    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines() == [f"{out}/a.chapters.xml", f"{out}/c.chapters.xml"]
    assert (out / "c.chapters.xml").read_text().count("<ChapterAtom>") == 3


def test_the_export_json_is_the_document(folder: Path, tmp_path: Path) -> None:
    assert run(folder / "a.mp4", "--json", tmp_path / "a.json").exit_code == 0
    exported = run(folder / "a.mp4", "--format", "json")

    assert exported.stdout == (tmp_path / "a.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.mp4", "--format", "avid"), "--format is one of json, csv"),
        (("a.mp4", "--format", "edl", "--level", "act"), "--level is one of shot, scene, chapter"),
        (("a.mp4", "c.mkv", "--format", "edl"), "-o FOLDER"),
        (("a.mp4", "--format", "edl", "--json", "x.json"), "do not go together"),
        (("a.mp4", "-o", "x.edl"), "belong to --format"),
        (("a.mp4", "--format", "edl", "-o", "a.mp4"), "is no export and would be lost"),
        (("a.mp4", "--format", "edl", "-o", "c.mkv"), "is no export and would be lost"),
        (("a.mp4", "--format", "edl", "-o", "none/x.edl"), "There is no folder"),
    ],
)
def test_wrong_exports_are_refused_before_any_work(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = (folder / "a.mp4").read_bytes()
    named = [str(folder / word) if "." in word else word for word in arguments]

    ran = run(*named)

    assert ran.exit_code == 2
    assert said in ran.stderr
    assert (folder / "a.mp4").read_bytes() == before


def test_a_video_without_words_has_no_subtitles(folder: Path) -> None:
    ran = run(folder / "a.mp4", "--format", "srt")

    assert ran.exit_code == 1
    assert "Nothing is said in it that could be written as srt" in ran.stderr
