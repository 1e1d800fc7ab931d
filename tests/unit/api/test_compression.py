"""Texts are compressed where that is accepted; media, parts of files and events pass as they are."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI, Response
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from starlette.types import Message

from serve_app.web.compression import SMALLEST_BYTES, CompressionMiddleware
from serve_app.web.filetypes import CONTENT_TYPES

TEXT = "a shot and a scene. " * 200
ASKED = {"Accept-Encoding": "gzip, deflate, br"}


def app(kind: str, *, status: int = 200, text: str = TEXT, parts: bool = False) -> CompressionMiddleware:
    """An application with one route, which answers with this text."""
    made = FastAPI(openapi_url=None)

    async def pieces() -> AsyncIterator[str]:
        for start in range(0, len(text), 1000):
            yield text[start : start + 1000]

    @made.get("/")
    def _answer() -> Response:
        if parts:
            return StreamingResponse(pieces(), media_type=kind, status_code=status)
        return Response(text, media_type=kind, status_code=status)

    return CompressionMiddleware(made)


def raw(made: CompressionMiddleware, headers: dict[str, str]) -> tuple[Response, bytes]:
    """The response, and its body as it was sent."""
    with TestClient(made).stream("GET", "/", headers=headers) as response:
        return response, b"".join(response.iter_raw())  # type: ignore[return-value]


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "text/css",
        "text/javascript",
        "application/json",
        "application/problem+json",
        "image/svg+xml",
        "text/vtt",
    ],
)
@pytest.mark.parametrize("parts", [False, True])
def test_texts_are_compressed(kind: str, parts: bool) -> None:
    response, sent = raw(app(kind, parts=parts), ASKED)

    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert len(sent) < len(TEXT) / 2
    assert gzip.decompress(sent).decode() == TEXT


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br, gzip ; q=0.0", ""])
def test_only_where_the_client_accepts_it(accepted: str) -> None:
    response, sent = raw(app("application/json"), {"Accept-Encoding": accepted})

    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"
    assert sent.decode() == TEXT


@pytest.mark.parametrize(
    "kind", [*CONTENT_TYPES, "image/webp", "image/jpeg", "application/zip", "text/event-stream"]
)
def test_media_archives_and_events_are_not_touched(kind: str) -> None:
    response, sent = raw(app(kind), ASKED)

    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == str(len(TEXT))
    assert sent.decode() == TEXT


def test_a_part_of_a_file_stays_a_part_of_it() -> None:
    response, sent = raw(app("application/json", status=206), ASKED)

    assert "content-encoding" not in response.headers
    assert sent.decode() == TEXT


def test_the_tag_of_a_compressed_file_is_weak() -> None:
    made = FastAPI(openapi_url=None)

    @made.get("/")
    def _answer(tag: str, ranges: str) -> Response:
        return Response(TEXT, media_type="text/csv", headers={"ETag": tag, "Accept-Ranges": ranges})

    with TestClient(CompressionMiddleware(made)) as client:
        for accepted, ranges, tag, expected in (
            ("gzip", "bytes", '"a"', 'W/"a"'),
            ("gzip", "bytes", 'W/"a"', 'W/"a"'),
            ("gzip", "none", '"2"', '"2"'),
            ("identity", "bytes", '"a"', '"a"'),
        ):
            asked = {"tag": tag, "ranges": ranges}
            answer = client.get("/", params=asked, headers={"Accept-Encoding": accepted})
            assert answer.headers["etag"] == expected


def test_what_fits_into_a_packet_is_not_compressed() -> None:
    response, sent = raw(app("application/json", text="a" * (SMALLEST_BYTES - 1)), ASKED)

    assert "content-encoding" not in response.headers
    assert len(sent) == SMALLEST_BYTES - 1


def test_an_event_leaves_before_the_next_one_is_made() -> None:
    async def run() -> None:
        sent: list[Message] = []

        async def behind(_scope: Any, _receive: Any, send: Any) -> None:
            headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            assert [message["type"] for message in sent] == ["http.response.start"]
            await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
            assert sent[-1]["body"] == b": hello\n\n"
            await send({"type": "http.response.body", "body": b""})

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            raise AssertionError("nothing is received")

        scope = {"type": "http", "headers": [(b"accept-encoding", b"gzip")]}
        await CompressionMiddleware(behind)(scope, receive, send)
        assert len(sent) == 3

    asyncio.run(run())


def test_the_route_is_told_to_who_asks_outside() -> None:
    """Metrics are counted by the route that the application wrote into the scope."""
    scopes: list[Any] = []
    inner = app("text/plain")

    async def outside(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await inner(scope, receive, send)

    TestClient(outside).get("/", headers={"Accept-Encoding": "gzip;q=0"})

    assert scopes[-1]["route"].path == "/"
