"""Clips from the request to the file: API, bridge, pool and a real film, without any network."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
import typer
from typer.testing import CliRunner

from cluster.client import Client
from cluster.commands import clips as clips_command
from cluster.contract.protocol import API_PREFIX
from cluster.settings import Settings
from cluster.stores.page import encode_cursor
from serve_app.services import ApiServices
from tests.support.api.clips import NAME, finished_video
from tests.support.api.running import Api, serving
from tests.support.media import Picture, Sound, make_media, read_number
from tests.support.stack.actor_fixtures import ray_connection, settings
from tests.support.stack.actors import DEADLINE_S, ActorStack, actor_stack

__all__ = ["ray_connection", "settings"]

SHOTS = (30, 45, 25, 50)
CUTS = list(itertools.accumulate(SHOTS))[:-1]
FRAMES = sum(SHOTS)
INTERRUPT_THOSE_THAT_WAIT = (
    b"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    b"AND datname = current_database()"
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "Four shots.mp4"
    picture = Picture(shots=SHOTS, size=(160, 96), gop=20, options={"preset": "fast", "bf": "2"})
    return make_media(path, picture, Sound(parts=((440.0, FRAMES / 25),)))


@pytest.fixture(scope="module")
def stack(settings: Settings) -> Iterator[ActorStack]:
    with actor_stack(settings, NAME) as running:
        running.ready(2)
        yield running


@pytest.fixture(scope="module")
def api(stack: ActorStack) -> Iterator[Api]:
    with serving(ApiServices.from_settings(stack.settings)) as running:
        yield running


@pytest.fixture
def video(stack: ActorStack, film: Path) -> str:
    return finished_video(film, CUTS, jobs=stack.jobs, results=stack.results, media=stack.media)


def order(api: Api, video_id: str, **values: Any) -> dict[str, Any]:
    answer = api.client.post(f"/videos/{video_id}/clips", json={"preset": "ultrafast", **values})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{API_PREFIX}/videos/{video_id}/clips/{answer.json()['id']}"
    return dict(answer.json())


def ended(api: Api, made: dict[str, Any], meanwhile: Callable[[], object] = lambda: None) -> dict[str, Any]:
    give_up_at = time.monotonic() + DEADLINE_S
    while time.monotonic() < give_up_at:
        meanwhile()
        seen = api.client.get(f"/videos/{made['video_id']}/clips/{made['id']}").json()
        if seen["state"] in ("done", "failed", "cancelled"):
            return dict(seen)
        time.sleep(0.05)
    raise AssertionError(f"the clips never ended: {seen}")


def fetched(api: Api, url: str) -> httpx.Response:
    return api.client.get(url.removeprefix(API_PREFIX))


def numbers(content: bytes) -> list[int]:
    with av.open(io.BytesIO(content)) as container:
        return [read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_every_shot_becomes_a_file_with_just_its_frames(api: Api, stack: ActorStack, video: str) -> None:
    placed = order(api, video)
    assert (placed["state"], placed["archive"]) in {("queued", None), ("running", None)}

    made = ended(api, placed)

    assert made["state"] == "done", made["error"]
    assert made["progress"] == {"fraction": 1.0, "done": 4, "failed": 0, "total": 4}
    assert [file["name"] for file in made["files"]][1] == "Four_shots-shot-0001-0.00.01.200.mp4"
    seen: list[int] = []
    for file in made["files"]:
        content = fetched(api, file["url"]).content
        assert (len(content), sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
        assert numbers(content) == list(range(file["start_frame"], file["end_frame"]))
        seen += numbers(content)
    assert seen == list(range(FRAMES))


def test_the_manifest_traces_each_clip_to_its_source(api: Api, stack: ActorStack, video: str) -> None:
    made = ended(
        api, order(api, video, mode="copy", select={"tags": ["lighthouse"]}, pattern="{label}_{number}")
    )
    base = f"/videos/{video}/clips/{made['id']}/files"

    manifest = api.client.get(f"{base}/manifest.json").json()
    lines = [json.loads(line) for line in api.client.get(f"{base}/clips.jsonl").text.splitlines()]

    source = stack.jobs.get(video)
    assert manifest["source"] == {
        "video_id": video, "filename": "Four shots.mp4", "sha256": source.sha256, "revision": 1,
    }  # fmt: skip
    assert manifest["settings"]["mode"] == "copy"
    assert [clip["file"] for clip in manifest["clips"]] == ["speech_2.mp4", "speech_4.mp4"]
    first = manifest["clips"][0]
    assert (first["index"], first["start_frame"], first["end_frame"]) == (1, 30, 75)
    assert first["actual"]["start_frame"] == 30  # a key frame: the encoder saw the cut
    assert 75 <= first["actual"]["end_frame"] <= 79
    assert first["boundary"] == {"kind": "cut", "confidence": 0.9}
    assert first["tags"][0]["label"] == "lighthouse"
    assert [line["file"] for line in lines] == ["speech_2.mp4", "speech_4.mp4"]
    assert lines[1]["source"]["sha256"] == source.sha256


def test_files_are_read_in_pages_or_not_at_all(api: Api, video: str) -> None:
    made = ended(api, order(api, video, mode="copy"))
    path = f"/videos/{video}/clips/{made['id']}"

    summary = api.client.get(path, params={"files": "false"}).json()
    first = api.client.get(f"{path}/files", params={"limit": 3}).json()
    second = api.client.get(f"{path}/files", params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert summary == made | {"files": []}
    assert [*first["items"], *second["items"]] == made["files"]
    assert (len(first["items"]), second["next_cursor"]) == (3, None)
    for cursor in (encode_cursor(10**30), encode_cursor("x"), "x"):
        refused = api.client.get(f"{path}/files", params={"cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


def test_the_archive_holds_everything(api: Api, video: str) -> None:
    made = ended(api, order(api, video))

    answer = fetched(api, made["archive"])

    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="Four shots-shots.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*(f["name"] for f in made["files"]), "manifest.json", "clips.jsonl"]
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert sha256(archive.read(made["files"][2]["name"])).hexdigest() == made["files"][2]["sha256"]


def test_a_part_of_a_file_can_be_asked_for(api: Api, video: str) -> None:
    made = ended(api, order(api, video, select={"indices": [0]}))
    path = made["files"][0]["url"].removeprefix(API_PREFIX)
    whole = api.client.get(path)

    part = api.client.get(path, headers={"Range": "bytes=4-7"})

    assert (part.status_code, part.content) == (206, whole.content[4:8] or b"")
    assert part.content == b"ftyp"
    assert whole.headers["content-type"] == "video/mp4"
    assert api.client.get(path, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert int(api.client.head(path).headers["content-length"]) == len(whole.content)


def test_a_running_order_is_cancelled_and_goes_on_where_it_stood(
    api: Api, stack: ActorStack, video: str
) -> None:
    with stack.jobs.database.transaction() as connection:
        connection.execute(b"LOCK TABLE clip_files IN EXCLUSIVE MODE")  # no clip that is made can be recorded
        placed = order(api, video)
        path = f"/videos/{video}/clips/{placed['id']}"
        stack.until(lambda: api.client.get(path).json()["state"] == "running")
        asked = api.client.post(f"{path}/cancel").json()
        stopped = ended(api, placed, lambda: connection.execute(INTERRUPT_THOSE_THAT_WAIT))
    early = api.client.get(f"{path}/archive")
    assert api.client.post(f"{path}/retry").status_code == 202
    again = ended(api, placed)

    assert (asked["state"], stopped["state"], stopped["progress"]["done"]) == ("running", "cancelled", 0)
    assert early.json()["code"] == "not_ready"
    assert (again["state"], again["progress"]["done"]) == ("done", 4)
    assert api.client.post(f"{path}/cancel").json()["code"] == "conflict"


def test_deleted_clips_are_gone_with_their_files(api: Api, stack: ActorStack, video: str) -> None:
    made = ended(api, order(api, video))
    kept = ended(api, order(api, video, level="scene"))
    listed = api.client.get(f"/videos/{video}/clips").json()["items"]
    assert [item["id"] for item in listed] == [kept["id"], made["id"]]

    assert api.client.delete(f"/videos/{video}/clips/{made['id']}").status_code == 204

    assert api.client.get(f"/videos/{video}/clips/{made['id']}").status_code == 404
    assert fetched(api, made["files"][0]["url"]).status_code == 404
    assert fetched(api, kept["files"][0]["url"]).status_code == 200
    api.client.delete(f"/videos/{video}")
    assert fetched(api, kept["files"][0]["url"]).status_code == 404
    assert not stack.media.exists(f"videos/{video}/clips/{kept['id']}/{kept['files'][0]['name']}")


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"select": {"labels": ["singing"]}}, 422, "nothing_selected"),
        ({"max_clips": 3}, 413, "limit_exceeded"),
        ({"pattern": "{password}"}, 422, "invalid_settings"),
        ({"crf": 99}, 422, "invalid_request"),
        ({"codec": "av1"}, 422, "invalid_request"),
        ({"pattern": "a\x00{index}"}, 422, "invalid_request"),
        ({"select": {"labels": ["speech", "\x00"]}}, 422, "invalid_request"),
        ({"select": {"tags": ["a\nb"]}}, 422, "invalid_request"),
    ],
)
def test_orders_that_cannot_be_are_refused(
    api: Api, video: str, values: dict[str, Any], status: int, code: str
) -> None:
    answer = api.client.post(f"/videos/{video}/clips", json=values)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_video_without_a_result_has_no_clips_yet(api: Api) -> None:
    video_id = api.make()

    assert api.client.post(f"/videos/{video_id}/clips", json={}).json()["code"] == "not_ready"
    assert api.client.get(f"/videos/{video_id}/clips").json() == {"items": [], "next_cursor": None}
    assert api.client.get(f"/videos/{'0' * 32}/clips").status_code == 404
    assert api.client.get(f"/videos/{video_id}/clips/{'0' * 32}").json()["code"] == "not_found"
    assert api.client.get(f"/videos/{video_id}/clips/{'0' * 32}/files/manifest.json").status_code == 404


def test_a_repeated_request_gives_the_same_clips(api: Api, stack: ActorStack, video: str) -> None:
    key = {"Idempotency-Key": "once"}
    first = api.client.post(f"/videos/{video}/clips", json={"mode": "copy"}, headers=key)
    stack.results.delete_video(video)  # nothing could be chosen now
    second = api.client.post(f"/videos/{video}/clips", json={"mode": "copy"}, headers=key)
    other = api.client.post(f"/videos/{video}/clips", json={"mode": "exact"}, headers=key)

    assert first.json()["id"] == second.json()["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_clips_whose_plan_is_gone_fail_with_a_reason(api: Api, stack: ActorStack, video: str) -> None:
    stack.results.delete_video(video)  # the segments as well, so the order comes from another video's
    row = stack.jobs.get(video)
    job, _ = stack.jobs.clips.create(
        clips_id="f" * 32, video_id=video, clip_order={"level": "shot", "mode": "exact", "pattern": "{index}",
        "select": {}}, options={"mode": "exact", "container": "mp4"}, media_key=row.media_key,
        tracks_key=row.tracks_key, tracks_hash=str(row.tracks_hash), revision=1,
        wanted=[{"name": "a.mp4", "level": "shot", "index": 0, "start_frame": 0, "end_frame": 5,
                 "start_s": 0.0, "end_s": 0.2, "start_pts": 0, "end_pts": 5, "label": "",
                 "start_boundary": {"kind": "start", "confidence": 1.0}}],
    )  # fmt: skip

    failed = ended(api, {"video_id": video, "id": job.id})

    assert (failed["state"], failed["error"]["code"]) == ("failed", "clips_failed")
    assert failed["files"][0]["error"]["code"] == "plan_missing"
    assert failed["files"][0]["url"] is None


@pytest.fixture
def command(api: Api, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setattr(clips_command, "api_url", lambda _settings: api.url.removesuffix(API_PREFIX))
    app = typer.Typer()
    app.command()(clips_command.clips)
    return app


def test_the_command_line_says_that_cancelled_clips_have_no_archive(
    api: Api, command: typer.Typer, video: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(client: Client, video_id: str, clips_id: str, **_: Any) -> Any:
        seen = ended(api, {"video_id": video_id, "id": clips_id})
        return seen | {"state": "cancelled", "archive": None}  # as when the last clip was made meanwhile

    monkeypatch.setattr(Client, "wait_for_clips", cancelled)

    run = CliRunner().invoke(command, [video, "--mode", "copy", "--zip", str(tmp_path / "clips.zip")])

    assert "clips.zip was not written: there is no archive of clips that are cancelled." in run.stderr
    assert "it was cancelled" in str(run.exception)
    assert not (tmp_path / "clips.zip").exists()


def test_the_command_line_fetches_files_and_archive(
    api: Api, command: typer.Typer, video: str, tmp_path: Path
) -> None:
    arguments = [video, "--mode", "copy", "--index", "1", "--index", "2", "--pattern", "{number}"]

    run = CliRunner().invoke(
        command, [*arguments, "--out", str(tmp_path / "clips"), "--zip", str(tmp_path / "clips.zip")]
    )

    assert run.exit_code == 0, run.output
    assert sorted(path.name for path in (tmp_path / "clips").iterdir()) == ["2.mp4", "3.mp4"]
    assert zipfile.ZipFile(tmp_path / "clips.zip").namelist() == [
        "2.mp4",
        "3.mp4",
        "manifest.json",
        "clips.jsonl",
    ]
    assert run.stdout.splitlines()[-3:] == [
        str(tmp_path / "clips.zip"), str(tmp_path / "clips" / "2.mp4"), str(tmp_path / "clips" / "3.mp4"),
    ]  # fmt: skip
