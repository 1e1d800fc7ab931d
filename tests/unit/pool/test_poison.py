"""Poison-task detection: which losses of a worker count against the task it was running."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError, RaySystemError

from actors.pool import poison
from actors.pool.poison import counts_against_task

AWAY = ActorUnavailableError("no connection", None)


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two nodes, one of which is gone; probes follow one another at once."""
    nodes = [{"NodeID": "living", "Alive": True}, {"NodeID": "gone", "Alive": False}]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    monkeypatch.setattr(poison, "PROBE_INTERVAL_S", 0.0)


def counts(error: BaseException | None, node_id: str | None, *probed: BaseException | None) -> bool:
    """`probed`: what each further call to the worker raises, None for an answer."""
    answers = iter(probed)

    async def probe() -> Any:
        answer = next(answers)
        if answer is not None:
            raise answer

    return asyncio.run(counts_against_task(error, node_id, probe))


@pytest.mark.parametrize(
    ("error", "node_id", "want"),
    [
        (ActorDiedError(), "living", True),
        (ActorDiedError(), "gone", False),
        (ActorDiedError(), "never heard of", False),
        (ActorDiedError(), None, True),  # it died before it told its node
        (None, "living", True),  # it stands still
        (None, "gone", False),
        (RayActorError(preempted=True), "living", False),
    ],
)
def test_a_loss_counts_unless_the_node_was_taken_away(
    error: BaseException | None, node_id: str | None, want: bool
) -> None:
    assert counts(error, node_id) is want


def test_a_worker_out_of_reach_is_probed_until_ray_knows_its_fate() -> None:
    assert counts(AWAY, "living", AWAY, ActorDiedError()) is True
    assert counts(AWAY, "gone", AWAY, ActorDiedError()) is False
    assert counts(AWAY, "living", AWAY, None) is False, "it lives after all"


def test_probing_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poison, "UNCLEAR_AT_MOST_S", 0.0)
    assert counts(AWAY, "living") is True
    assert counts(AWAY, "gone") is False


def test_a_loss_counts_where_ray_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> None:
        raise RaySystemError("the control service is away")

    monkeypatch.setattr(ray, "nodes", silent)
    assert counts(ActorDiedError(), "living") is True
