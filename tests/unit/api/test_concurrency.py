"""Concurrency limits and read deadlines of request bodies."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing

import pytest
from anyio import CapacityLimiter

from serve_app.web import concurrency, pacing
from serve_app.web.concurrency import ConcurrencyLimiter, ListenerLimiter, patiently, read_small
from serve_app.web.problems import Problem


def test_who_finds_no_place_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "WAIT_S", 0.01)

    async def third_of_two() -> Problem:
        limiter = ConcurrencyLimiter(2)
        async with limiter.enter("anna"), limiter.enter("bert"):
            with pytest.raises(Problem) as refused:
                async with limiter.enter("carl"):
                    pytest.fail("three of two")
        async with limiter.enter("carl"), limiter.enter("bert"):  # both places are free again
            return refused.value

    refused = asyncio.run(third_of_two())

    assert (refused.code, refused.kind.status) == ("busy", 503)
    assert int(refused.headers["Retry-After"]) > 0


def test_who_waits_gets_the_place_that_becomes_free() -> None:
    order: list[str] = []

    async def visit(limiter: ConcurrencyLimiter, name: str) -> None:
        async with limiter.enter(name):
            order.append(name)
            await asyncio.sleep(0)

    async def visits() -> None:
        limiter = ConcurrencyLimiter(1)
        await asyncio.gather(*(visit(limiter, name) for name in "abc"))

    asyncio.run(visits())

    assert order == ["a", "b", "c"]


def test_one_caller_leaves_places_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "WAIT_S", 0.01)

    async def fill() -> Problem:
        limiter = ConcurrencyLimiter(8)
        async with AsyncExitStack() as held:
            for _ in range(6):
                await held.enter_async_context(limiter.enter("anna"))
            with pytest.raises(Problem) as refused:
                await held.enter_async_context(limiter.enter("anna"))
            await held.enter_async_context(limiter.enter("bert"))
        return refused.value

    assert asyncio.run(fill()).code == "busy"


def test_listeners_have_an_end() -> None:
    listeners = ListenerLimiter(places=3, of_one=2)

    with listeners.place("anna"), listeners.place("anna"):
        with pytest.raises(Problem) as one_too_many, listeners.place("anna"):
            pytest.fail("three of two")
        with listeners.place("bert"), pytest.raises(Problem) as full, listeners.place("carl"):
            pytest.fail("four of three")
    with listeners.place("anna"), listeners.place("anna"), listeners.place("bert"):  # all are free again
        pass

    assert (one_too_many.value.code, full.value.code) == ("rate_limited", "busy")
    assert all(int(told.value.headers["Retry-After"]) > 0 for told in (one_too_many, full))


def test_a_body_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "BODY_GRACE_S", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b"x"

    async def read() -> list[bytes]:
        return [chunk async for chunk in patiently(dripping())]

    with pytest.raises(Problem) as refused:
        asyncio.run(read())

    assert refused.value.code == "client_too_slow"


def test_a_store_that_is_slow_is_not_the_clients_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "BODY_GRACE_S", 0.4)  # a busy machine takes some of it

    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0)
            yield b"x"

    async def store() -> int:
        stored = 0
        async for chunk in patiently(body()):
            await asyncio.sleep(0.5)
            stored += len(chunk)
        return stored

    assert asyncio.run(store()) == 3


def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "BODY_IDLE_S", 0.01)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"the beginning"
        await asyncio.Event().wait()

    async def read() -> list[bytes]:
        return [chunk async for chunk in patiently(stalled())]

    with pytest.raises(Problem) as refused:
        asyncio.run(read())

    assert (refused.value.code, refused.value.kind.status) == ("client_too_slow", 408)


def test_a_small_body_is_counted_as_it_comes() -> None:
    seen = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal seen
        while True:
            seen += 1
            yield bytes(10)

    with pytest.raises(Problem) as refused:
        asyncio.run(read_small(endless(), 95, "A part"))

    assert refused.value.code == "too_large"
    assert seen == 10


def test_a_file_is_sent_at_once_and_then_at_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(pacing, "BURST_BYTES", 20)
    monkeypatch.setattr(pacing, "RATE_BYTES_S", 10)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def send() -> list[bytes]:
        blocks = (bytes([number]) * 10 for number in range(1, 6))
        sent = pacing.paced(blocks, CapacityLimiter(1), clock=lambda: sum(slept), sleep=sleep)
        return [block async for block in sent]

    assert b"".join(asyncio.run(send())) == b"".join(bytes([number]) * 10 for number in range(1, 6))
    assert slept == [1.0, 1.0]


def test_a_reader_that_leaves_closes_the_file() -> None:
    closed: list[bool] = []

    def file() -> Iterator[bytes]:
        try:
            while True:
                yield b"block"
        finally:
            closed.append(True)

    async def leave() -> None:
        async with aclosing(pacing.paced(file(), CapacityLimiter(1))) as blocks:
            await anext(blocks)

    asyncio.run(leave())

    assert closed == [True]


def test_a_reader_that_leaves_while_a_block_is_read_is_just_cancelled() -> None:
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def file() -> Iterator[bytes]:
        try:
            begun.set()
            go_on.wait(60)
            yield b"block"
        finally:
            closed.set()

    async def leave() -> None:
        async def read() -> list[bytes]:
            return [block async for block in pacing.paced(file(), CapacityLimiter(1))]

        reader = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        go_on.set()

    asyncio.run(leave())
    gc.collect()

    assert closed.wait(60)
