"""Of what Gradio serves, only the page's frame is let through, and no body of anything else is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ui.allowed import OnlyThePage


def answer_to(kind: str, path: str, method: str = "GET") -> list[Message]:
    """What is sent for a request; the application behind answers 200, and nobody reads a body."""

    async def behind(scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "behind", "status": 200})

    async def receive() -> Message:
        raise AssertionError("a body was read")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": kind, "path": path, "method": method, "headers": []}
    asyncio.run(OnlyThePage(behind)(scope, receive, send))
    return sent


@pytest.mark.parametrize("path", ["/", "/theme.css", "/assets/index.js", "/static/js/x.js"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_is_let_through(path: str, method: str) -> None:
    assert answer_to("http", path, method) == [{"type": "behind", "status": 200}]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/gradio_api/reset", "POST", 404),
        ("/gradio_api/heartbeat/abc", "GET", 404),
        ("/config", "GET", 404),
        ("/assets/../gradio_api/info", "GET", 404),
        ("//", "GET", 404),
        ("", "GET", 404),
        ("/", "POST", 405),
        ("/assets/index.js", "PUT", 405),
    ],
)
def test_all_else_is_refused_before_a_body_is_read(path: str, method: str, status: int) -> None:
    assert answer_to("http", path, method)[0]["status"] == status


def test_websockets_are_refused() -> None:
    assert answer_to("websocket", "/")[0]["type"] == "websocket.close"


def test_starting_and_stopping_go_through() -> None:
    assert answer_to("lifespan", "")[0]["type"] == "behind"
