"""Downloads a file over http(s) from any byte on: Range and If-Range (RFC 9110, sections 13.1.5 and 14).

Each hop of a redirect is resolved and checked again, and the connection goes to the checked address. Values
from the other server (addresses, lengths, entity tags) are not trusted. Blocking; the caller's `Line` ends
it. Knows neither stores nor the number of retries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import httpx

from cluster.remote.addresses import Target, parse_url, resolve
from cluster.remote.errors import (
    SOURCE_DENIED,
    SOURCE_NOT_FOUND,
    SourceBrokeError,
    SourceChangedError,
    SourceError,
)
from cluster.remote.line import Line
from cluster.remote.opened import OpenedSource, SourceRules

MAX_REDIRECTS = 5  # no measurement: download sites need two or three, and a circle must end
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 421, 425, 429, 500, 502, 503, 504})  # transient statuses: a retry may help
_DENIED = frozenset({401, 402, 403, 407, 451})  # statuses that ask for rights we do not have
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_LENGTH = re.compile(r"[0-9]{1,18}")
# A date is strong only if the file cannot have changed twice within it (RFC 9110, section 8.8.2.2).
_DATE_SETTLED = timedelta(seconds=60)


@contextmanager
def open_http(
    url: str, start: int, validator: str | None, rules: SourceRules, line: Line
) -> Iterator[OpenedSource]:
    """See `cluster.remote.source.open_source`."""
    timeout = httpx.Timeout(rules.idle_timeout_s, connect=rules.connect_timeout_s)
    host = parse_url(url).hostname
    with ExitStack() as stack:
        stack.enter_context(_failures(host, line))
        # No proxies of the environment: a proxy would choose the address itself, unchecked.
        client = stack.enter_context(httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False))
        for _ in range(MAX_REDIRECTS + 1):
            target = resolve(url, rules.addresses, rules.connect_timeout_s)
            with line.dropped_after(rules.connect_timeout_s + rules.idle_timeout_s):
                answer = stack.enter_context(
                    client.stream(
                        "GET",
                        target.url,
                        headers=_asked(target, start, validator),
                        extensions={**target.extensions, "trace": _holding(line)},
                    )
                )
            if answer.status_code not in _REDIRECTS:
                yield _opened(answer, target, start, validator, line)
                return
            url = _led_to(url, answer, target)
            answer.close()
    raise SourceError(f"The address leads through more than {MAX_REDIRECTS} redirects.")


def _holding(line: Line) -> Callable[[str, dict[str, Any]], None]:
    """A trace callback for httpx, which calls it at each step: reports every new connection to `line`."""

    def hold(_step: str, told: dict[str, Any]) -> None:
        look_up = getattr(told.get("return_value"), "get_extra_info", None)  # a stream of the network has it
        if look_up is not None:
            line.hold(look_up("socket"))

    return hold


def _asked(target: Target, start: int, validator: str | None) -> dict[str, str]:
    headers = {"Host": target.host_header, "Accept-Encoding": "identity", "Accept": "*/*"}
    # Other text cannot be sent in a header; an earlier version of this program may have stored some.
    if start and validator and _is_plain(validator):
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    return headers


def _opened(
    answer: httpx.Response, target: Target, start: int, validator: str | None, line: Line
) -> OpenedSource:
    status = answer.status_code
    if status not in {200, 206}:
        raise _refusal(status, target.host)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceError(f"{target.host} sends the file compressed, though asked not to.")
    blocks = _blocks(answer, target.host, line)
    found = _validator(answer)
    if status == 200:
        length = answer.headers.get("Content-Length", "")
        return OpenedSource(0, int(length) if _LENGTH.fullmatch(length) else None, found, blocks)
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != start or not start:
        raise SourceChangedError(f"{target.host} answered with another part of the file than was asked for.")
    if found is not None and found != validator:
        raise SourceChangedError(f"The file at {target.host} has changed meanwhile.")
    return OpenedSource(start, None if match[3] == "*" else int(match[3]), validator, blocks)


def _blocks(answer: httpx.Response, host: str, line: Line) -> Iterator[bytes]:
    """Yields the bytes as they arrive. Blocks of a fixed size would be collected, and lost when the source
    breaks off.
    """
    yield from answer.iter_raw()
    if line.is_cut:  # an end of the connection may pass for the end of the file
        raise SourceBrokeError(f"The connection to {host} was ended.")


def _validator(answer: httpx.Response) -> str | None:
    """The strong validator of this version of the file for If-Range: ETag, else date; None without one."""
    etag = answer.headers.get("ETag", "")
    if not _is_plain(etag):
        return None
    if etag.startswith('"'):
        return str(etag)
    try:
        modified = parsedate_to_datetime(answer.headers["Last-Modified"])
        settled = parsedate_to_datetime(answer.headers["Date"]) - modified >= _DATE_SETTLED
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    date = str(answer.headers["Last-Modified"])
    return date if settled and not etag and _is_plain(date) else None


def _is_plain(text: str) -> bool:
    """Whether the text can be sent in a header."""
    return text.isascii() and text.isprintable()


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
def _failures(host: str | None, line: Line) -> Iterator[None]:
    try:
        yield
    except httpx.InvalidURL as error:
        raise SourceError(f"{host} leads to what is not a URL ({error}).") from error
    except httpx.UnsupportedProtocol as error:
        raise SourceError(f"{host} cannot be read ({error}).") from error
    except httpx.HTTPError as error:
        if line.is_cut:
            raise SourceBrokeError(f"{host} took too long to answer.") from error
        reason = str(error) or type(error).__name__
        raise SourceBrokeError(f"{host} could not be read to the end ({reason}).") from error


def _led_to(url: str, answer: httpx.Response, target: Target) -> str:
    """The URL that a redirect leads to, not checked yet."""
    location = answer.headers.get("Location")
    if not location:
        raise SourceError(f"{target.host} answered with a redirect that leads nowhere.")
    try:
        return urljoin(url, str(location))
    except ValueError as error:
        raise SourceError(f"{target.host} leads to what is not a URL ({error}).") from error
