"""JSON bodies that a route reads itself: what is answered to wrong ones, and where large ones are checked."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, field_validator

from serve_app.web.json_body import MAX_ERRORS, MAX_JSON_BYTES, read_json
from serve_app.web.problems import Problem


class Numbers(BaseModel):
    """`seen`: the threads that checked one."""

    numbers: list[int]
    padding: str = ""

    @field_validator("padding")
    @classmethod
    def _note_thread(cls, padding: str) -> str:
        seen.append(threading.get_ident())
        return padding


seen: list[int] = []


class Body:
    """What `read_json` needs of a request."""

    def __init__(self, content: bytes, kind: str | None = "application/json; charset=utf-8") -> None:
        self._content = content
        self.headers = {} if kind is None else {"content-type": kind}

    async def stream(self) -> AsyncIterator[bytes]:
        yield self._content


def read(content: Any) -> Numbers:
    request: Any = Body(content if isinstance(content, bytes) else json.dumps(content).encode())
    return anyio.run(read_json, request, Numbers, 4 << 20)


def test_a_body_that_is_wrong_all_over_has_a_bounded_answer() -> None:
    with pytest.raises(Problem) as caught:
        read({"numbers": ["x"] * 1000})

    assert caught.value.code == "invalid_request"
    assert len(caught.value.errors or ()) == MAX_ERRORS
    assert caught.value.detail.startswith("body.numbers.0: ")
    assert caught.value.detail.endswith(f"; and {1000 - MAX_ERRORS} more")


def test_few_errors_are_all_told() -> None:
    with pytest.raises(Problem) as caught:
        read({"numbers": [1, "x", "y"]})

    assert [one.where for one in caught.value.errors or ()] == ["body.numbers.1", "body.numbers.2"]
    assert "more" not in caught.value.detail
    with pytest.raises(Problem) as caught:
        read(b"{")
    assert caught.value.code == "bad_json"


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_json_that_a_page_can_send_without_asking_is_refused(kind: str | None) -> None:
    """A browser sends these to any site without a preflight request, so they may be another site's."""
    with pytest.raises(Problem) as caught:
        anyio.run(read_json, Body(b'{"numbers": [1]}', kind), Numbers)

    assert (caught.value.code, caught.value.kind.status) == ("unsupported_media_type", 415)


@pytest.mark.parametrize(("padding", "on_the_loop"), [(10, True), (MAX_JSON_BYTES, False)])
def test_large_bodies_are_checked_beside_the_event_loop(padding: int, on_the_loop: bool) -> None:
    seen.clear()
    assert read({"numbers": [1], "padding": "x" * padding}).numbers == [1]

    assert (seen == [threading.get_ident()]) is on_the_loop
    assert len(seen) == 1
