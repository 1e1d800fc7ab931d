"""A file in an S3 bucket that the operator allows, read with the server's own credentials (AWS_…).

Needs the extra `s3`. Blocking. Which buckets are allowed is decided before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from cluster.remote.errors import (
    SOURCE_DENIED,
    SOURCE_NOT_FOUND,
    SourceBrokeError,
    SourceChangedError,
    SourceError,
)
from cluster.remote.source import BLOCK_BYTES, Opened

_REQUEST_BYTES = 8 * BLOCK_BYTES  # small enough for a slow line within the driver's limit of 30 s a request
_DRIVER_PATIENCE = timedelta(seconds=10)  # beyond it, it is for the caller to try again


@contextmanager
def open_s3(bucket: str, key: str, start: int, validator: str | None) -> Iterator[Opened]:
    """The object from `start` on if its ETag is `validator`, else from 0; see `source.open_source`."""
    try:
        from obstore import exceptions as told
        from obstore.store import S3Store
    except ImportError as error:
        raise SourceError(
            "This installation cannot read s3://. Its operator installs the extra: "
            "pip install 'scenestream[s3]'."
        ) from error

    where = f"s3://{bucket}/{key}"

    def blocks(begin: int, size: int, etag: str | None) -> Iterator[bytes]:
        for at in range(begin, size, _REQUEST_BYTES):
            end = min(at + _REQUEST_BYTES, size)
            yield bytes(store.get(key, options={"range": (at, end), "if_match": etag}).bytes())

    try:
        store = S3Store(bucket, retry_config={"max_retries": 2, "retry_timeout": _DRIVER_PATIENCE})
        found = store.head(key)
        size, etag = found["size"], found["e_tag"]
        begin = start if etag is not None and etag == validator and start <= size else 0
        yield Opened(begin, size, etag, blocks(begin, size, etag))
    except (FileNotFoundError, told.NotFoundError) as error:
        raise SourceError(f"There is no object {where}.", code=SOURCE_NOT_FOUND) from error
    except (told.PermissionDeniedError, told.UnauthenticatedError) as error:
        raise SourceError(f"The server's credentials do not open {where}.", code=SOURCE_DENIED) from error
    except told.PreconditionError as error:
        raise SourceChangedError(f"{where} has changed meanwhile.") from error
    except (told.BaseError, OSError) as error:
        raise SourceBrokeError(f"{where} could not be read to the end.") from error
