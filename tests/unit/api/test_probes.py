"""What is asked of the servers for the metrics and for readiness, and how often."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cluster.errors import UnavailableError
from serve_app import services
from serve_app.services import DoorbellQueue
from serve_app.telemetry.probes import Probes

LIMIT_S = 30.0


class Away:
    """A server that does not answer; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Any:
        self.asked += 1
        raise UnavailableError("does not answer")


def test_a_postgresql_that_is_away_is_waited_for_once() -> None:
    """Every question waits for seconds, and Prometheus waits for ten in all."""
    away = Away()
    jobs = SimpleNamespace(
        counts=away, backlog=away, imports=SimpleNamespace(counts=away), webhooks=SimpleNamespace(counts=away)
    )
    doorbells = SimpleNamespace(depth=lambda: 3, dead=lambda: 0)

    seen = Probes(cast("Any", SimpleNamespace(jobs=jobs, doorbells=doorbells))).seen()

    assert away.asked == 1
    assert seen.by_state == {}
    assert seen.alone == {"scenestream_queue_depth": 3.0, "scenestream_dead_letters": 0.0}


def test_whether_rabbitmq_answers_is_never_told_from_an_earlier_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A load balancer would send requests to a replica that has lost it."""
    answers: list[Any] = [(3, 0), UnavailableError("away"), (4, 0)]

    def ask(*_: str) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, UnavailableError):
            raise answer
        return answer

    monkeypatch.setattr(services, "queue_depths", ask)
    nothing = SimpleNamespace(ping=lambda: None)
    doorbells = DoorbellQueue("amqp://nowhere")
    probes = Probes(cast("Any", SimpleNamespace(jobs=nothing, results=nothing, doorbells=doorbells)))

    async def story() -> tuple[list[bool], list[bool]]:
        assert doorbells.depth() == 3
        away = await probes.needed()
        with pytest.raises(UnavailableError):  # a number may be some tenths of seconds old, a failure too
            doorbells.depth()
        back = await probes.needed()
        assert doorbells.depth() == 4
        return [server.healthy for server in away], [server.healthy for server in back]

    assert asyncio.run(story()) == ([True, False, True], [True, True, True])


def test_a_ping_is_served_by_a_question_that_began_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, may_answer = threading.Event(), threading.Event()
    began: list[int] = []

    def ask(*_: str) -> tuple[int, int]:
        began.append(len(began))
        under_way.set()
        assert may_answer.wait(LIMIT_S)
        return (0, 0)

    monkeypatch.setattr(services, "queue_depths", ask)
    doorbells = DoorbellQueue("amqp://nowhere")
    with ThreadPoolExecutor(2) as pool:
        shown = pool.submit(doorbells.depth)
        assert under_way.wait(LIMIT_S)
        ping = pool.submit(doorbells.ping)
        may_answer.set()
        shown.result(LIMIT_S)
        ping.result(LIMIT_S)

    assert len(began) == 2, "the one under way may have been answered before the ping"
