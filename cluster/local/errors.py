"""Errors of the local stack; each message says what to do about it."""

from __future__ import annotations

from cluster.errors import ConflictError, ScenestreamError, UnavailableError


class LocalStackError(ScenestreamError):
    """A part could not be started, watched or stopped; the message ends with the last lines of its log."""

    code = "local_stack"


class MissingServerError(LocalStackError):
    """A part's program is not installed; the message names the package or the setting to use instead."""

    code = "missing_server"


class StackBusyError(ConflictError):
    """Another process is starting, running or stopping servers in the same var directory."""

    code = "stack_busy"


class NotReadyError(UnavailableError):
    """A health probe failed: the part does not answer (yet). The code that probes handles it."""

    code = "not_ready"
