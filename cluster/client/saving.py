"""Files of the server into files here: whole or not at all, however large, and again where they break off.

Knows how a file is written; not what it holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cluster.client.requests import TRIES, pause_s, request
from cluster.client.steps import Op, Pause, next_block, worked
from cluster.errors import ScenestreamError, UnavailableError


def saved(
    path: str, target: Path, *, sha256: str | None = None, on_bytes: Callable[[int], None] | None = None
) -> Op[str]:
    """Fetch `path` of the API into `target`; its SHA-256. `on_bytes(n)`: n bytes have come.

    ScenestreamError when it cannot be written or is not what `sha256` says, UnavailableError when it breaks
    off again and again.
    """
    attempt = 0
    while True:
        try:
            found = yield from _fetched(path, target, on_bytes or _nobody)
        except UnavailableError:
            attempt += 1
            if attempt == TRIES:
                raise
            yield Pause(pause_s(attempt - 1))
            continue
        except OSError as error:
            raise ScenestreamError(f"{target} cannot be written: {error.strerror}.") from error
        if sha256 is not None and found != sha256:
            target.unlink(missing_ok=True)
            raise ScenestreamError(f"{target} did not arrive as it was sent; fetch it again.")
        return found


def _nobody(_bytes: int) -> None: ...


def _fetched(path: str, target: Path, on_bytes: Callable[[int], None]) -> Op[str]:
    """Written beside its place and moved there when it is complete."""
    growing = target.with_name(f".{target.name}.part")
    digest, got = hashlib.sha256(), 0
    try:
        yield from request("GET", path, streamed=True)
        with growing.open("wb") as file:
            while (block := (yield from next_block())) is not None:
                yield from worked(partial(file.write, block))
                digest.update(block)
                got += len(block)
                on_bytes(got)
        growing.replace(target)
    finally:
        growing.unlink(missing_ok=True)
    return digest.hexdigest()
