"""A file in an S3 bucket that the operator allows, read with the server's own credentials (AWS_…).

Needs the extra `s3`. Blocking. Which buckets are allowed is decided before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cluster.remote.errors import (
    SOURCE_DENIED,
    SOURCE_NOT_FOUND,
    SourceBrokeError,
    SourceChangedError,
    SourceError,
)
from cluster.remote.opened import OpenedSource

_REQUEST_BYTES = 8 << 20  # small enough for a slow line within the time of a request
_REQUEST_S = 30.0
# Beyond it, it is for the caller to try again.
_PATIENCE = {"connect_timeout": 5, "read_timeout": 10, "retries": {"mode": "standard", "max_attempts": 2}}
_CHANGED = ("412", "PreconditionFailed")


@contextmanager
def open_s3(bucket: str, key: str, start: int, validator: str | None) -> Iterator[OpenedSource]:
    """The object from `start` on if its ETag is `validator`, else from 0; see `source.open_source`."""
    try:
        from botocore.exceptions import NoCredentialsError

        from cluster.stores.media.s3_requests import DRIVER_ERRORS, S3Requests, error_code
    except ImportError as error:
        raise SourceError(
            "This installation cannot read s3://. Its operator installs the extra: "
            "pip install 'scenestream[s3]'."
        ) from error

    where = f"s3://{bucket}/{key}"
    requests = S3Requests(bucket, _PATIENCE, tries=1)

    def blocks(begin: int, size: int, etag: str) -> Iterator[bytes]:
        for at in range(begin, size, _REQUEST_BYTES):
            yield requests.get(key, at, min(at + _REQUEST_BYTES, size), etag, _REQUEST_S)

    try:
        found = requests.head(key)
        begin = start if found.etag == validator and start <= found.bytes else 0
        yield OpenedSource(begin, found.bytes, found.etag, blocks(begin, found.bytes, found.etag))
    except FileNotFoundError as error:
        raise SourceError(f"There is no object {where}.", code=SOURCE_NOT_FOUND) from error
    except (PermissionError, NoCredentialsError) as error:
        raise SourceError(f"The server's credentials do not open {where}.", code=SOURCE_DENIED) from error
    except DRIVER_ERRORS as error:
        if error_code(error) in _CHANGED:
            raise SourceChangedError(f"{where} has changed meanwhile.") from error
        raise SourceBrokeError(f"{where} could not be read to the end.") from error
    finally:
        requests.close()
