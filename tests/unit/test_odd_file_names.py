"""`scenestream segment` and `split` with files of odd names: from the film to its document to its clips."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
import typer
from typer.testing import CliRunner, Result

from actors.commands.segment import segment
from actors.commands.split import split
from actors.segmentation.planning.plan import build_plan
from tests.support.api.clips import shots_of
from tests.support.media import Picture, make_media

SHOTS = (20, 25, 20)
NAMES = (
    "Ünïcödé  – 映画 🎬.mp4",
    '--it\'s "quoted".mp4',
    "100% %d %s {stem}.mp4",
    "two\nlines \\ *?[a-z].mp4",
    " .mp4",
    "x" * 240 + ".mp4",
)


@contextmanager
def as_before() -> Iterator[None]:
    """A command sends logs to its own stderr; they are sent back afterwards."""
    root, structured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**structured)


def run(command: object, *arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(command)  # type: ignore[type-var]
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same film under each name."""
    picture = Picture(SHOTS, (96, 64), number=False)
    film = make_media(tmp_path_factory.mktemp("film") / "film.mp4", picture).read_bytes()
    folder = tmp_path_factory.mktemp("films")
    for name in NAMES:
        (folder / name).write_bytes(film)
    return folder


@pytest.fixture(scope="module")
def document(films: Path) -> Path:
    """What `segment` would write of each of them."""
    plan = build_plan(films / NAMES[0])
    segments = [s for s in shots_of(plan, [20, 45]) if s["level"] != "chapter"]
    path = films.with_suffix(".json")
    media = plan.media.contract()
    path.write_text(json.dumps({"media": media, "settings": {}, "segments": segments, "audio_track": []}))
    return path


def starts(document: Path) -> list[int]:
    segments = json.loads(document.read_text())["segments"]
    return [segment["start_frame"] for segment in segments if segment["level"] == "shot"]


def test_each_document_is_called_like_its_film(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(films)
    names = NAMES[:3]  # each takes a while; the library has tests of its own with many more

    with as_before():
        ran = run(segment, "--json", tmp_path / "out", "--", *names)

    assert ran.exit_code == 0, ran.output
    found = {path.name: starts(path) for path in (tmp_path / "out").iterdir()}
    assert found == {f"{Path(name).stem}.json": [0, 20, 45] for name in names}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_film_of_any_name_is_cut_into_files_with_safe_names(
    films: Path, document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(films)

    with as_before():
        ran = run(split, "--from-json", document, "--out", tmp_path, "--", name)

    assert ran.exit_code == 0, ran.output
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert [clip["frames"] for clip in manifest["clips"]] == list(SHOTS)
    made = [path.name for path in tmp_path.glob("*.mp4")]
    assert len(made) == len(SHOTS)
    assert all(one.isascii() and one.isprintable() and not one.startswith("-") for one in made)
    assert sorted(entry.name for entry in films.iterdir()) == sorted(NAMES)  # nothing is written beside it
