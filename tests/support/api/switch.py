"""What stands before the fake API: notes requests, is away, asks for a key; and its problem documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from tests.support.api.fake import FakeApi

PROBLEM = "application/problem+json"


class Switch:
    """Notes every request; answers like a proxy with nothing behind it while the API is away."""

    def __init__(self, fake: FakeApi, app: ASGIApp) -> None:
        self._fake = fake
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._fake.requests.append(f"{scope['method']} {scope['path']}")
            if self._fake.away:
                await Response(status_code=502)(scope, receive, send)
                return
            cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
            if not self._fake.lets_in(scope["method"], scope["path"], cookies):
                refused = problem(401, "unauthorized", "Send a key.")
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def problem(status: int, code: str, detail: str) -> JSONResponse:
    """A problem document."""
    return JSONResponse({"code": code, "detail": detail, "status": status}, status, media_type=PROBLEM)
