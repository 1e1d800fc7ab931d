"""Shared parts of the blocking and the asynchronous client: address and key of the server, one step of an
operation.

Knows no operation.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import httpx

from cluster.client.steps import Flow, Op
from cluster.contract.protocol import API_PREFIX
from cluster.errors import UsageError

API_KEY_VARIABLE = "SCENESTREAM_API_KEY"

T = TypeVar("T")
Y = TypeVar("Y")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Ended(Generic[R]):
    """The end of an operation, with its result."""

    result: R


def advance(operation: Generator[Y, Any, R], outcome: Any) -> Y | Ended[R]:
    """Sends the outcome of the last step (None at first) into an operation, and gives its next step.

    An exception is thrown into the operation.
    """
    try:
        return operation.throw(outcome) if isinstance(outcome, Exception) else operation.send(outcome)
    except StopIteration as end:
        return Ended(end.value)


def let_go(answer: httpx.Response) -> httpx.Response:
    """Cuts the reference cycle of a response that has been read. The cycle would keep the parts of the upload
    in memory until the garbage collector runs, which was 200 MB.
    """
    answer.stream = httpx.ByteStream(b"")
    return answer


class Blocking(Protocol):
    """A client whose methods block until the operation has ended."""

    def run(self, operation: Op[R]) -> R:
        """Runs an operation to its end and returns its result."""

    def iterate(self, operation: Flow[T]) -> Iterator[T]:
        """Runs an operation and yields its items as they come."""


class Awaiting(Protocol):
    """A client whose operations are awaited."""

    async def run(self, operation: Op[R]) -> R:
        """Runs an operation to its end and returns its result."""

    def iterate(self, operation: Flow[T]) -> AsyncIterator[T]:
        """Runs an operation and yields its items as they come."""


class Connection:
    """Base of both clients: address and API key of one Scenestream installation."""

    def __init__(self, base_url: str, *, api_key: str | None = None, timeout_s: float = 60.0) -> None:
        """`api_key` None: that of the environment (SCENESTREAM_API_KEY), if there is one.

        UsageError for a key with characters that no header can have.
        """
        self.base_url = base_url.rstrip("/")
        key = (os.environ.get(API_KEY_VARIABLE, "") if api_key is None else api_key).strip()
        if not (key.isascii() and key.isprintable()):
            raise UsageError("This is no API key: one begins with sk_ and has letters, digits, _ and - only.")
        self._options: dict[str, Any] = {
            "base_url": f"{self.base_url}{API_PREFIX}",
            "timeout": timeout_s,
            "headers": {"Authorization": f"Bearer {key}"} if key else None,
        }

    def page_url(self, video_id: str) -> str:
        """The address of the video's page, for people."""
        return f"{self.base_url}/?v={video_id}"
