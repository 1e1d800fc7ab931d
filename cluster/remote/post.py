"""One POST request to a webhook's address: the address is checked, redirects are not followed, one deadline
holds.

Does not know the content of the request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import httpx

from cluster.remote.addresses import AddressRules, resolve
from cluster.remote.errors import SourceBrokeError

MAX_ANSWER_BYTES = 1024
"""Bytes of an answer that are read at most: only its status is used."""


def post(url: str, body: bytes, headers: Mapping[str, str], rules: AddressRules, timeout_s: float) -> int:
    """Sends the request and returns the status of the answer, also of an error.

    SourceBrokeError when no answer comes within `timeout_s`; AddressRefusedError and SourceError as
    `resolve`.
    """
    began = time.monotonic()
    target = resolve(url, rules, timeout_s)
    left_s = timeout_s - (time.monotonic() - began)
    all_headers = {**headers, "Host": target.host_header}
    try:
        return asyncio.run(_post(target.url, body, all_headers, target.extensions, left_s))
    except TimeoutError as error:
        raise SourceBrokeError(f"{target.host} did not answer within {timeout_s:g} s.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise SourceBrokeError(f"{target.host} could not be reached ({reason}).") from error


async def _post(
    url: str, body: bytes, headers: Mapping[str, str], extensions: dict[str, str], timeout_s: float
) -> int:
    # One deadline for all of it: each of httpx's own timeouts starts again with every byte.
    async with (
        asyncio.timeout(timeout_s),
        httpx.AsyncClient(timeout=timeout_s, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=headers, extensions=extensions) as answer,
    ):
        read = 0
        async for block in answer.aiter_raw():
            read += len(block)
            if read >= MAX_ANSWER_BYTES:
                break
        return answer.status_code
