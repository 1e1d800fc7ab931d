"""`scenestream split`: a film and its document in, a folder of clips out, without servers and networks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from actors.commands.split import split
from actors.segmentation.planning.plan import build_plan
from tests.support.api.clips import shots_of
from tests.support.media import Picture, Sound, decode_plainly, make_media

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
    ran = run(film, "--from-json", document, "--out", tmp_path / "clips", "--pattern", "{number:02}-{label}")

    assert ran.exit_code == 0, ran.output
    names = ["01-music.mp4", "02-speech.mp4", "03-music.mp4"]
    assert sorted(p.name for p in (tmp_path / "clips").iterdir()) == [*names, "clips.jsonl", "manifest.json"]
    assert [len(decode_plainly(tmp_path / "clips" / name)) for name in names] == list(SHOTS)
    manifest = json.loads((tmp_path / "clips" / "manifest.json").read_text())
    assert [clip["frames"] for clip in manifest["clips"]] == list(SHOTS)
    assert manifest["not_made"] == []


def test_sound_alone_is_not_cut(tmp_path: Path) -> None:
    song = make_media(tmp_path / "song.m4a", Sound(), form="mp4")
    document = tmp_path / "song.json"
    document.write_text(json.dumps({"segments": []}))

    ran = run(song, "--from-json", document, "--out", tmp_path / "clips")

    assert ran.exit_code == 1
    assert "sound only" in ran.stderr
    assert not (tmp_path / "clips").exists()


def test_only_what_is_asked_for_is_cut(film: Path, document: Path, tmp_path: Path) -> None:
    ran = run(film, "--from-json", document, "--out", tmp_path, "--mode", "copy", "--label", "speech")

    assert ran.exit_code == 0, ran.output
    assert [p.name for p in tmp_path.glob("*.mp4")] == ["film-shot-0001-0.00.00.800.mp4"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--pattern", "{secret}"], 2, "{secret}"),
        (["--mode", "fast"], 2, "mode"),
        (["--level", "act"], 2, "level"),
        (["--label", "singing"], 1, "No shot"),
        (["--from-json", "missing.json"], 2, "missing.json"),
        (["--json", "missing.json"], 2, "old name of --from-json"),
        (["--set", "scenes=2"], 2, "Leave out --preset and --set"),
        (["--preset", "film"], 2, "Leave out --preset and --set"),
        (["--out", "x" * 300], 2, "File name too long"),
    ],
)
def test_exit_codes(
    film: Path, document: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    ran = run(film, "--out", tmp_path / "out", "--from-json", document, *arguments)

    assert ran.exit_code == code, ran.output
    assert said in ran.stderr


def test_a_document_of_another_film_is_refused(document: Path, tmp_path: Path) -> None:
    other = make_media(tmp_path / "other.mp4", Picture(shots=(10,), size=(160, 96)))

    ran = run(other, "--from-json", document, "--out", tmp_path / "out")

    assert ran.exit_code == 1
    assert "another video" in ran.stderr
    assert "other.mp4: The document" in ran.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"media": [1]}, "media is no object"),
        ({"settings": {"speed": 2}}, "unknown setting: speed"),
        ({"settings": {"scenes": "many"}}, "scenes"),
        ({"segments": {}}, "no list of segments"),
        ({"segments": [1]}, "segments.0: Input should be"),
        ({"segments": [{}]}, "segments.0.level: Field required"),
        ({"end_frame": 61}, "another video: its segments reach to frame 61, and film.mp4 has 60 frames"),
        ({"end_frame": 35}, "segments.2 has no frames: 35 to 35"),
        ({"media": {"frames": 60, "width": 320}}, "another video: width is 320 there, and 160 in film.mp4"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_with_the_reason(
    film: Path, document: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    content = json.loads(document.read_text())
    if "end_frame" in change:
        content["segments"][2] |= change
    else:
        content |= change
    other = tmp_path / "other.json"
    other.write_text(json.dumps(content))

    ran = run(film, "--from-json", other, "--out", tmp_path / "out")

    assert ran.exit_code == 1
    assert said in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_clip_is_not_written_over_the_film(film: Path, document: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(film, tmp_path / "film.mp4"))

    ran = run(copy, "--from-json", document, "--out", tmp_path, "--level", "scene", "--pattern", "{stem}")

    assert ran.exit_code == 1
    assert "would be written over film.mp4" in ran.stderr
    assert copy.read_bytes() == film.read_bytes()


def test_a_film_and_a_folder_may_have_names_that_are_no_text(
    film: Path, document: Path, tmp_path: Path
) -> None:
    odd = os.fsdecode(b"f\xff")
    copy = shutil.copy(film, tmp_path / f"{odd}.mp4")
    out = tmp_path / odd
    program = "import sys; from cluster.cli import main; sys.argv[0] = 'scenestream'; main()"
    words = ["split", copy, "--from-json", document, "--out", out, "--mode", "copy", "--level", "scene"]

    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [os.fsencode(path) for path in out.glob("*.mp4")]
    assert json.loads((out / "manifest.json").read_text())["source"]["filename"] == "f\ufffd.mp4"


def test_the_old_name_of_from_json_still_works_and_says_its_new_one(
    film: Path, document: Path, tmp_path: Path
) -> None:
    ran = run(film, "--json", document, "--out", tmp_path, "--level", "scene")

    assert ran.exit_code == 0, ran.output
    assert "--json is called --from-json now" in ran.stderr
    assert len(list(tmp_path.glob("*.mp4"))) == 1


@pytest.fixture
def films(film: Path, document: Path, tmp_path: Path) -> Path:
    """A folder with two copies of the film, a file that is no video, and the documents of all three."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("a", "b", "c"):
        shutil.copy(document, folder / f"{name}.json")
    for name in ("a.mp4", "c.mp4"):
        shutil.copy(film, folder / name)
    (folder / "b.mp4").write_text("no video" * 100)
    return folder


def test_several_films_have_folders_of_their_own_and_one_that_fails_stops_no_other(
    films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = [films / name for name in ("a.mp4", "b.mp4", "c.mp4")]

    ran = run(*words, "--from-json", films, "--out", out, "--mode", "copy")

    assert ran.exit_code == 1
    assert sorted(p.name for p in out.iterdir()) == ["a-shots", "c-shots"]
    assert len(list(out.glob("*-shots/*.mp4"))) == 2 * len(SHOTS)
    assert f"{films}/b.mp4: This is not a video file" in ran.stderr
    assert "1 of 3 files failed." in ran.stderr


@pytest.mark.parametrize(
    ("names", "arguments", "said"),
    [
        (["a.mp4", "c.mp4"], ["--from-json", "{films}/a.json"], "no folder"),
        (["a.mp4", "d.mp4"], ["--from-json", "{films}"], "d.json"),
        (["a.mp4", "more/a.mp4"], [], "both"),
        (["a.mp4", "none.mp4"], [], "none.mp4"),
    ],
)
def test_several_films_are_checked_before_any_work(
    films: Path, tmp_path: Path, names: list[str], arguments: list[str], said: str
) -> None:
    (films / "more").mkdir()
    for name in ("d.mp4", "more/a.mp4"):
        shutil.copy(films / "a.mp4", films / name)
    out = tmp_path / "out"

    ran = run(*(films / name for name in names), *(a.format(films=films) for a in arguments), "--out", out)

    assert ran.exit_code == 2
    assert said in ran.stderr
    assert not out.exists()


def test_a_film_is_cut_that_comes_through_a_pipe(film: Path, document: Path, tmp_path: Path) -> None:
    program = "import sys; from cluster.cli import main; sys.argv[0] = 'scenestream'; main()"
    command = [
        sys.executable,
        "-c",
        program,
        "split",
        "-",
        "--from-json",
        document,
        "--out",
        tmp_path / "out",
    ]

    with film.open("rb") as content, subprocess.Popen(["cat"], stdin=content, stdout=subprocess.PIPE) as cat:
        ran = subprocess.run(
            command, stdin=cat.stdout, capture_output=True, text=True, timeout=120, check=False
        )

    assert ran.returncode == 0, ran.stderr
    clips = sorted((tmp_path / "out").glob("*.mp4"))
    assert [clip.name for clip in clips][:1] == ["stdin-shot-0000-0.00.00.000.mp4"]
    assert [len(decode_plainly(clip)) for clip in clips] == list(SHOTS)
