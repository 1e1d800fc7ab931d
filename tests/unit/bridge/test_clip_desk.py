"""Orders of clips on a bridge: places for every kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from actors.bridge.clips.desk import MAX_ORDERS, ClipDesk
from actors.bridge.threads import LivenessGuard
from cluster.stores.postgres.clips.job import FEW_CLIPS
from cluster.stores.postgres.turns import Room
from cluster.work_settings import LeaseSettings
from tests.support.bridge import LIMIT_S, WaitingWork, row


class Keeper:
    """Has any number of orders of one kind, and remembers what there was room for."""

    def __init__(self) -> None:
        self.made = 0
        self.is_empty = False
        self.rooms: list[Room] = []
        self.kind = {"priority": "interactive", "total": FEW_CLIPS + 1}

    def claim(self, owner: str, lease_s: float, attempts: int, room: Room, grace_s: float) -> Any:
        self.rooms.append(room)
        if self.is_empty or not (room.batch if self.kind["priority"] == "batch" else room.interactive):
            return None
        self.made += 1
        return row(str(self.made), 1, **self.kind)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def desk(keeper: Keeper) -> Iterator[ClipDesk]:
    made = ClipDesk(WaitingWork.of, keeper, "bridge", LeaseSettings(), LivenessGuard(LIMIT_S))  # type: ignore[arg-type]
    yield made
    keeper.is_empty = True
    assert made.stop(LIMIT_S)


def test_long_orders_leave_places_for_few_clips_and_for_batch_work(desk: ClipDesk, keeper: Keeper) -> None:
    desk.look()
    assert 0 < len(desk.works) < MAX_ORDERS
    assert keeper.rooms[-1] == Room(interactive=False, light=True, batch=True)


def test_batch_orders_leave_places_for_others(desk: ClipDesk, keeper: Keeper) -> None:
    keeper.kind["priority"] = "batch"
    desk.look()
    assert 0 < len(desk.works) <= MAX_ORDERS // 2
    assert keeper.rooms[-1] == Room(interactive=True, light=True, batch=False)
