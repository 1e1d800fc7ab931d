"""Requests with retries where a repeat is harmless, and listings that are read page by page to their end.

Knows HTTP; does not know the routes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx

from cluster.client.problems import as_error
from cluster.client.steps import Call, Emit, Flow, Op, Pause, answered
from cluster.contract.protocol import IDEMPOTENCY_KEY
from cluster.errors import UnavailableError, UsageError

TRIES = 4
"""Attempts of one repeatable request, about two seconds in all: enough for a replica that is replaced. `wait`
and uploads have patience of their own for longer outages.
"""

MAX_RETRY_AFTER_S = 30.0  # a longer `Retry-After` is raised to the caller instead of waited for
MAX_RESTARTS = 10  # of one listing; only a list that changes faster than it is read needs as many

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})

Json = dict[str, Any]


def pause_s(attempt: int) -> float:
    """Seconds to wait after the failed attempt of this number, counted from 0."""
    return min(8.0, 0.25 * 2.0**attempt)


def new_key() -> str:
    """A new random Idempotency-Key."""
    return uuid.uuid4().hex


def request(
    method: str, path: str, *, streamed: bool = False, tries: int = TRIES, **options: Any
) -> Op[httpx.Response]:
    """Makes a request with retries and returns the response, if it is a success.

    Repeated up to `tries` times where nothing answered or the answer was 429, 502, 503 or 504, after the time
    that `Retry-After` gives. A request that changes something is repeated only if it carries an
    Idempotency-Key. Raises the exception that `cluster.client.problems` makes of the last answer.
    """
    call = Call(method, path, options, streamed)
    repeatable = method in _REPEATABLE or IDEMPOTENCY_KEY in (options.get("headers") or {})
    attempt = 0
    while True:
        after_s: float | None = None
        try:
            answer = yield from answered(call)
            if answer.is_success:
                return answer
            error = as_error(answer)
            after_s = _retry_after_s(answer)
        except UnavailableError as broken:
            error = broken
        attempt += 1
        may_pass = isinstance(error, UnavailableError) and (after_s is None or after_s <= MAX_RETRY_AFTER_S)
        if not repeatable or not may_pass or attempt >= tries:
            raise error
        yield Pause(max(after_s or 0.0, pause_s(attempt - 1)))


def fetched(method: str, path: str, **options: Any) -> Op[Any]:
    """Makes a request with retries and returns the JSON of its answer."""
    answer = yield from request(method, path, **options)
    return answer.json()


def given(**values: Any) -> Json:
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def each(path: str, params: Json, identity: Callable[[Any], object]) -> Flow[Any]:
    """Yields every item of a listing, page by page.

    If the server no longer knows the cursor, it starts again from the first page and leaves out the items
    that it has yielded before; `identity` gives the name of an item.
    """
    seen: set[object] = set()
    cursor: str | None = None
    restarts = 0
    while True:
        try:
            page = yield from fetched("GET", path, params=params | given(cursor=cursor))
        except UsageError as error:
            if error.code != "bad_cursor" or cursor is None or restarts >= MAX_RESTARTS:
                raise
            cursor, restarts = None, restarts + 1
            continue
        for item in page["items"]:
            key = identity(item)
            if key not in seen:
                seen.add(key)
                yield Emit(item)
        cursor = page["next_cursor"]
        if cursor is None:
            return


def whole(path: str, params: Json, version: Callable[[Json], object]) -> Op[list[Any]]:
    """Reads a whole listing whose items must all be of one version.

    `version` gives the version of a page; a listing that changed between two pages is read again from the
    start.
    """
    for restart in range(MAX_RESTARTS + 1):
        items: list[Any] = []
        cursor: str | None = None
        begun_with: object = None
        while True:
            try:
                page = yield from fetched("GET", path, params=params | given(cursor=cursor))
            except UsageError as error:
                if error.code != "bad_cursor" or cursor is None or restart == MAX_RESTARTS:
                    raise
                break
            if cursor is None:
                begun_with = version(page)
            elif version(page) != begun_with:
                break
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items
    raise UnavailableError(f"{path} changed faster than it could be read; read it again later.")


def _retry_after_s(answer: httpx.Response) -> float | None:
    """`Retry-After` in seconds (RFC 9110 section 10.2.3); the API does not send its other form, a date."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() else None
