"""What can go wrong with servers of one's own, in words that say what to do."""

from __future__ import annotations

from cluster.errors import ConflictError, ScenestreamError, UnavailableError


class LocalStackError(ScenestreamError):
    """A part of the local stack could not be started, watched or stopped; the message has its log's tail."""

    code = "local_stack"


class MissingServerError(LocalStackError):
    """No program for this part is installed; the message names the package or the setting that helps."""

    code = "missing_server"


class StackBusyError(ConflictError):
    """Another process is starting, running or stopping servers in the same var directory."""

    code = "stack_busy"


class NotReadyError(UnavailableError):
    """The part runs but does not answer yet. Only the start-up loop sees it."""

    code = "not_ready"
