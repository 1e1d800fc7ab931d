"""Authentication middleware: checks the key, its scope and the rate limit of every request.

It runs before a body is read. Every path needs a key unless `is_open` says otherwise, so a new route is
protected without any code of its own. Whether the caller may see a certain video is decided later, by
`serve_app.access.visibility`, which reads the route's parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster.errors import ScenestreamError
from cluster.settings import AccessSettings
from cluster.stores.postgres.api_keys import Scope as KeyScope
from serve_app.access.auth import SESSION_COOKIE, Authenticator
from serve_app.access.callers import ANYBODY, Caller
from serve_app.access.rate_limits import Budgets, address_of, client_address
from serve_app.web.outer_middleware import SAFE_METHODS, is_own_page
from serve_app.web.problems import Problem, from_error

_log = structlog.get_logger(__name__)

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/openapi.json"})
_READS = frozenset({"GET", "HEAD"})
CHECK_AGAIN_S = 3.0
"""Interval at which the key of an open event stream is checked again; a stream can stay open for hours."""
_THREADS = 16
"""Threads of the middleware alone, so that look-ups that wait for PostgreSQL do not hold up requests."""


def is_open(method: str, path: str) -> bool:
    """Whether this call never needs a key: probes, the OpenAPI document, OPTIONS, and signing out."""
    return path in OPEN_PATHS or method == "OPTIONS" or (method, path) == ("DELETE", "/session")


def needed_scope(method: str, path: str) -> KeyScope | None:
    """The scope that a key needs for a call; None: any valid key.

    All calls below /uploads need `write`, also HEAD, which tells the offset: so a key with `write` alone can
    upload with tus.
    """
    if path == "/session":
        return None
    if path in {"/keys", "/audit"} or path.startswith("/keys/"):
        return KeyScope.ADMIN
    if path.startswith("/uploads"):
        return KeyScope.WRITE
    return KeyScope.READ if method in _READS else KeyScope.WRITE


@dataclass(frozen=True, slots=True)
class _Admitted:
    caller: Caller
    headers: dict[str, str]
    budget: str | None = None  # name of the rate limit that its requests count against; None: no limit


class AuthMiddleware:
    """ASGI middleware, see the module. Stores the caller in the scope's state, see `caller_of`."""

    def __init__(
        self, app: ASGIApp, authenticator: Authenticator, budgets: Budgets, settings: AccessSettings
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._budgets = budgets
        self._settings = settings
        self._threads = CapacityLimiter(_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        try:
            admitted = await self._admit(scope)
        except (Problem, ScenestreamError) as error:
            problem = error if isinstance(error, Problem) else from_error(error)
            if problem.kind.status >= 500:
                _log.warning("request failed", code=problem.code, error=problem.detail, path=scope["path"])
            await problem.response(scope["path"], state.get("request_id"))(scope, receive, send)
            return
        state["caller"] = admitted.caller
        state["client_id"] = admitted.caller.owner or self._address(scope, Headers(scope=scope))
        state["address"] = address_of(scope, Headers(scope=scope), self._settings.trusted_proxies)
        state["spend"] = self._spender(scope["method"], admitted.budget)
        streaming = _Streaming(self, admitted, send)
        await self._app(scope, receive, streaming.send)

    async def still_good(self, caller: Caller) -> bool:
        """Whether the key of an open event stream is still valid; True while PostgreSQL does not answer."""
        try:
            return await to_thread.run_sync(self._authenticator.still_good, caller, limiter=self._threads)
        except ScenestreamError:
            return True  # PostgreSQL does not answer; the stream itself tells what follows from that

    def _spender(self, method: str, budget: str | None) -> Callable[[int], object] | None:
        """What counts further requests against the limit, see `serve_app.access.rate_limits.charge`."""
        return None if budget is None else partial(self._budgets.spend, method, budget)

    async def _admit(self, scope: Scope) -> _Admitted:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        keyed = self._authenticator.needs_key(scope) and not is_open(scope["method"], path)
        limited = self._authenticator.applies(self._settings.limits, scope) and path not in OPEN_PATHS
        if not keyed and not limited:
            return _Admitted(ANYBODY, {})
        return await to_thread.run_sync(
            partial(self._check, scope, path, keyed=keyed, limited=limited), limiter=self._threads
        )

    def _check(self, scope: Scope, path: str, *, keyed: bool, limited: bool) -> _Admitted:
        method, headers = scope["method"], Headers(scope=scope)
        address = self._address(scope, headers)
        if not keyed:
            return self._admitted(method, ANYBODY, address if limited else None)
        if limited and "authorization" in headers and not self._authenticator.known(headers):
            self._budgets.spend("GET", address)  # so guesses of keys reach the limit, not PostgreSQL
        cookie = cookie_parser(headers.get("cookie", "")).get(SESSION_COOKIE, "")
        caller = self._authenticator.identify(method, path, scope["query_string"], headers, cookie)
        if caller.way == "session" and method not in SAFE_METHODS and not is_own_page(headers):
            raise Problem("cross_site", "A signed-in browser may change things only from its own page.")
        needed = needed_scope(method, path)
        if caller.way != "link" and needed is not None and not caller.may(needed):
            raise Problem(
                "forbidden",
                f"This needs a key with the scope `{needed}`; yours has {', '.join(sorted(caller.scopes))}.",
            )
        return self._admitted(method, caller, (caller.budget or address) if limited else None)

    def _address(self, scope: Scope, headers: Headers) -> str:
        return client_address(scope, headers, self._settings.trusted_proxies)

    def _admitted(self, method: str, caller: Caller, budget: str | None) -> _Admitted:
        told = {} if budget is None else self._budgets.spend(method, budget)
        return _Admitted(caller, told, budget)


class _Streaming:
    """Adds rate limit headers to one response; ends an event stream when its key is no longer valid."""

    def __init__(self, middleware: AuthMiddleware, admitted: _Admitted, send: Send) -> None:
        self._middleware = middleware
        self._admitted = admitted
        self._send = send
        self._events = False
        self._checked_at = time.monotonic()

    async def send(self, message: Message) -> None:
        """Forward one ASGI message of the application. ClientDisconnect after the stream was ended."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            self._events = headers.get("content-type", "").startswith("text/event-stream")
            for name, value in self._admitted.headers.items():
                headers.setdefault(name, value)
            if self._admitted.caller.way == "link":
                headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # pages of other sites may embed it
        elif self._events and await self._is_over():
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            raise ClientDisconnect  # also ends the generator that feeds the stream
        await self._send(message)

    async def _is_over(self) -> bool:
        caller = self._admitted.caller
        if caller.key is None or time.monotonic() - self._checked_at < CHECK_AGAIN_S:
            return False
        self._checked_at = time.monotonic()
        return not await self._middleware.still_good(caller)
