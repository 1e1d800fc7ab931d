"""Requests that may be repeated: with an Idempotency-Key the same answer comes again, and nothing is done
twice.

For requests whose whole effect is in PostgreSQL. Handing in videos has rules of its own, since files are
stored on the way (see `serve_app.videos.intake`), and so have orders of clips, which keep the
key with the order.
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
    """What `do` answers, a `model`, or what it answered to the first request with this key.

    On a worker thread, where `do` runs as well, in one transaction with the answer. Problem for what cannot
    be a key, ConflictError `idempotency_key_reused` for one that came with another request.
    """
    key = client_key(idempotency_key, caller_of(request).owner)
    if key is None:
        return do()
    same = f"{request.method} {request.url.path}\n{asked.model_dump_json()}".encode()
    answers = context_of(request).services.jobs.answers
    return model.model_validate_json(answers.once(key, same, lambda: do().model_dump_json().encode()))
