"""What goes on is counted while it goes on, and not any more afterwards."""

from __future__ import annotations

import asyncio
import re
from types import SimpleNamespace
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from serve_app.telemetry.in_progress import InProgressMiddleware
from serve_app.telemetry.metrics import Metrics, StoreFigures


def values(metrics: Metrics) -> dict[str, float]:
    found = re.findall(r"^(scenestream_\w+)\{replica=[^}]*\} (\S+)$", metrics.render().decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def watch(
    method: str, route: str, status: int, *, kind: str = "video/mp4", breaks: bool = False
) -> tuple[dict[str, float], dict[str, float]]:
    """The numbers in the middle of such a request with a body of 5 bytes, and after it."""
    metrics = Metrics(lambda: StoreFigures({}, {}))
    during: dict[str, float] = {}

    async def route_of(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = SimpleNamespace(path=route)
        await receive()
        if breaks:
            raise ConnectionResetError
        await send({"type": "http.response.start", "status": status, "headers": []})
        during.update(values(metrics))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"12345", "more_body": False}

    async def send(_: Message) -> None:
        return

    scope: dict[str, Any] = {"type": "http", "method": method, "headers": [(b"content-type", kind.encode())]}
    try:
        asyncio.run(InProgressMiddleware(route_of, metrics)(scope, receive, send))
    except ConnectionResetError:
        assert breaks
    return during, values(metrics)


def test_a_part_of_a_file_that_comes_in() -> None:
    during, after = watch("PATCH", "/uploads/{upload_id}", 204)

    assert during["scenestream_uploads_active"] == 1
    assert (after["scenestream_uploads_active"], after["scenestream_upload_bytes_total"]) == (0, 5)
    assert "scenestream_uploads_failed_total" not in after


def test_servers_that_answer_and_do_not() -> None:
    metrics = Metrics(lambda: StoreFigures({}, {}))

    metrics.reached({"postgresql": False, "redis": True})
    metrics.reached({"postgresql": True, "redis": False})

    found = re.findall(r'^scenestream_server_up\{.*server="(\w+)"\} (\S+)$', metrics.render().decode(), re.M)
    assert dict(found) == {"postgresql": "1.0", "redis": "0.0"}


def test_methods_that_nobody_knows_make_no_series_of_their_own() -> None:
    metrics = Metrics(lambda: StoreFigures({}, {}))

    for method in ("GET", "BREW", "PROPFIND"):
        metrics.observe(method, "", 405, 0.01)

    text = metrics.render().decode()
    assert set(re.findall(r'method="(\w+)"', text)) == {"GET", "other"}


def test_one_that_breaks_off() -> None:
    _, after = watch("POST", "/videos", 0, breaks=True)

    assert after["scenestream_uploads_active"] == 0
    assert after["scenestream_upload_bytes_total"] == 5


def test_a_stream_of_events_is_listened_to_until_it_ends() -> None:
    during, after = watch("GET", "/videos/{video_id}/events", 200)

    assert (during["scenestream_event_listeners"], after["scenestream_event_listeners"]) == (1, 0)


def test_an_address_to_import_and_other_calls_are_no_uploads() -> None:
    for method, route, kind in (
        ("POST", "/videos", "application/json"),
        ("POST", "/videos/{video_id}/cancel", "text/plain"),
    ):
        during, after = watch(method, route, 202, kind=kind)
        assert during["scenestream_uploads_active"] == 0
        assert after.get("scenestream_upload_bytes_total", 0) == 0
