"""Downloads a file of the server to a local file, atomically: whole or not at all, with retries after a
break.

Knows how a file is written; does not know its content.
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
    """Downloads `path` of the API into `target` and returns its SHA-256. `on_bytes(n)`: n more bytes have
    come.

    ScenestreamError when the file cannot be written or has another SHA-256 than `sha256`; UnavailableError
    when the connection breaks again and again.
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
    """Writes to a temporary file beside the target, and renames it when it is complete."""
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
