"""The exception tree of everything above the segmentation library.

ScenestreamError               has a stable `code` and a message that says what to do
├── UsageError                 the request is wrong; the caller has to change it
│   ├── NotFoundError          no such video, upload, revision or thumbnail
│   ├── ConflictError          the state of the named resource does not allow the call
│   ├── InvalidSettingsError   segmentation settings or configuration out of their ranges
│   └── LimitExceededError     larger, longer or more than this installation takes
└── UnavailableError           a server (PostgreSQL, RabbitMQ, MongoDB, Redis, Ray) cannot be reached

Knows no HTTP; `serve_app` maps these to problem documents.
"""

from __future__ import annotations


class ScenestreamError(Exception):
    """Base of the tree. `code` is stable and made for programs, the message for people."""

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class UsageError(ScenestreamError):
    """The request is wrong, and the caller can correct it."""

    code = "bad_request"


class NotFoundError(UsageError):
    """The named resource does not exist, or no longer."""

    code = "not_found"


class ConflictError(UsageError):
    """The named resource exists, but its state forbids the call."""

    code = "conflict"


class InvalidSettingsError(UsageError):
    """A setting is unknown, of the wrong type or out of range; the message names it and its range."""

    code = "invalid_settings"


class LimitExceededError(UsageError):
    """Over a limit of this installation; the message names the limit."""

    code = "limit_exceeded"


class UnavailableError(ScenestreamError):
    """A server that is needed does not answer; the caller may try again later."""

    code = "unavailable"
