"""Fetching a file from a URL a client named: public addresses only, bounded, streamed.

Each hop of a redirect is resolved and judged anew, and the connection goes to the judged address (see
`serve_app.addresses`). Blocking; runs on a thread. Knows no store: it yields blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from serve_app.addresses import AddressPolicy, Target, is_public, resolve
from serve_app.forms import BLOCK_BYTES
from serve_app.problems import Problem

MAX_REDIRECTS = 5
_CONNECT_TIMEOUT_S = 10.0
_IDLE_TIMEOUT_S = 30.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Source:
    """An opened remote file: the name its URL suggests, and its blocks."""

    filename: str
    blocks: Iterator[bytes]


@contextmanager
def open_url(url: str, max_bytes: int, allowed: AddressPolicy = is_public) -> Iterator[Source]:
    """The file at `url`, of at most `max_bytes`.

    Raises Problem `address_refused`, `import_failed` or `limit_exceeded`, also while the blocks are read.
    """
    timeout = httpx.Timeout(_IDLE_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S)
    # Proxies of the environment are not used: they would choose the address, and nobody would have judged it.
    with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client, _failures(url):
        for _ in range(MAX_REDIRECTS + 1):
            target = resolve(url, allowed)
            with client.stream(
                "GET",
                target.url,
                headers={"Host": target.host_header, "Accept-Encoding": "identity", "Accept": "*/*"},
                extensions={"sni_hostname": target.host} if target.scheme == "https" else {},
            ) as answer:
                if answer.status_code in _REDIRECTS:
                    url = urljoin(url, _location(answer, target))
                    continue
                if answer.status_code != 200:
                    raise Problem(
                        "import_failed", f"{target.host} answered {answer.status_code}, not a file."
                    )
                yield Source(_filename(url), _blocks(answer, max_bytes))
                return
        raise Problem("import_failed", f"The address leads through more than {MAX_REDIRECTS} redirects.")


@contextmanager
def _failures(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        host = urlsplit(url).hostname
        reason = str(error) or type(error).__name__
        raise Problem(
            "import_failed", f"{host} could not be read to the end ({reason}). Try again."
        ) from error


def _location(answer: httpx.Response, target: Target) -> str:
    location = answer.headers.get("Location")
    if not location:
        raise Problem("import_failed", f"{target.host} answered with a redirect that leads nowhere.")
    return str(location)


def _blocks(answer: httpx.Response, max_bytes: int) -> Iterator[bytes]:
    over = Problem(
        "limit_exceeded", f"The file is larger than the {max_bytes} bytes this installation takes."
    )
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise over
    seen = 0
    for block in answer.iter_bytes(BLOCK_BYTES):
        seen += len(block)
        if seen > max_bytes:
            raise over
        yield block


def _filename(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1])
