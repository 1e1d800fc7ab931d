"""The main job through the whole stack: a file in by HTTP, segments out, every server on the way used."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cluster.client import Client
from cluster.local import status
from cluster.stores.mongodb.results import Results
from tests.support.media import Picture, Sound, make_media
from tests.support.stack.whole import Stack

CUTS = (40, 90, 150)
FRAMES = 200


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "four shots.mp4"
    lengths = [b - a for a, b in zip((0, *CUTS), (*CUTS, FRAMES), strict=True)]
    make_media(path, Picture(shots=lengths), Sound(parts=((330.0, 4.0), (880.0, 4.0))))
    return path


@pytest.fixture(scope="module")
def done(stack: Stack, film: Path) -> dict[str, Any]:
    with Client(stack.url) as client:
        return client.wait(client.upload(film))


def test_the_video_is_described(done: dict[str, Any], film: Path) -> None:
    assert done["state"] == "done", done["error"]
    assert done["filename"] == film.name
    assert done["bytes"] == film.stat().st_size
    assert done["media"]["frames"] == FRAMES
    assert done["progress"]["fraction"] == 1.0
    assert done["revision"] == 1


def test_shots_begin_where_the_cuts_are(stack: Stack, done: dict[str, Any]) -> None:
    with Client(stack.url) as client:
        shots = list(client.segments(done["id"], level="shot"))
    seen = [shot for shot in shots if shot["start_boundary"]["kind"] != "audio"]
    assert [shot["start_frame"] for shot in seen] == [0, *CUTS]
    assert seen[0]["start_boundary"]["kind"] == "start"
    # all are drawn by one pattern, so they look like cuts within one take
    assert {shot["start_boundary"]["kind"] for shot in seen[1:]} <= {"cut", "jump"}
    assert [shot["start_s"] for shot in seen] == pytest.approx([frame / 25 for frame in (0, *CUTS)])


@pytest.mark.parametrize("level", ["shot", "scene", "chapter"])
def test_segments_tile_the_video(stack: Stack, done: dict[str, Any], level: str) -> None:
    with Client(stack.url) as client:
        segments = list(client.segments(done["id"], level=level))
    assert segments[0]["start_frame"] == 0
    assert segments[-1]["end_frame"] == FRAMES
    for before, after in itertools.pairwise(segments):
        assert after["start_frame"] == before["end_frame"]
        assert after["start_s"] == before["end_s"]


def test_every_server_was_used(stack: Stack, done: dict[str, Any]) -> None:
    parts = {part.name: part for part in status(stack.settings)}
    assert {part.health for part in parts.values()} == {"healthy"}
    urls = json.loads((stack.settings.var_dir / "run" / "stack.json").read_text())["urls"]
    with psycopg.connect(urls["postgres"]) as connection:
        row = connection.execute(
            "SELECT state, timeline_id, lease_epoch FROM videos WHERE id = %s", [done["id"]]
        ).fetchone()
        assert row is not None
        state, timeline_id, lease_epoch = row
        waiting = connection.execute("SELECT count(*) FROM outbox").fetchone()
    assert (state, lease_epoch, waiting) == ("done", 1, (0,))
    results = Results(urls["mongodb"], stack.settings.mongodb_database)
    assert len(results.segments(timeline_id, level="shot").items) >= len(CUTS) + 1
    results.close()


def test_stills_and_the_file_are_served(stack: Stack, done: dict[str, Any], film: Path) -> None:
    with Client(stack.url) as client:
        shot = next(iter(client.segments(done["id"], level="shot")))
        still = client._http.get(f"{stack.url}{shot['thumbnail']}")
        part = client._http.get(f"/videos/{done['id']}/media", headers={"Range": "bytes=10-19"})
    assert still.content[8:12] == b"WEBP"
    assert part.status_code == 206
    assert part.content == film.read_bytes()[10:20]


def test_a_file_that_is_no_video_fails_with_a_sentence(stack: Stack, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear sir or madam, this is not a video. " * 100)
    with Client(stack.url) as client:
        video = client.wait(client.upload(letter))
    assert video["state"] == "failed"
    assert video["error"]["code"] == "not_media"
    assert video["error"]["message"].endswith(".")


def test_the_command_line_from_submit_to_export(stack: Stack, film: Path, tmp_path: Path) -> None:
    submitted = stack.cli("submit", film, "--preset", "film", "--set", "min_shot_s=0.2", "--wait")
    video_id = submitted.stdout.strip()
    shots = json.loads(stack.cli("segments", video_id, "--level", "shot", "--json").stdout)
    cuts = [shot for shot in shots if shot["start_boundary"]["kind"] in ("cut", "jump")]
    assert [shot["start_frame"] for shot in cuts] == list(CUTS)
    assert "0:00:01.600" in stack.cli("segments", video_id, "--level", "shot").stdout

    out = tmp_path / "film.json"
    stack.cli("export", video_id, "--format", "json", "-o", out)
    document = json.loads(out.read_text())
    assert set(document) >= {"media", "settings", "segments", "audio_track"}
    assert document["settings"]["min_shot_s"] == 0.2


def test_one_process_and_the_cluster_give_the_same(
    stack: Stack, done: dict[str, Any], film: Path, tmp_path: Path
) -> None:
    out = tmp_path / "alone.json"
    stack.cli("segment", film, "--json", out)
    alone = json.loads(out.read_text())
    with Client(stack.url) as client:
        through_the_cluster = json.loads(client.export(done["id"], format_="json"))
    for document in (alone, through_the_cluster):
        for segment in document["segments"]:
            segment.pop("thumbnail")  # a frame number here, a link there
    assert alone["segments"] == through_the_cluster["segments"]
    assert alone["audio_track"] == through_the_cluster["audio_track"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["submit", "no-such-file.mp4"], 2, "No such file"),
        (["submit", __file__, "--preset", "opera"], 2, "preset"),
        (["submit", __file__, "--set", "min_shot_s=fast"], 2, "min_shot_s"),
        (["segments", "0" * 32, "--level", "act"], 2, "--level"),
        (["segments", "0" * 32], 1, "0" * 32),
        (["export", "0" * 32, "--format", "docx"], 2, "--format"),
        (["submit", __file__, "--wait"], 1, "video"),
        (["segment", __file__], 1, "video"),
    ],
)
def test_exit_codes(stack: Stack, arguments: list[str], code: int, said: str) -> None:
    ended = stack.cli(*arguments, check=False)
    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr
