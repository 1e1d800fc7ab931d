"""Errors of outbound requests, by whether a retry can help: never, later, or from the first byte."""

from __future__ import annotations

from cluster.errors import ScenestreamError, UsageError

ADDRESS_REFUSED = "address_refused"
IMPORT_FAILED = "import_failed"
SOURCE_NOT_FOUND = "source_not_found"
SOURCE_DENIED = "source_denied"
LIMIT_EXCEEDED = "limit_exceeded"


class AddressRefusedError(UsageError):
    """The address is not allowed; no connection is made."""

    code = ADDRESS_REFUSED


class SourceError(ScenestreamError):
    """The source refuses this file; a retry would fail in the same way."""

    code = IMPORT_FAILED


class SourceBrokeError(ScenestreamError):
    """The source broke off, is away or overloaded; a later retry may help."""

    code = IMPORT_FAILED


class SourceChangedError(ScenestreamError):
    """The file has changed since its first bytes were downloaded; start again from byte 0."""

    code = IMPORT_FAILED
