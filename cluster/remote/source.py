"""Opens the file at an address (http, https or s3) at a byte; `http_source` and `s3_source` read it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from urllib.parse import unquote

from cluster.remote.addresses import check_url, parse_url
from cluster.remote.errors import AddressRefusedError
from cluster.remote.http_source import open_http
from cluster.remote.line import Line
from cluster.remote.opened import OpenedSource, SourceRules
from cluster.remote.s3_source import open_s3


def check_source(url: str, rules: SourceRules) -> None:
    """Raises AddressRefusedError for an address that can be refused without using the network."""
    if parse_url(url).scheme == "s3":
        s3_object(url, rules.s3_buckets)
    else:
        check_url(url, rules.addresses)


def open_source(
    url: str, start: int, validator: str | None, rules: SourceRules, line: Line
) -> AbstractContextManager[OpenedSource]:
    """Opens the file at `url` at byte `start` if it is still the version that `validator` names, else at byte
    0.

    Closing `line` ends it from another thread (s3: at its next block, which has a timeout of its own).
    Raises SourceError, SourceBrokeError, SourceChangedError and AddressRefusedError, also out of the blocks.
    """
    if parse_url(url).scheme == "s3":
        return open_s3(*s3_object(url, rules.s3_buckets), start, validator)
    return open_http(url, start, validator, rules, line)


def s3_object(url: str, buckets: tuple[str, ...]) -> tuple[str, str]:
    """Bucket and key of an s3:// URL; AddressRefusedError unless the bucket is allowed."""
    parts = parse_url(url)
    bucket, key = parts.netloc, unquote(parts.path.lstrip("/"))
    if not key or not key.isprintable() or parts.query or parts.fragment:
        raise AddressRefusedError("Name one object: s3://bucket/path/film.mp4.")
    if bucket not in buckets:
        raise AddressRefusedError(
            f"The bucket {bucket!r} is not one this installation imports from; the operator lists them in "
            "imports.s3_buckets. A pre-signed https:// address works without that."
        )
    return bucket, key


def file_name(url: str) -> str:
    """The last part of the URL's path; may be empty. AddressRefusedError if it is no URL."""
    return unquote(parse_url(url).path.rstrip("/").rsplit("/", 1)[-1])
