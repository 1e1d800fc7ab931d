"""Settings that are tried: few at a time, and of one caller's the newest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from cluster.stores.video import Video
from serve_app import gate
from serve_app.gate import Gate
from serve_app.previews import Previews, Segments
from serve_app.problems import Problem
from tests.unit.test_api_parts import video


class Fuser:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers = threading.Event()

    def __call__(self, video: Video, settings: Mapping[str, Any]) -> Segments:
        self.asked.append(settings["number"])
        self.answers.wait(10)
        return [dict(settings)]


async def until_asked(fuser: Fuser, number: int) -> None:
    async with asyncio.timeout(10):
        while len(fuser.asked) < number:
            await asyncio.sleep(0.001)


def test_of_one_callers_previews_the_newest_counts() -> None:
    async def tried() -> list[Any]:
        fuser = Fuser()
        previews = Previews(fuser, Gate(1))

        def begin(number: int) -> asyncio.Task[Segments]:
            return asyncio.create_task(previews.segments("anna", video(), {"number": number}))

        first = begin(1)
        await until_asked(fuser, 1)
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
    monkeypatch.setattr(gate, "WAIT_S", 0.01)

    async def tried() -> tuple[Problem, Segments]:
        fuser = Fuser()
        previews = Previews(fuser, Gate(1))
        first = asyncio.create_task(previews.segments("anna", video(), {"number": 1}))
        await until_asked(fuser, 1)
        with pytest.raises(Problem) as refused:
            await previews.segments("bert", video(), {"number": 2})
        fuser.answers.set()
        return refused.value, await first

    refused, first = asyncio.run(tried())

    assert refused.code == "busy"
    assert first == [{"number": 1}]
