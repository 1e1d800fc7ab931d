"""`scenestream edit` against a running API: cut lists of every kind become a revision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.client import API_KEY_VARIABLE
from cluster.contract.protocol import API_PREFIX
from serve_app.routes import corrections as route
from tests.integration.api.test_corrections import Fuser, starts
from tests.support.api import running as support
from tests.support.api.running import Api, done_video

api = support.running_api


def edit(api: Api, *words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SCENESTREAM_API_URL": api.url.removesuffix(API_PREFIX), "TERM": "dumb"}
    environment.pop(API_KEY_VARIABLE, None)
    return subprocess.run(
        [sys.executable, "-c", "from cluster.cli import main; main()", "edit", *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def done(api: Api, monkeypatch: pytest.MonkeyPatch) -> str:
    """A video of 20 shots of 50 frames, 4 scenes, 2 chapters; its corrections are stored by the test."""
    fuser = Fuser(api.services)
    monkeypatch.setattr(route, "fuser_of", lambda _: fuser)
    return done_video(api)


@pytest.mark.parametrize("format_", ["csv", "json", "edl"])
def test_what_was_exported_and_changed_comes_back(api: Api, done: str, tmp_path: Path, format_: str) -> None:
    exported = api.client.get(f"/videos/{done}/export", params={"format": format_, "level": "shot"})
    path = tmp_path / f"cuts.{format_}"
    path.write_bytes(exported.content)
    same = edit(api, done, "--from", path)

    assert (same.returncode, same.stdout) == (0, "Revision 2: 2 chapters, 4 scenes, 20 shots.\n"), same.stderr
    newest = api.client.get(f"/videos/{done}/revisions").json()["items"][0]
    assert newest["corrections"] == {"locked": 0, "removed": 0}, "nothing was changed"


def test_a_list_of_frames_corrects_the_level_that_is_named(api: Api, done: str, tmp_path: Path) -> None:
    path = tmp_path / "scenes.txt"
    path.write_text("0\n00:00:05:00\n510\n")
    made = edit(api, done, "--from", path, "--level", "scene", "--note", "Mine.")

    assert made.returncode == 0, made.stderr
    assert starts(api, done, "scene") == [0, 125, 510]
    assert starts(api, done, "chapter") == [0, 510], "it began with that scene"
    newest = api.client.get(f"/videos/{done}/revisions").json()["items"][0]
    assert (newest["origin"], newest["note"]) == ("human", "Mine.")


def test_a_scene_moves_with_the_cut_that_begins_it(api: Api, done: str, tmp_path: Path) -> None:
    path = tmp_path / "cuts.edl"
    exported = api.client.get(f"/videos/{done}/export", params={"format": "edl", "level": "shot"}).text
    assert "00:00:20:00" in exported, "the cut at frame 500"
    path.write_text(exported.replace("00:00:20:00", "00:00:20:02"))
    made = edit(api, done, "--from", path)

    assert made.returncode == 0, made.stderr
    before = [frame for frame in range(0, 1000, 50) if frame != 500]
    assert starts(api, done, "shot") == sorted([*before, 502])
    assert (starts(api, done, "scene"), starts(api, done, "chapter")) == ([0, 250, 502, 750], [0, 502])


def test_a_scene_whose_cut_is_gone_is_named(api: Api, done: str, tmp_path: Path) -> None:
    path = tmp_path / "cuts.txt"
    path.write_text("0\n250\n500\n")
    refused = edit(api, done, "--from", path)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "A scene starts at frame 750, where no shot starts" in refused.stderr
    assert api.client.get(f"/videos/{done}").json()["revision"] == 1


def test_a_body_of_the_api_is_taken_as_it_is(api: Api, done: str, tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    path.write_text(json.dumps({"scenes": [{"start_frame": 250, "title": "Sea"}], "note": "From a file."}))
    made = edit(api, done, "--from", path)

    assert made.returncode == 0, made.stderr
    newest = api.client.get(f"/videos/{done}/revisions").json()["items"][0]
    assert newest["note"] == "From a file."


def test_what_is_wrong_is_told(api: Api, done: str, tmp_path: Path) -> None:
    path = tmp_path / "cuts.txt"
    path.write_text("0\n50\n40\n")
    unordered = edit(api, done, "--from", path)
    assert (unordered.returncode, unordered.stdout) == (1, "")
    assert f"{path}:3: frame 40 stands after 50 (line 2)" in unordered.stderr

    path.write_text("0\n5000\n")
    past = edit(api, done, "--from", path, "--level", "chapter")
    assert (past.returncode, "chapters[1].start_frame: 5000 lies past the end" in past.stderr) == (1, True)
    path.write_text("0\n50\n")
    moved = edit(api, done, "--from", path, "--revision", "9")
    assert (moved.returncode, "revision 1 by now" in moved.stderr) == (1, True)
    level = edit(api, done, "--from", path, "--level", "act")
    assert (level.returncode, "shot, scene, chapter" in level.stderr) == (2, True)
    waiting = edit(api, api.make(), "--from", path)
    assert (waiting.returncode, "queued" in waiting.stderr) == (1, True)
    assert api.client.get(f"/videos/{done}").json()["revision"] == 1
