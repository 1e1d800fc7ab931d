"""`AsyncClient`: runs the operations on asyncio; files are read on worker threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
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


class AsyncClient(Connection, Methods):
    """The same methods as `Client`, to be awaited; listings are read with `async for`.

    >>> async with AsyncClient("http://127.0.0.1:8000") as client:
    ...     video_id = await client.upload(Path("film.mp4"))
    ...     async for event in client.events(video_id):
    ...         print(event.type, event.data)
    """

    def __init__(self, base_url: str, *, api_key: str | None = None, timeout_s: float = 60.0) -> None:
        super().__init__(base_url, api_key=api_key, timeout_s=timeout_s)
        self._http = httpx.AsyncClient(**self._options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the HTTP connections."""
        await self._http.aclose()

    async def run(self, operation: Op[R]) -> R:
        """Runs an operation to its end and returns its result."""
        outcome: Any = None
        async with _Steps(self._http, self.base_url) as steps:
            while not isinstance(step := advance(operation, outcome), Ended):
                outcome = await steps.outcome(step)
            return step.result

    async def iterate(self, operation: Flow[T]) -> AsyncIterator[T]:
        """Runs an operation and yields its items as they come."""
        outcome: Any = None
        async with _Steps(self._http, self.base_url) as steps:
            while not isinstance(step := advance(operation, outcome), Ended):
                if isinstance(step, Emit):
                    outcome = None
                    yield step.item
                else:
                    outcome = await steps.outcome(step)


class _Steps(AsyncExitStack):
    """Carries out the steps of one operation; holds the response whose body is being read."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        super().__init__()
        self._http = http
        self._base_url = base_url
        self._lines: AsyncIterator[str] | None = None
        self._blocks: AsyncIterator[bytes] | None = None

    async def outcome(self, step: Step) -> Any:
        """Carries out one step; its outcome (a value or an exception) is sent into the operation."""
        try:
            if isinstance(step, Call):
                return await self._answer(step)
            if isinstance(step, NextLine):
                assert self._lines is not None
                return await anext(self._lines, None)
            if isinstance(step, NextBlock):
                assert self._blocks is not None
                return await anext(self._blocks, None)
            if isinstance(step, Pause):
                return await asyncio.sleep(step.seconds)
            return await asyncio.to_thread(step.do)
        except httpx.TransportError as error:
            return no_answer(self._base_url, error)
        except (OSError, ScenestreamError) as error:
            return error

    async def _answer(self, call: Call) -> httpx.Response:
        if not call.streamed:
            return let_go(await self._http.request(call.method, call.path, **call.options))
        await self.aclose()  # ends the stream of the call before
        answer = await self.enter_async_context(self._http.stream(call.method, call.path, **call.options))
        if not answer.is_success:
            await answer.aread()
        # neither iterator reads before its first item is wanted
        self._lines, self._blocks = answer.aiter_lines(), answer.aiter_bytes(BLOCK_BYTES)
        return answer
