"""Turns every error of the API into a problem document (RFC 9457).

The document is `application/problem+json` with a stable `code` for programs and a `detail` for people that
says what to do. The codes stand in `cluster.contract.problems`. Does not know the routes that raise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Scope

from cluster.contract.problems import CODES, FieldProblem, ProblemDocument
from cluster.errors import (
    ConflictError,
    InvalidSettingsError,
    LimitExceededError,
    NotFoundError,
    ScenestreamError,
    UnavailableError,
    UsageError,
)

_log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 5
"""`Retry-After` of a 503: about the time that a restarted server needs until it answers."""


_CLASS_CODES: tuple[tuple[type[ScenestreamError], str], ...] = (
    (NotFoundError, "not_found"),
    (ConflictError, "conflict"),
    (InvalidSettingsError, "invalid_settings"),
    (LimitExceededError, "limit_exceeded"),
    (UsageError, "bad_request"),
    (UnavailableError, "unavailable"),
)


class Problem(Exception):  # noqa: N818 - it is what is sent, not only an error
    """An error that is answered with a problem document. `code` must be in `CODES`, else KeyError."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[FieldProblem] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = CODES[code]
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors
        if self.kind.status == 503:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_S))

    def document(self, path: str, request_id: str | None) -> ProblemDocument:
        """The body of the response."""
        return ProblemDocument(
            type=f"urn:scenestream:problem:{self.code}",
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            code=self.code,
            instance=path,
            request_id=request_id,
            errors=self.errors,
        )

    def response(self, path: str, request_id: str | None) -> JSONResponse:
        """The document as a response."""
        without = {"errors"} if self.errors is None else set()
        body = self.document(path, request_id).model_dump(exclude=without)
        return JSONResponse(body, self.kind.status, headers=self.headers, media_type=PROBLEM_JSON)


def from_error(error: ScenestreamError) -> Problem:
    """The Problem for an exception of `cluster`: its own code if `CODES` has it, else that of its class."""
    fallback = next((code for kind, code in _CLASS_CODES if isinstance(error, kind)), "internal")
    code = error.code if error.code in CODES else fallback
    return Problem(code, error.message)


def declared(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that can answer with these codes, for the OpenAPI document."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, "internal"):
        kind = CODES[code]
        entry = by_status.setdefault(
            kind.status, {"description": "", "content": {PROBLEM_JSON: {"schema": _PROBLEM_REF}}}
        )
        entry["description"] += f"{'; ' if entry['description'] else ''}`{code}`: {kind.title}"
        if kind.status in {429, 503}:
            entry["headers"] = {
                "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}
            }
    return by_status


_REFS = "#/components/schemas/{model}"
_PROBLEM_REF = {"$ref": _REFS.format(model="ProblemDocument")}


def _with_problem_schema(document: dict[str, Any]) -> dict[str, Any]:
    """Put the schema that `declared` refers to into an OpenAPI document."""
    schema = ProblemDocument.model_json_schema(ref_template=_REFS)
    parts = {**schema.pop("$defs", {}), "ProblemDocument": schema}
    document.setdefault("components", {}).setdefault("schemas", {}).update(parts)
    return document


def _allowed(app: FastAPI, scope: Scope) -> list[str]:
    """All methods of an address (RFC 9110 section 10.2.1); one route of Starlette knows only its own."""
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
    operations: dict[str, Any] = next(
        (
            found
            for template, found in app.openapi()["paths"].items()
            if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)
        ),
        {},
    )
    return sorted(method.upper() for method in operations)


def install(app: FastAPI) -> None:
    """Install exception handlers that answer every error of the application with a problem document."""

    def answer(request: Request, problem: Problem) -> JSONResponse:
        problem.headers |= getattr(request.state, "headers_of_problems", {})
        return problem.response(request.url.path, getattr(request.state, "request_id", None))

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return answer(request, error)

    async def on_ground_floor(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ScenestreamError)
        problem = from_error(error)
        if problem.kind.status >= 500:
            _log.warning("request failed", code=problem.code, error=error.message, path=request.url.path)
        return answer(request, problem)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        wrong = [
            FieldProblem(where=".".join(str(part) for part in item["loc"]), message=str(item["msg"]))
            for item in error.errors()
        ]
        detail = "; ".join(f"{item.where}: {item.message}" for item in wrong)
        return answer(request, Problem("invalid_request", detail, errors=wrong))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StarletteHTTPException)
        if error.status_code == 404:
            root = request.scope.get("root_path", "")
            problem = Problem(
                "no_such_path", f"Nothing answers at {request.url.path}. See {root}/openapi.json."
            )
        elif error.status_code == 405:
            problem = Problem(
                "method_not_allowed",
                f"{request.url.path} does not take {request.method}.",
                headers={"Allow": ", ".join(_allowed(app, request.scope))},
            )
        else:
            problem = Problem("bad_request", str(error.detail), headers=error.headers)
        return answer(request, problem)

    plain_openapi = app.openapi
    app.openapi = lambda: _with_problem_schema(plain_openapi())  # type: ignore[method-assign]
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(ScenestreamError, on_ground_floor)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(StarletteHTTPException, on_http)
