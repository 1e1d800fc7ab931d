"""Outermost middleware: request id, security headers of the response, request metrics, last error handler.

Pure ASGI, so that bodies stream through unchanged. Knows no route and no store.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.web.cors import is_allowed
from serve_app.web.problems import Problem

_log = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE = ("same-origin", "none")
"""Values of Sec-Fetch-Site: a page of this origin; a person, who typed the address or opened a bookmark."""
_PORTS = {"http": 80, "https": 443}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    # Answers are data. Opened as a page by themselves they may run nothing; a bare video may still play.
    "Content-Security-Policy": (
        "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; "
        "frame-ancestors 'none'; sandbox"
    ),
    # The page may be served from another port of the same host.
    "Cross-Origin-Resource-Policy": "same-site",
}

Observe = Callable[[str, str, int, float], None]
"""Called with (method, route template, status, seconds) when a response has ended."""


class OuterMiddleware:
    """ASGI middleware, see the module. `observe` counts the request, see `serve_app.telemetry.metrics`.

    A write from a page of another site is refused, unless its origin is in `origins`.
    """

    def __init__(self, app: ASGIApp, observe: Observe, origins: Sequence[str] = ()) -> None:
        self._app = app
        self._observe = observe
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given_id = headers.get("x-request-id", "")
        request_id = given_id if _REQUEST_ID.fullmatch(given_id) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        began = time.monotonic()

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                dressed = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    dressed.setdefault(name, value)
                dressed.setdefault("Cache-Control", "no-store")
                if not given_id:  # Serve's proxy hands an id down and puts it on the response itself
                    dressed["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if self._is_cross_site_write(scope["method"], headers):
                    refusal = Problem(
                        "cross_site",
                        "Browsers may change things only from the pages of this installation, and of origins "
                        "that `access.cors_origins` lists.",
                    )
                    await refusal.response(scope["path"], request_id)(scope, receive, send_dressed)
                else:
                    await self._app(scope, receive, send_dressed)
            except ClientDisconnect:
                _log.info("client went away", method=scope["method"], path=scope["path"])
            except Exception:
                # The outermost net: logged whole here, never shown to the client.
                _log.exception("request broke", method=scope["method"], path=scope["path"])
                if status:
                    raise  # the response is half sent; only cutting the connection tells the client
                sorry = Problem(
                    "internal", f"The server's log has the reason under the request id {request_id}."
                )
                await sorry.response(scope["path"], request_id)(scope, receive, send_dressed)
            finally:
                seconds = time.monotonic() - began
                route = getattr(scope.get("route"), "path", "")
                self._observe(scope["method"], route, status, seconds)

    def _is_cross_site_write(self, method: str, headers: Headers) -> bool:
        """Whether this is a write that a page of another origin makes the browser send (CSRF)."""
        if method in SAFE_METHODS or is_own_page(headers):
            return False
        return not is_allowed(headers.get("origin"), self._origins)


def is_own_page(headers: Headers) -> bool:
    """Whether a request comes from a page of this origin, or from no page at all.

    Browsers set Sec-Fetch-Site themselves and scripts cannot (W3C Fetch Metadata), but not for addresses
    without encryption other than this machine's; Origin they send with every write (RFC 6454, 7.3). Pages on
    another port of the same host are of the same site, and of another origin. Other clients send neither.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITE
    origin = headers.get("origin")
    if origin is None:
        return True
    scheme, ours = origin.partition(":")[0], headers.get("host", "")
    address = _address(origin)
    return address is not None and address == _address(f"{scheme}://{ours}")


def _address(url: str) -> tuple[str, int] | None:
    """Host and port of an origin, the scheme's own port where none is named; None where it is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None
