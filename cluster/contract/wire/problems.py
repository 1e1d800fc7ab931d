"""Problem documents (RFC 9457)."""

from __future__ import annotations

from typing import TypedDict


class FieldProblem(TypedDict):
    """One wrong parameter of a request."""

    where: str
    message: str


class Problem(TypedDict):
    """What went wrong; programs look at `code`, people read `detail`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    request_id: str | None
    errors: list[FieldProblem] | None
