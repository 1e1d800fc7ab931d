"""Steps of a resumable upload (tus 1.0.0) that several tests take."""

from __future__ import annotations

import base64

import httpx

from cluster.stores.media.keys import source_key
from tests.support.api.running import Api
from tests.support.servers.media import stored_bytes

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}
FILM = bytes(range(256)) * 4000  # 1,024,000 bytes


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def begin(api: Api, length: int = len(FILM), **values: str) -> str:
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(**values)}
    answer = api.client.post("/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("/api/v1")


def patch(api: Api, upload: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
    return api.client.patch(upload, content=data, headers={**PART, "Upload-Offset": str(offset), **headers})


def head(api: Api, upload: str) -> httpx.Response:
    return api.client.head(upload, headers=TUS)


def stored(api: Api, video_id: str) -> bytes:
    return stored_bytes(api.services.media, source_key(video_id))
