"""Steps that an operation of the client yields: requests, pauses, lines of a stream, blocking work on a file.

An operation is a generator of such steps; the client carries out each one and sends its outcome back. So an
operation is written once, without I/O of its own ("sans I/O"), and runs on blocking and asynchronous
connections. Knows neither httpx's clients nor the API's routes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import httpx

BLOCK_BYTES = 1 << 20  # 1 MiB of a download in memory at a time; no measurement

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request; its outcome is the response, or UnavailableError where none came.

    `options` are the keyword arguments of `httpx.Client.request`. With `streamed`, the body is read later,
    with `NextLine` or `NextBlock`.
    """

    method: str
    path: str
    options: dict[str, Any] = field(default_factory=dict)
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class NextLine:
    """The next line of the streamed response; None at its end, UnavailableError if the connection broke."""


@dataclass(frozen=True, slots=True)
class NextBlock:
    """The next bytes of the streamed response, at most BLOCK_BYTES; else as `NextLine`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """A call that blocks on this machine's disk; its outcome is the value it returns or the exception it
    raises.
    """

    do: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """One item of an operation that yields many."""

    item: T


Step: TypeAlias = Call | NextLine | NextBlock | Pause | Work
Op: TypeAlias = Generator[Step, Any, T]
"""An operation with a result."""
Flow: TypeAlias = Generator[Step | Emit[T], Any, None]
"""An operation that yields items one after the other."""


def worked(do: Callable[[], T]) -> Op[T]:
    """Runs `do()` where blocking is allowed."""
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
    """The response to a request, with any status."""
    answer: httpx.Response = yield call
    return answer
