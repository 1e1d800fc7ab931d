"""`scenestream split`: a film and its document in, a folder of clips out, without servers and networks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from actors.commands.split import split
from actors.segmentation.planning.plan import build_plan
from tests.support.api.clips import shots_of
from tests.support.media import Picture, decode_plainly, make_media

SHOTS = (20, 15, 25)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("film") / "film.mp4", Picture(shots=SHOTS, size=(160, 96)))


@pytest.fixture(scope="module")
def document(film: Path) -> Path:
    plan = build_plan(film)
    segments = [s for s in shots_of(plan, [20, 35]) if s["level"] != "chapter"]
    path = film.with_suffix(".json")
    media = plan.media.contract()
    path.write_text(json.dumps({"media": media, "settings": {}, "segments": segments, "audio_track": []}))
    return path


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(split)
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_document_is_cut_into_its_shots(film: Path, document: Path, tmp_path: Path) -> None:
    ran = run(film, "--json", document, "--out", tmp_path / "clips", "--pattern", "{number:02}-{label}")

    assert ran.exit_code == 0, ran.output
    names = ["01-music.mp4", "02-speech.mp4", "03-music.mp4"]
    assert sorted(p.name for p in (tmp_path / "clips").iterdir()) == [*names, "clips.jsonl", "manifest.json"]
    assert [len(decode_plainly(tmp_path / "clips" / name)) for name in names] == list(SHOTS)
    manifest = json.loads((tmp_path / "clips" / "manifest.json").read_text())
    assert [clip["frames"] for clip in manifest["clips"]] == list(SHOTS)
    assert manifest["not_made"] == []


def test_only_what_is_asked_for_is_cut(film: Path, document: Path, tmp_path: Path) -> None:
    ran = run(film, "--json", document, "--out", tmp_path, "--mode", "copy", "--label", "speech")

    assert ran.exit_code == 0, ran.output
    assert [p.name for p in tmp_path.glob("*.mp4")] == ["film-shot-0001-0.00.00.800.mp4"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--pattern", "{secret}"], 2, "{secret}"),
        (["--mode", "fast"], 2, "mode"),
        (["--level", "act"], 2, "level"),
        (["--label", "singing"], 1, "No shot"),
        (["--json", "missing.json"], 2, "missing.json"),
    ],
)
def test_exit_codes(
    film: Path, document: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    ran = run(film, "--out", tmp_path / "out", "--json", document, *arguments)

    assert ran.exit_code == code, ran.output
    assert said in ran.stderr


def test_a_document_of_another_film_is_refused(document: Path, tmp_path: Path) -> None:
    other = make_media(tmp_path / "other.mp4", Picture(shots=(10,), size=(160, 96)))

    ran = run(other, "--json", document, "--out", tmp_path / "out")

    assert ran.exit_code == 1
    assert "another video" in ran.stderr
