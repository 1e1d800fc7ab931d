"""A small JSON body as a model, read no further than it may be long. Knows no route."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from serve_app.gate import read_small
from serve_app.problems import FieldProblem, Problem

MAX_JSON_BYTES = 64 << 10

Model = TypeVar("Model", bound=BaseModel)


async def read_json(request: Request, model: type[Model]) -> Model:
    """The request's body.

    Problem `bad_json` for what is no JSON, `invalid_request` for JSON of another shape, `too_large` beyond
    MAX_JSON_BYTES.
    """
    body = await read_small(request.stream(), MAX_JSON_BYTES, "The JSON body")
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise _problem(error, model) from error


def _problem(error: ValidationError, model: type[BaseModel]) -> Problem:
    items = error.errors(include_url=False)
    wrong = [
        FieldProblem(where=".".join(["body", *(str(part) for part in item["loc"])]), message=item["msg"])
        for item in items
    ]
    detail = "; ".join(f"{item.where}: {item.message}" for item in wrong)
    if any(item["type"] == "json_invalid" for item in items):
        return Problem("bad_json", f"Send a JSON object with {', '.join(model.model_fields)}. {detail}")
    return Problem("invalid_request", detail, errors=wrong)
