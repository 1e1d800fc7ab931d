"""An object store that takes connections and answers nothing: what needs no file goes on, and few ask it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from actors.worker import state as segmenter_state
from actors.worker.media import local_media
from actors.worker.state import WorkState
from cluster.errors import UnavailableError
from cluster.stores.media import s3 as media_s3
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from serve_app.services import MAX_THREADS
from serve_app.telemetry import probes
from tests.support.api.running import Api, api_over
from tests.support.servers.private import SessionServers
from tests.support.servers.stores import wait_until

pytest.importorskip("boto3")


class Silent:
    """Listens until `end`; counts who came."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.callers: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                self.callers.append(self._listening.accept()[0])
            except OSError:
                return

    def end(self) -> None:
        """Hangs up. Twice is fine."""
        if self._listening.fileno() < 0:
            return
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for caller in self.callers:
            caller.close()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    silent = Silent()
    values = {"ENDPOINT_URL": silent.url, "DEFAULT_REGION": "us-east-1"}
    for name, value in (values | {"ACCESS_KEY_ID": "any", "SECRET_ACCESS_KEY": "any"}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    # As patient as ever, but once it has hung up that is the end.
    monkeypatch.setitem(media_s3.PATIENCE, "retries", {"max_attempts": 0})
    monkeypatch.setattr(media_s3, "TRIES", 1)
    yield silent
    silent.end()


def test_an_actor_that_waits_for_the_store_is_seen_to_be_well(
    silent: Silent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter_state, "STORE_TICK_S", 0.02)
    state, store, cache = WorkState(), MediaStore("s3://media/y"), MediaCache(tmp_path, 1)

    def fetch() -> None:
        with suppress(UnavailableError), local_media(store, cache, "videos/abc/source", state):
            pass

    thread = threading.Thread(target=fetch)
    thread.start()
    wait_until(lambda: bool(silent.callers))
    first = state.snapshot().beat
    wait_until(lambda: state.snapshot().beat > first + 10)
    silent.end()
    thread.join()
    last = state.snapshot().beat
    time.sleep(0.1)
    assert state.snapshot().beat <= last + 1, "it waits no more"


def make(api: Api) -> str:
    video_id = "a" * 32
    api.services.jobs.create_video(
        video_id=video_id,
        filename="film.mp4",
        bytes_=5,
        sha256=None,
        media_key=f"videos/{video_id}/source",
        preset="default",
        settings={"preset": "default"},
    )
    return video_id


def test_what_needs_no_file_is_answered_while_the_store_hangs(
    session_servers: SessionServers, monkeypatch: pytest.MonkeyPatch, silent: Silent
) -> None:
    monkeypatch.setattr(probes, "PROBE_TIMEOUT_S", 0.3)
    with api_over(session_servers, media_url="s3://media/x") as api, ThreadPoolExecutor(MAX_THREADS) as pool:
        path = f"/videos/{make(api)}"
        for _ in range(3):
            api.client.get("/cluster")
        wait_until(lambda: bool(silent.callers))
        looks = len(silent.callers)

        def ask(what: str) -> None:
            with suppress(httpx.ReadTimeout):
                api.client.get(path + what, timeout=3.0)

        asked = [pool.submit(ask, ("/media", "/thumbnails/1.webp")[n % 2]) for n in range(MAX_THREADS)]
        wait_until(lambda: len(silent.callers) > 7)  # as many as may read files, and the look
        answer = api.client.get("/videos")
        silent.end()
        wait(asked)

    assert answer.status_code == 200
    assert looks == 1
