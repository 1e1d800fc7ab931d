"""`scenestream submit` with many files against a running API, as a user's shell runs it."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cluster import cli
from cluster.client import Client, Resumption
from cluster.contract.protocol import API_PREFIX
from cluster.errors import InvalidSettingsError, ScenestreamError
from cluster.settings import get_settings
from tests.support.api import running as support
from tests.support.api.running import Api
from tests.support.api.tus import stored
from tests.support.servers.tcp_proxy import TcpProxy

api = support.running_api

Submit = Callable[..., Result]


@pytest.fixture
def submit(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Submit]:
    def run(*words: str | Path, url: str = "") -> Result:
        monkeypatch.setenv("SCENESTREAM_API_URL", url or api.url.removesuffix(API_PREFIX))
        get_settings.cache_clear()
        return CliRunner().invoke(cli.build(), ["submit", *map(str, words)])

    monkeypatch.setenv("SCENESTREAM_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    yield run
    get_settings.cache_clear()


def ids(ended: Result) -> list[str]:
    """The lines of stdout that are ids: the API's log is there, too, since it runs in this process."""
    return re.findall(r"^[0-9a-f]{32}$", ended.stdout, re.MULTILINE)


def film(path: Path, size: int = 200_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42" + random.Random(path.name).randbytes(size - 12))
    return path


def test_ids_come_in_the_order_of_the_files(api: Api, submit: Submit, tmp_path: Path) -> None:
    sizes = (3_000_000, 20_000, 900_000, 10_000)
    films = [film(tmp_path / f"films/{n}.mp4", size) for n, size in enumerate(sizes)]
    (tmp_path / "films/notes.txt").write_text("Not a video.")

    ended = submit("films", "--recursive", "--jobs", "4", "--preset", "talk")

    assert ended.exit_code == 0, ended.stderr
    videos = [api.client.get(f"/videos/{video_id}").json() for video_id in ids(ended)]
    assert [video["sha256"] for video in videos] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in films
    ]
    assert {video["settings"]["preset"] for video in videos} == {"talk"}
    assert {video["priority"] for video in videos} == {"batch"}
    assert "films/notes.txt: it is neither a video nor sound; skipped." in ended.stderr
    assert "uploading 3.mp4: 100 %" in ended.stderr


def test_an_own_preset_is_known_and_another_refused_before_anything_is_sent(
    api: Api, submit: Submit, tmp_path: Path
) -> None:
    film(tmp_path / "own.mp4")
    api.services.jobs.presets.put(None, "our-lectures", "talk", {"min_shot_s": 0.7})

    ended = submit("own.mp4", "--preset", "our-lectures")
    refused = submit("own.mp4", "--preset", "opera")

    (video_id,) = ids(ended)
    settings = api.client.get(f"/videos/{video_id}").json()["settings"]
    assert (settings["preset"], settings["min_shot_s"]) == ("talk", 0.7)
    assert isinstance(refused.exception, InvalidSettingsError)
    assert "yours are our-lectures" in refused.exception.message
    assert ids(refused) == []


def test_one_failure_loses_nobody(api: Api, submit: Submit, tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    film(tmp_path / "c.mp4")

    ended = submit("a.mp4", "http://127.0.0.1/private.mp4", "c.mp4")

    assert ended.exit_code == 1
    names = [api.client.get(f"/videos/{video_id}").json()["filename"] for video_id in ids(ended)]
    assert names == ["a.mp4", "c.mp4"]
    assert "1 of 3 failed:\n  http://127.0.0.1/private.mp4: " in ended.stderr


def test_one_video_does_not_wait_for_others_unless_told_to(api: Api, submit: Submit, tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")

    ended = [submit("a.mp4", *words) for words in ((), ("--priority", "batch"), ("--priority", "urgent"))]

    priorities = [api.client.get(f"/videos/{ids(one)[0]}").json()["priority"] for one in ended[:2]]
    assert priorities == ["interactive", "batch"]
    assert ended[2].exit_code == 2


def test_nothing_to_submit_is_no_success(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Not a video.")

    assert submit("notes.txt").exit_code == 1
    assert submit("missing.mp4").exit_code == 2


class CtrlCError(Exception):
    """The user's Ctrl-C, so to speak."""


@pytest.fixture
def proxy(api: Api) -> Iterator[TcpProxy]:
    with TcpProxy(urlsplit(api.url).port or 0) as running:
        yield running


@pytest.mark.parametrize("changed", [False, True])
def test_an_interrupted_upload_of_the_same_file_goes_on(
    api: Api, submit: Submit, proxy: TcpProxy, tmp_path: Path, changed: bool
) -> None:
    path = film(tmp_path / f"long {changed}.mp4", 2_000_000)
    url = f"http://127.0.0.1:{proxy.port}"
    notes = Resumption(tmp_path / "var/cache/uploads", url)

    def interrupt(done: int) -> None:
        if done >= 1_200_000:
            raise CtrlCError

    with Client(url) as client, pytest.raises(CtrlCError):
        client.upload(path, on_bytes=interrupt, resumption=notes, part_bytes=600_000)
    sent_before = proxy.sent_bytes
    if changed:
        film(path, 1_900_000)
    ended = submit(path, url=url)

    (video_id,) = ids(ended)
    sent = proxy.sent_bytes - sent_before
    assert stored(api, video_id) == path.read_bytes()
    assert (sent > 1_900_000) if changed else (sent < 900_000)
    assert changed or not list((tmp_path / "var/cache/uploads").iterdir())


def test_no_resume_begins_anew(api: Api, proxy: TcpProxy, submit: Submit, tmp_path: Path) -> None:
    path = film(tmp_path / "anew.mp4")
    url = f"http://127.0.0.1:{proxy.port}"

    ended = submit(path, "--no-resume", url=url)

    assert stored(api, ids(ended)[0]) == path.read_bytes()
    assert not (tmp_path / "var/cache").exists()


def test_a_note_about_an_upload_the_server_forgot_is_worth_nothing(api: Api, tmp_path: Path) -> None:
    path = film(tmp_path / "forgotten.mp4")
    url = api.url.removesuffix(API_PREFIX)
    notes = Resumption(tmp_path / "notes", url)
    notes.remember(notes.key(path, {}), f"/uploads/{'0' * 32}")

    with Client(url) as client:
        video_id = client.upload(path, resumption=notes)

    assert stored(api, video_id) == path.read_bytes()


def test_the_client_survives_broken_connections(api: Api, proxy: TcpProxy, tmp_path: Path) -> None:
    path = film(tmp_path / "broken.mp4", 3_000_000)
    for at in (700_000, 1_500_000, 2_600_000):
        proxy.when_sent(at, proxy.cut)
    told: list[int] = []

    with Client(f"http://127.0.0.1:{proxy.port}") as client:
        video_id = client.upload(path, on_bytes=told.append, part_bytes=1_000_000)

    assert told == sorted(told)
    assert told[-1] == 3_000_000
    assert stored(api, video_id) == path.read_bytes()
    assert len(api.client.get("/videos", params={"q": "broken.mp4"}).json()["items"]) == 1


def test_an_empty_file_is_refused(api: Api, tmp_path: Path) -> None:
    path = film(tmp_path / "empty.mp4")
    path.write_bytes(b"")

    with Client(api.url.removesuffix(API_PREFIX)) as client, pytest.raises(ScenestreamError) as refused:
        client.upload(path)

    assert refused.value.code == "empty_file"
