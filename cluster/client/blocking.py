"""`Client`: runs the operations on blocking connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from cluster.client.methods import Methods
from cluster.client.problems import no_answer
from cluster.client.running import Connection, Ended, advance, let_go
from cluster.client.steps import BLOCK_BYTES, Call, Emit, Flow, NextBlock, NextLine, Op, Pause, Step
from cluster.errors import ScenestreamError

T = TypeVar("T")
R = TypeVar("R")


class Client(Connection, Methods):
    """A connection to one Scenestream installation; safe to share between threads.

    >>> with Client("http://127.0.0.1:8000") as client:
    ...     video_id = client.upload(Path("film.mp4"))
    ...     client.wait(video_id)
    ...     for scene in client.segments(video_id, level="scene"):
    ...         print(scene["start_s"], scene["end_s"], scene["label"])

    Every method raises a `cluster.errors.ScenestreamError`: `UnavailableError` where nothing answers at
    the address, otherwise the class and `code` of the server's problem document.
    """

    def __init__(self, base_url: str, *, api_key: str | None = None, timeout_s: float = 60.0) -> None:
        super().__init__(base_url, api_key=api_key, timeout_s=timeout_s)
        self._http = httpx.Client(**self._options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the HTTP connections."""
        self._http.close()

    def run(self, operation: Op[R]) -> R:
        """Runs an operation to its end and returns its result."""
        outcome: Any = None
        with _Steps(self._http, self.base_url) as steps:
            while not isinstance(step := advance(operation, outcome), Ended):
                outcome = steps.outcome(step)
            return step.result

    def iterate(self, operation: Flow[T]) -> Iterator[T]:
        """Runs an operation and yields its items as they come."""
        outcome: Any = None
        with _Steps(self._http, self.base_url) as steps:
            while not isinstance(step := advance(operation, outcome), Ended):
                if isinstance(step, Emit):
                    outcome = None
                    yield step.item
                else:
                    outcome = steps.outcome(step)


class _Steps(ExitStack):
    """Carries out the steps of one operation; holds the response whose body is being read."""

    def __init__(self, http: httpx.Client, base_url: str) -> None:
        super().__init__()
        self._http = http
        self._base_url = base_url
        self._lines: Iterator[str] | None = None
        self._blocks: Iterator[bytes] | None = None

    def outcome(self, step: Step) -> Any:
        """Carries out one step; its outcome (a value or an exception) is sent into the operation."""
        try:
            if isinstance(step, Call):
                return self._answer(step)
            if isinstance(step, NextLine):
                assert self._lines is not None
                return next(self._lines, None)
            if isinstance(step, NextBlock):
                assert self._blocks is not None
                return next(self._blocks, None)
            if isinstance(step, Pause):
                return time.sleep(step.seconds)
            return step.do()
        except httpx.TransportError as error:
            return no_answer(self._base_url, error)
        except (OSError, ScenestreamError) as error:
            return error

    def _answer(self, call: Call) -> httpx.Response:
        if not call.streamed:
            return let_go(self._http.request(call.method, call.path, **call.options))
        self.close()  # ends the stream of the call before
        answer = self.enter_context(self._http.stream(call.method, call.path, **call.options))
        if not answer.is_success:
            answer.read()
        # neither iterator reads before its first item is wanted
        self._lines, self._blocks = answer.iter_lines(), answer.iter_bytes(BLOCK_BYTES)
        return answer
