"""Idempotency keys: replays the stored response of the first request with the same key.

For requests whose whole effect is in PostgreSQL. New videos have rules of their own, because files are stored
on the way (see `serve_app.videos.intake`); orders of clips keep the key in their own table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Header, Request
from pydantic import BaseModel

from serve_app.access.callers import caller_of
from serve_app.context import context_of
from serve_app.videos.intake import client_key

IdempotencyKey = Annotated[
    str | None, Header(description="A repeat with the same key within a day gives the same answer")
]

Answer = TypeVar("Answer", bound=BaseModel)


def once(
    request: Request,
    idempotency_key: str | None,
    asked: BaseModel,
    model: type[Answer],
    do: Callable[[], Answer],
) -> Answer:
    """Run `do` and store its response, a `model`; for a key used before, return the stored response.

    Blocks, so call it on a worker thread. `do` and the storing of its response are one transaction. Raises
    Problem for a malformed key, ConflictError `idempotency_key_reused` for a key of another request.
    """
    key = client_key(idempotency_key, caller_of(request).owner)
    if key is None:
        return do()
    same = f"{request.method} {request.url.path}\n{asked.model_dump_json()}".encode()
    answers = context_of(request).services.jobs.answers
    return model.model_validate_json(answers.once(key, same, lambda: do().model_dump_json().encode()))
