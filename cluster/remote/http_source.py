"""A file over http(s), from any byte on: Range and If-Range (RFC 9110, sections 13.1.5 and 14).

Each hop of a redirect is resolved and judged anew, and the connection goes to the judged address. Blocking.
Knows neither stores nor how often to try.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import httpx

from cluster.remote.addresses import Target, resolve
from cluster.remote.errors import (
    SOURCE_DENIED,
    SOURCE_NOT_FOUND,
    SourceBrokeError,
    SourceChangedError,
    SourceError,
)
from cluster.remote.source import BLOCK_BYTES, Opened, SourceRules

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 421, 425, 429, 500, 502, 503, 504})
_DENIED = frozenset({401, 402, 403, 407, 451})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
# A date is strong only if the file cannot have changed twice within it (RFC 9110, section 8.8.2.2).
_DATE_SETTLED = timedelta(seconds=60)


@contextmanager
def open_http(url: str, start: int, validator: str | None, rules: SourceRules) -> Iterator[Opened]:
    """See `cluster.remote.source.open_source`."""
    timeout = httpx.Timeout(rules.idle_timeout_s, connect=rules.connect_timeout_s)
    host = urlsplit(url).hostname
    # Proxies of the environment are not used: they would choose the address, and nobody would have judged it.
    with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client, _failures(host):
        for _ in range(MAX_REDIRECTS + 1):
            target = resolve(url, rules.addresses)
            with client.stream(
                "GET",
                target.url,
                headers=_asked(target, start, validator),
                extensions=target.extensions,
            ) as answer:
                if answer.status_code in _REDIRECTS:
                    url = urljoin(url, _location(answer, target))
                    continue
                yield _opened(answer, target, start, validator)
                return
    raise SourceError(f"The address leads through more than {MAX_REDIRECTS} redirects.")


def _asked(target: Target, start: int, validator: str | None) -> dict[str, str]:
    headers = {"Host": target.host_header, "Accept-Encoding": "identity", "Accept": "*/*"}
    if start and validator:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    return headers


def _opened(answer: httpx.Response, target: Target, start: int, validator: str | None) -> Opened:
    status = answer.status_code
    if status not in {200, 206}:
        raise _refusal(status, target.host)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceError(f"{target.host} sends the file compressed, though asked not to.")
    blocks = answer.iter_raw(BLOCK_BYTES)
    found = _validator(answer)
    if status == 200:
        length = answer.headers.get("Content-Length", "")
        return Opened(0, int(length) if length.isdigit() else None, found, blocks)
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != start or not start:
        raise SourceChangedError(f"{target.host} answered with another part of the file than was asked for.")
    if found is not None and found != validator:
        raise SourceChangedError(f"The file at {target.host} has changed meanwhile.")
    return Opened(start, None if match[3] == "*" else int(match[3]), validator, blocks)


def _validator(answer: httpx.Response) -> str | None:
    """A strong name for this version of the file, good for If-Range; None where there is none."""
    etag = answer.headers.get("ETag", "")
    if etag.startswith('"'):
        return str(etag)
    try:
        modified = parsedate_to_datetime(answer.headers["Last-Modified"])
        settled = parsedate_to_datetime(answer.headers["Date"]) - modified >= _DATE_SETTLED
    except (KeyError, ValueError, TypeError):
        return None
    return str(answer.headers["Last-Modified"]) if settled and not etag else None


def _refusal(status: int, host: str) -> SourceError | SourceBrokeError | SourceChangedError:
    if status == 416:
        return SourceChangedError(f"The file at {host} has become shorter meanwhile.")
    if status in _PASSING:
        return SourceBrokeError(f"{host} answered {status}.")
    if status in {404, 410}:
        return SourceError(f"{host} has no such file ({status}). Check the address.", code=SOURCE_NOT_FOUND)
    if status in _DENIED:
        return SourceError(f"{host} does not give the file to us ({status}).", code=SOURCE_DENIED)
    return SourceError(f"{host} answered {status}, not a file.")


@contextmanager
def _failures(host: str | None) -> Iterator[None]:
    try:
        yield
    except httpx.InvalidURL as error:
        raise SourceError(f"{host} leads to what is not a URL ({error}).") from error
    except httpx.UnsupportedProtocol as error:
        raise SourceError(f"{host} cannot be read ({error}).") from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise SourceBrokeError(f"{host} could not be read to the end ({reason}).") from error


def _location(answer: httpx.Response, target: Target) -> str:
    location = answer.headers.get("Location")
    if not location:
        raise SourceError(f"{target.host} answered with a redirect that leads nowhere.")
    return str(location)
