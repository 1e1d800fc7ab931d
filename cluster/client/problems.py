"""Turns error responses, problem documents (RFC 9457) or others, into exceptions of `cluster.errors`."""

from __future__ import annotations

import httpx

from cluster.errors import (
    ConflictError,
    InvalidSettingsError,
    LimitExceededError,
    NotFoundError,
    ScenestreamError,
    UnavailableError,
    UsageError,
)

_BY_STATUS: dict[int, type[ScenestreamError]] = {
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    413: LimitExceededError,
    423: ConflictError,
    429: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def no_answer(base_url: str, error: Exception) -> UnavailableError:
    """The error for a request that got no response."""
    return UnavailableError(
        f"No answer from {base_url} ({error or type(error).__name__}). "
        "Is the stack up? `scenestream up` starts it, `scenestream status` shows it."
    )


def as_error(answer: httpx.Response) -> ScenestreamError:
    """The exception for a response with an error status: from its problem document, else from its status."""
    kind = answer.headers.get("content-type", "")
    if answer.request.method == "HEAD" and kind.startswith("application/problem+json"):
        return _told_by_status(answer)
    try:
        problem = answer.json()
        code = str(problem["code"])
        message = str(problem.get("detail") or problem.get("title"))
    except (ValueError, KeyError, TypeError):
        return _not_from_the_api(answer)
    if code == InvalidSettingsError.code:
        return InvalidSettingsError(message)
    return _class_of(answer)(message, code=code)


def _class_of(answer: httpx.Response) -> type[ScenestreamError]:
    return _BY_STATUS.get(answer.status_code, UsageError if answer.is_client_error else ScenestreamError)


def _told_by_status(answer: httpx.Response) -> ScenestreamError:
    """The exception for an answer to HEAD, which has no body: chosen by the status alone."""
    error = _class_of(answer)
    return error(f"{answer.status_code} {answer.reason_phrase} at {answer.url.path}.", code=error.code)


def _not_from_the_api(answer: httpx.Response) -> ScenestreamError:
    """The exception for an answer of Ray Serve's proxy, which answers in plain text while no API runs behind
    it: 404 before the first route is known, 5xx when the replica is gone. Both pass with time.
    """
    code, said = f"http_{answer.status_code}", f"{answer.status_code} {answer.reason_phrase}"
    if answer.status_code == 404 or answer.is_server_error:
        return UnavailableError(
            f"No API answers at {answer.url.copy_with(path='/', query=None)} ({said}): it is starting, or "
            "something else listens there. `scenestream status` shows the stack.",
            code=code,
        )
    return (UsageError if answer.is_client_error else ScenestreamError)(said, code=code)
