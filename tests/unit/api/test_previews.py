"""Settings that are tried: few at a time, and of one caller's the newest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cluster.stores.postgres.video import Video
from serve_app.videos.fuser import FuserThreads
from serve_app.videos.revising.previews import Previews, Segments
from serve_app.web import concurrency
from serve_app.web.concurrency import ConcurrencyLimiter
from serve_app.web.problems import Problem
from tests.unit.api.test_parts import video

Try = asyncio.Task[Segments]


class Fuser:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers = threading.Event()

    def __call__(self, video: Video, settings: Mapping[str, Any], corrections: Mapping[str, Any]) -> Segments:
        self.asked.append(settings["number"])
        self.answers.wait(60)
        return [dict(settings)]


async def until_asked(fuser: Fuser, number: int) -> None:
    async with asyncio.timeout(60):
        while len(fuser.asked) < number:
            await asyncio.sleep(0.001)


async def first_of_anna(fuser: Fuser) -> tuple[Callable[[int], Try], Try]:
    """Begins her previews of one video, and the first, which the fuser is at."""
    previews = Previews(fuser, FuserThreads(ConcurrencyLimiter(1)))

    def begin(number: int) -> Try:
        return asyncio.create_task(previews.segments("anna", video(), {"number": number}, {}))

    first = begin(1)
    await until_asked(fuser, 1)
    return begin, first


def test_one_that_was_overtaken_by_one_that_was_refused_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "WAIT_S", 0.01)

    async def tried() -> list[Any]:
        fuser = Fuser()
        begin, first = await first_of_anna(fuser)
        second = begin(2)
        await asyncio.wait([second])
        fuser.answers.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(tried())

    assert isinstance(first, Problem)
    assert (first.code, second.code) == ("conflict", "busy")


def test_of_one_callers_previews_the_newest_counts() -> None:
    async def tried() -> list[Any]:
        fuser = Fuser()
        begin, first = await first_of_anna(fuser)
        later = [begin(number) for number in (2, 3)]
        await asyncio.sleep(0)
        fuser.answers.set()
        found = await asyncio.gather(first, *later, return_exceptions=True)
        return [fuser.asked, *found]

    asked, first, second, third = asyncio.run(tried())

    assert asked == [1, 3], "the second was overtaken before anybody was at it"
    assert isinstance(first, Problem)
    assert (first.code, second.code) == ("conflict", "conflict")
    assert third == [{"number": 3}]


def test_who_finds_no_place_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "WAIT_S", 0.01)

    async def tried() -> tuple[Problem, Segments]:
        fuser = Fuser()
        previews = Previews(fuser, FuserThreads(ConcurrencyLimiter(1)))
        first = asyncio.create_task(previews.segments("anna", video(), {"number": 1}, {}))
        await until_asked(fuser, 1)
        with pytest.raises(Problem) as refused:
            await previews.segments("bert", video(), {"number": 2}, {})
        fuser.answers.set()
        return refused.value, await first

    refused, first = asyncio.run(tried())

    assert refused.code == "busy"
    assert first == [{"number": 1}]
