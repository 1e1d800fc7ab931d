"""What an operation of the client asks of whoever runs it: requests, pauses, a stream's lines, blocking work.

An operation is a generator of such steps that is sent their outcomes, so that it is written once and runs on
blocking as well as on asynchronous connections. Knows neither httpx's clients nor the API's routes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import httpx

BLOCK_BYTES = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request; its outcome is the response, or UnavailableError where none came.

    `options` are those of `httpx.Client.request`. With `streamed`, the body is left to `NextLine` or
    `NextBlock`.
    """

    method: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class NextLine:
    """The next line of the streamed response; None where it ended, UnavailableError where it broke."""


@dataclass(frozen=True, slots=True)
class NextBlock:
    """Up to BLOCK_BYTES more of the streamed response; otherwise as NextLine."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Something that blocks on this machine's disk; its outcome is what it returns or raises."""

    do: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """One item of an operation that gives many."""

    item: T


Step: TypeAlias = Call | NextLine | NextBlock | Pause | Work
Op: TypeAlias = Generator[Step, Any, T]
"""An operation with a result."""
Flow: TypeAlias = Generator[Step | Emit[T], Any, None]
"""An operation that gives items one after the other."""


def worked(do: Callable[[], T]) -> Op[T]:
    """`do()`, where blocking is allowed."""
    outcome: T = yield Work(do)
    return outcome


def next_line() -> Op[str | None]:
    """See `NextLine`."""
    line: str | None = yield NextLine()
    return line


def next_block() -> Op[bytes | None]:
    """See `NextBlock`."""
    block: bytes | None = yield NextBlock()
    return block


def answered(call: Call) -> Op[httpx.Response]:
    """The response to a request, whatever its status."""
    answer: httpx.Response = yield call
    return answer
