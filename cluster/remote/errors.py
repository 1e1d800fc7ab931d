"""Why a file could not be fetched, and whether trying again can help."""

from __future__ import annotations

from cluster.errors import ScenestreamError, UsageError

ADDRESS_REFUSED = "address_refused"
IMPORT_FAILED = "import_failed"
SOURCE_NOT_FOUND = "source_not_found"
SOURCE_DENIED = "source_denied"
LIMIT_EXCEEDED = "limit_exceeded"


class AddressRefusedError(UsageError):
    """Nothing connects there, whatever it is."""

    code = ADDRESS_REFUSED


class SourceError(ScenestreamError):
    """The source will not give this file; another try would end in the same way."""

    code = IMPORT_FAILED


class SourceBrokeError(ScenestreamError):
    """The source stopped in the middle, is away or overloaded; it may go on later."""

    code = IMPORT_FAILED


class SourceChangedError(ScenestreamError):
    """It is not the file any more whose beginning was fetched; begin again."""

    code = IMPORT_FAILED
