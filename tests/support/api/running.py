"""The HTTP API on a port of its own, over real servers, and a client that holds every answer against OpenAPI.

The application runs under uvicorn, mounted as Ray Serve mounts it. No Ray, no actors, no models: what they
would do to a video is done through the stores (`VideoMaker`).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from jsonschema import Draft202012Validator
from starlette.types import ASGIApp, Receive, Scope, Send

from cluster.contract.protocol import API_PREFIX
from cluster.settings import Settings
from cluster.stores.ids import new_id
from cluster.stores.rabbitmq.broker import BrokerNames
from serve_app.app import create_app
from serve_app.services import ApiServices, DoorbellQueue
from tests.support.servers.private import (
    ALL_PARTS,
    SessionServers,
    fresh_mongodb_database,
    fresh_postgres_database,
    new_var_dir,
    remove_var_dir,
)
from tests.support.servers.stores import claim

START_WAIT_S = 60.0


def mounted(app: ASGIApp) -> ASGIApp:
    """As Serve hands requests down: the whole path, and the prefix as root_path."""

    async def under_prefix(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["root_path"] = API_PREFIX
        await app(scope, receive, send)

    return under_prefix


class Contract:
    """Holds answers against the application's OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), operations)
            for path, operations in document["paths"].items()
        ]

    def check(self, answer: httpx.Response) -> None:
        """Status and content type are declared for the route, and JSON has the declared shape."""
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind == "text/event-stream":
            return
        answer.read()
        path = answer.request.url.path.removeprefix(API_PREFIX)
        operations = next((found for pattern, found in self._paths if pattern.fullmatch(path)), {})
        operation = operations.get(answer.request.method.lower())
        if path == "/openapi.json":
            return
        if operation is None or answer.status_code in {404, 405}:
            schema: Any = {"$ref": "#/components/schemas/ProblemDocument"}
        else:
            declared = operation["responses"].get(str(answer.status_code))
            where = f"{answer.request.method} {path} {answer.status_code}"
            assert declared is not None, f"{where} is not in the OpenAPI document: {answer.text[:300]}"
            if "json" not in kind:
                return
            assert kind in declared["content"], f"{where}: {kind} is not declared"
            schema = declared["content"][kind]["schema"]
        if answer.request.method != "HEAD" and answer.content:
            validator = Draft202012Validator({**schema, "components": self.document["components"]})
            validator.validate(answer.json())


class Api:
    """A running API. `client` is relative to /api/v1 and checks every answer; `services` are the stores."""

    def __init__(self, services: ApiServices, url: str, contract: Contract) -> None:
        self.services = services
        self.url = url
        self.contract = contract
        self.client = httpx.Client(
            base_url=url, timeout=60.0, event_hooks={"response": [contract.check]}, trust_env=False
        )

    def make(self, **values: Any) -> str:
        """A queued video with a small file, as an upload would leave it; its id."""
        video_id = new_id()
        content = values.pop("content", b"\x00\x00\x00\x18ftypmp42" + bytes(1000))
        key = f"videos/{video_id}/source"
        self.services.media.put_stream(key, [content])
        row = {
            "filename": "film.mp4",
            "bytes_": len(content),
            "sha256": 2 * video_id,  # no two of the same content, unless a test wants that
            "media_key": key,
            "preset": "default",
            "settings": {"preset": "default"},
        }
        self.services.jobs.create_video(video_id=video_id, **(row | values))
        return video_id


@contextmanager
def serving(services: ApiServices) -> Iterator[Api]:
    """The application over `services`, listening until the block ends."""
    app = create_app(services)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(mounted(app), log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=5)
    )
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listening])), name="api under test", daemon=True
    )
    thread.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}{API_PREFIX}"
    api = Api(services, url, Contract(app.openapi()))
    try:
        transport = httpx.HTTPTransport(retries=0)
        with httpx.Client(transport=transport, timeout=START_WAIT_S) as client:
            client.get(f"{url}/healthz").raise_for_status()
        yield api
    finally:
        api.client.close()
        server.should_exit = True
        thread.join()
        listening.close()


def services_for(
    urls: Mapping[str, str],
    database: str,
    media_dir: Path,
    **settings: Any,
) -> ApiServices:
    """Services at these URLs, with a queue of their own."""
    chosen = Settings(
        postgres_url=urls["postgres"],
        mongodb_url=urls["mongodb"],
        rabbitmq_url=urls["rabbitmq"],
        mongodb_database=database,
        **({"media_url": media_dir.as_uri(), "redis_url": urls["redis"]} | settings),
    )
    services = ApiServices.from_settings(chosen)
    names = BrokerNames(prefix=f"test_{new_id()[:12]}")
    values = {field: getattr(services, field) for field in services.__dataclass_fields__}
    return ApiServices(**(values | {"doorbells": DoorbellQueue(chosen.rabbitmq_url, names)}))


@contextmanager
def api_over(session_servers: SessionServers, **settings: Any) -> Iterator[Api]:
    """An API with databases, a queue and a media directory of its own."""
    urls = dict(session_servers.start(ALL_PARTS).urls)
    media_dir = new_var_dir()
    try:
        with (
            fresh_postgres_database(urls["postgres"]) as postgres_url,
            fresh_mongodb_database(urls["mongodb"]) as database,
            serving(services_for(urls | {"postgres": postgres_url}, database, media_dir, **settings)) as api,
        ):
            yield api
    finally:
        shutil.rmtree(media_dir, ignore_errors=True)
        remove_var_dir(media_dir)


@pytest.fixture(scope="module")
def running_api(session_servers: SessionServers) -> Iterator[Api]:
    """One API for a module's tests; each makes its own videos."""
    with api_over(session_servers) as api:
        yield api


def segment(level: str, index: int, start_s: float, end_s: float, **values: Any) -> dict[str, Any]:
    """A segment as the library makes it, 25 frames a second."""
    row: dict[str, Any] = {
        "level": level,
        "index": index,
        "parent": None if level == "chapter" else 0,
        "start_s": start_s,
        "end_s": end_s,
        "start_frame": round(start_s * 25),
        "end_frame": round(end_s * 25),
        "start_pts": round(start_s * 12800),
        "end_pts": round(end_s * 12800),
        "start_boundary": {
            "kind": "cut" if index else "start",
            "confidence": 0.9,
            "visual": 0.8,
            "audio": 0.1,
            "from_s": start_s,
            "to_s": start_s,
            "scene_probability": 0.4 if index else None,
            "topic": None,
            "from_frame": round(start_s * 25),
            "to_frame": round(start_s * 25),
            "locked": False,
        },
        "label": "speech",
        "audio": {"speech": 0.9, "singing": 0.0, "music": 0.1, "silence": 0.0, "loudness_lufs": -23.0},
        "visual": {"brightness": 0.5, "motion": 0.2, "black": 0.0, "static": 0.1, "tags": []},
        "keyframe_s": start_s + 0.2,
        "thumbnail": round(start_s * 25) + 5,
    }
    return row | values


MEDIA = {
    "duration_s": 40.0,
    "width": 640,
    "height": 360,
    "fps": 25.0,
    "frames": 1000,
    "variable_frame_rate": False,
    "rotation": 0,
    "video_codec": "h264",
    "audio_codec": "aac",
    "start_s": 0.0,
}


def start_work(api: Api, video_id: str, *, chunks_total: int = 4, tracks_hash: str = "t1") -> int:
    """Claim a video as the bridge does and record what it is; the lease's epoch."""
    video = claim(api.services.jobs, video_id)
    assert api.services.jobs.record_media(video_id, video.lease_epoch, MEDIA, chunks_total, tracks_hash)
    return video.lease_epoch


def put_shots(api: Api, video_id: str, chunk: int, *, tracks_hash: str = "t1") -> None:
    """A finished chunk of ten seconds with five provisional shots."""
    shots = [segment("shot", chunk * 5 + n, chunk * 10 + n * 2.0, chunk * 10 + n * 2 + 2.0) for n in range(5)]
    api.services.results.put_chunk(
        video_id,
        tracks_hash,
        chunk,
        start_frame=chunk * 250,
        end_frame=chunk * 250 + 250,
        payload=b"tracks",
        shots=shots,
    )


def finish_work(
    api: Api, video_id: str, epoch: int, document: Mapping[str, Any] | None = None, *, revision: int = 1
) -> None:
    """Store a timeline of 40 s (20 shots, 4 scenes, 2 chapters) and make it the video's."""
    segments = [segment("shot", n, n * 2.0, n * 2.0 + 2, parent=n // 5) for n in range(20)]
    segments += [segment("scene", n, n * 10.0, n * 10.0 + 10, parent=n // 2) for n in range(4)]
    segments += [segment("chapter", n, n * 20.0, n * 20.0 + 20) for n in range(2)]
    timeline_id = f"{video_id}:{revision}:{epoch}"
    api.services.results.put_timeline(
        timeline_id,
        video_id,
        revision,
        segments,
        {"media": MEDIA, "settings": {"preset": "default"}, "audio_track": [], **(document or {})},
    )
    assert api.services.jobs.begin_finalizing(video_id, epoch)
    assert api.services.jobs.finish(video_id, epoch, revision, timeline_id)


def done_video(api: Api, document: Mapping[str, Any] | None = None, **values: Any) -> str:
    """A video that went all the way."""
    video_id = api.make(**values)
    finish_work(api, video_id, start_work(api, video_id), document)
    return video_id
