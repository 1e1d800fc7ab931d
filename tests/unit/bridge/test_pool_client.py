"""Answers of a pool, also such as nobody expects: who waits for one always hears something."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import ActorUnavailableError

from actors.bridge.pool_client import PoolClient
from actors.tasks import Outcome, Status, Task, TaskKind
from cluster.work_settings import ActorSettings

PLAN = Task(TaskKind.PLAN, "film", 1, "key")


def asked() -> tuple[Future[Outcome], Future[Any]]:
    """A task under way, and what Ray will say of it."""
    call: Future[Any] = Future()
    run = SimpleNamespace(remote=lambda task: SimpleNamespace(future=lambda: call))
    client = PoolClient(lambda: SimpleNamespace(run=run), ActorSettings())
    return client.submit(PLAN), call


def test_an_outcome_is_handed_on() -> None:
    answer, call = asked()
    call.set_result(Outcome.done(chunks=[]).to_dict())
    assert answer.result(timeout=0) == Outcome.done(chunks=[])


@pytest.mark.parametrize("odd", [None, {}, {"status": "of a later version"}, {"status": "done", "result": 3}])
def test_an_answer_that_cannot_be_read_is_asked_for_again(odd: Any) -> None:
    answer, call = asked()
    call.set_result(odd)
    assert answer.result(timeout=0).status is Status.UNAVAILABLE


def test_a_call_that_was_given_up_is_asked_for_again() -> None:
    answer, call = asked()
    call.cancel()
    call.set_running_or_notify_cancel()
    assert answer.result(timeout=0).status is Status.UNAVAILABLE


def test_a_pool_that_is_away_is_asked_again() -> None:
    answer, call = asked()
    call.set_exception(ActorUnavailableError("away", None))
    assert answer.result(timeout=0).status is Status.UNAVAILABLE
