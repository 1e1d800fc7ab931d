"""A file at an address, opened at some byte of it; how it is read is in http_source and s3_source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from urllib.parse import unquote

from cluster.remote.addresses import AddressRules, check_url, parse_url
from cluster.remote.errors import AddressRefusedError
from cluster.remote.line import Line


@dataclass(frozen=True, slots=True)
class Opened:
    """`blocks`, as they come, begin at byte `start` of `total` (None: the source does not tell).

    `validator` names this version of the file; None: the source has no name for it, so a broken transfer
    begins again.
    """

    start: int
    total: int | None
    validator: str | None
    blocks: Iterator[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What may be fetched, and how patient one connection is."""

    addresses: AddressRules = field(default_factory=AddressRules)
    s3_buckets: tuple[str, ...] = ()
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 30.0


def check_source(url: str, rules: SourceRules) -> None:
    """AddressRefusedError for what is not fetched from, as far as that can be told without any network."""
    if parse_url(url).scheme == "s3":
        s3_object(url, rules.s3_buckets)
    else:
        check_url(url, rules.addresses)


def open_source(
    url: str, start: int, validator: str | None, rules: SourceRules, line: Line
) -> AbstractContextManager[Opened]:
    """The file at `url` from byte `start` on, if it still is the one that `validator` names; else from 0.

    Closing `line` ends it from another thread (s3: at its next block, which has a time limit of its own).
    Raises SourceError, SourceBrokeError, SourceChangedError and AddressRefusedError, also out of the blocks.
    """
    if parse_url(url).scheme == "s3":
        from cluster.remote.s3_source import open_s3  # the driver is an extra

        return open_s3(*s3_object(url, rules.s3_buckets), start, validator)
    from cluster.remote.http_source import open_http

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
