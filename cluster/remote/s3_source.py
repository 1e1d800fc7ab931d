"""Downloads an object from an S3 bucket that the operator allows, with the server's own credentials (AWS_…).

Needs the extra `s3`. Blocking. `source.s3_object` checks before whether the bucket is allowed.
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

_REQUEST_BYTES = 8 << 20  # of one ranged request: at 300 kB/s it ends within `_REQUEST_S`
_REQUEST_S = 30.0  # seconds for one ranged request, however steadily its bytes come
# Seconds and attempts of botocore; after them the caller tries again.
_PATIENCE = {"connect_timeout": 5, "read_timeout": 10, "retries": {"mode": "standard", "max_attempts": 2}}
_CHANGED = ("412", "PreconditionFailed")


@contextmanager
def open_s3(bucket: str, key: str, start: int, validator: str | None) -> Iterator[OpenedSource]:
    """Reads the object from `start` on if its ETag is still `validator`, else from 0; see
    `source.open_source`.
    """
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
