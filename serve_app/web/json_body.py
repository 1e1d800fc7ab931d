"""Reads a small JSON body into a pydantic model, up to a maximal length. Knows no route."""

from __future__ import annotations

from typing import Any, TypeVar

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError

from cluster.contract.problems import FieldProblem
from serve_app.web.concurrency import read_small
from serve_app.web.problems import Problem

MAX_JSON_BYTES = 64 << 10
"""Longest JSON body, unless a route allows more. Longer ones are checked on a thread."""
MAX_ERRORS = 20
"""Wrong fields that one answer names: a list that is wrong all over has thousands."""

JSON_TYPE = "application/json"

Model = TypeVar("Model", bound=BaseModel)


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of `model` with every `$ref` replaced by its definition.

    FastAPI collects definitions only for bodies that it reads itself, and these bodies a route reads.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(item) for item in part]
        if not isinstance(part, dict):
            return part
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name in definitions:
            return whole(definitions[name])
        return {key: whole(value) for key, value in part.items()}

    found: dict[str, Any] = whole(schema)
    return found


def json_request(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route whose JSON body is a `model`."""
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body_schema(model)}}}
    }


async def read_json(request: Request, model: type[Model], max_bytes: int = MAX_JSON_BYTES) -> Model:
    """The request's body as a `model`.

    Raises Problem `unsupported_media_type` unless the request says that its body is JSON: a page of another
    site can make a browser send JSON as text or as a form without asking first (CORS), but not as JSON.
    Raises Problem `bad_json` for a body that is not JSON, `invalid_request` for JSON of another shape,
    `too_large` beyond `max_bytes`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON_TYPE:
        raise Problem("unsupported_media_type", f"Send the body as {JSON_TYPE}.")
    body = await read_small(request.stream(), max_bytes, "The JSON body")
    if len(body) <= MAX_JSON_BYTES:
        return _parsed(bytes(body), model)
    return await to_thread.run_sync(_parsed, bytes(body), model)


def _parsed(body: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise body_problem(error, model) from error


def body_problem(error: ValidationError, model: type[BaseModel]) -> Problem:
    """The Problem that tells a client what is wrong with its body: the first MAX_ERRORS fields."""
    count = error.error_count()
    items = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_ERRORS]
    wrong = [
        FieldProblem(where=".".join(["body", *(str(part) for part in item["loc"])]), message=item["msg"])
        for item in items
    ]
    lines = [f"{item.where}: {item.message}" for item in wrong]
    if count > len(wrong):
        lines.append(f"and {count - len(wrong)} more")
    detail = "; ".join(lines)
    if any(item["type"] == "json_invalid" for item in items):
        return Problem("bad_json", f"Send a JSON object with {', '.join(model.model_fields)}. {detail}")
    return Problem("invalid_request", detail, errors=wrong)
