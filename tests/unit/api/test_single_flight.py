"""One question for all who ask at once, and never an answer from before."""

from __future__ import annotations

import asyncio

from serve_app.telemetry.single_flight import SingleFlight


class Server:
    """Answers with the number of the question, when `may_answer` is set; counts what runs at once."""

    def __init__(self) -> None:
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may_answer.wait()
        self.at_once -= 1
        if self.error is not None:
            raise self.error
        return number


async def asked(server: Server, number: int) -> None:
    """Returns once so many questions have reached it."""
    async with asyncio.timeout(30):
        while server.asked < number:
            await asyncio.sleep(0)


def test_who_comes_while_a_question_is_under_way_shares_the_next_one() -> None:
    async def story() -> tuple[list[int], Server]:
        server = Server()
        flight = SingleFlight(server, 0.0)
        early = [asyncio.create_task(flight()) for _ in range(3)]
        await asked(server, 1)
        late = [asyncio.create_task(flight()) for _ in range(50)]
        await asyncio.sleep(0)
        server.may_answer.set()
        return [await caller for caller in (*early, *late)], server

    answers, server = asyncio.run(story())

    assert answers == [1] * 3 + [2] * 50
    assert server.most_at_once == 1


def test_an_answer_is_not_kept() -> None:
    async def story() -> list[int]:
        server = Server()
        server.may_answer.set()
        flight = SingleFlight(server, 0.0)
        return [await flight() for _ in range(3)]

    assert asyncio.run(story()) == [1, 2, 3]


def test_questions_begin_some_time_apart_and_the_first_at_once() -> None:
    slept: list[float] = []

    async def story() -> list[int]:
        now_s = 100.0

        async def sleep(seconds: float) -> None:
            nonlocal now_s
            slept.append(seconds)
            now_s += seconds

        server = Server()
        server.may_answer.set()
        flight = SingleFlight(server, 0.25, clock=lambda: now_s, sleep=sleep)
        answers = [await flight(), await flight()]
        now_s += 1.0
        return [*answers, await flight()]

    assert asyncio.run(story()) == [1, 2, 3]
    assert slept == [0.25]


def test_a_caller_that_goes_away_takes_nobodys_answer_along() -> None:
    async def story() -> int:
        server = Server()
        flight = SingleFlight(server, 0.0)
        first, second = asyncio.create_task(flight()), asyncio.create_task(flight())
        await asked(server, 1)
        first.cancel()
        server.may_answer.set()
        return await second

    assert asyncio.run(story()) == 1


def test_an_error_is_for_those_who_asked_and_the_next_ask_anew() -> None:
    async def story() -> tuple[list[object], int]:
        server = Server()
        server.may_answer.set()
        server.error = ValueError("no")
        flight = SingleFlight(server, 0.0)
        failed = await asyncio.gather(flight(), flight(), return_exceptions=True)
        server.error = None
        return list(failed), await flight()

    failed, answer = asyncio.run(story())

    assert [type(error) for error in failed] == [ValueError] * 2
    assert answer == 2
