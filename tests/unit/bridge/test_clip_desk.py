"""Orders of clips on a bridge: places for every kind, and what is left of them."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.clips import desk as clip_desk
from actors.bridge.clips.desk import MAX_ORDERS, ClipDesk
from actors.bridge.clips.work import COPY_COST, ClipWork
from actors.bridge.control import Control
from actors.bridge.threads import Pulse
from cluster.errors import UnavailableError
from cluster.settings import LeaseSettings
from cluster.stores.postgres.clip_job import FEW_CLIPS
from cluster.stores.postgres.turns import Room

LIMIT_S = 30.0


class WaitingWork:
    """Stands for an order in work, until its thread is to end."""

    ended = threading.Event()

    def __init__(self, job: Any, services: Any) -> None:
        self.job = job
        self.epoch = job.lease_epoch
        self.control = Control()
        self.handed_back = False

    def run(self) -> None:
        self.ended.wait(LIMIT_S)

    def hand_back(self) -> None:
        self.handed_back = True


class Keeper:
    """Has so many orders of one kind as anybody wants, and remembers what there was room for."""

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
        return SimpleNamespace(id=str(self.made), lease_epoch=1, **self.kind)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def desk(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> Any:
    WaitingWork.ended = threading.Event()
    monkeypatch.setattr(clip_desk, "ClipWork", WaitingWork)
    made = ClipDesk(SimpleNamespace(), keeper, "bridge", LeaseSettings(), Pulse(LIMIT_S))  # type: ignore[arg-type]
    yield made
    keeper.is_empty = True
    WaitingWork.ended.set()
    assert made.stop(LIMIT_S)


def test_who_cannot_keep_leases_takes_none(keeper: Keeper) -> None:
    now = [0.0]
    pulse = Pulse(10.0, clock=lambda: now[0])
    desk = ClipDesk(SimpleNamespace(), keeper, "bridge", LeaseSettings(), pulse)  # type: ignore[arg-type]
    keeper.is_empty = True
    now[0] = 10.1
    desk.look()
    assert keeper.rooms == []
    pulse.beat()
    desk.look()
    assert keeper.rooms == [Room()]


def test_long_orders_leave_places_for_few_clips_and_for_batch_work(desk: ClipDesk, keeper: Keeper) -> None:
    desk.look()
    assert 0 < len(desk.works()) < MAX_ORDERS
    assert keeper.rooms[-1] == Room(interactive=False, light=True, batch=True)


def test_batch_orders_leave_places_for_others(desk: ClipDesk, keeper: Keeper) -> None:
    keeper.kind["priority"] = "batch"
    desk.look()
    assert 0 < len(desk.works()) <= MAX_ORDERS // 2
    assert keeper.rooms[-1] == Room(interactive=True, light=True, batch=False)


def test_an_order_no_thread_can_be_had_for_is_handed_back(
    desk: ClipDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[WaitingWork] = []
    monkeypatch.setattr(
        clip_desk, "ClipWork", lambda job, services: begun.append(WaitingWork(job, services)) or begun[-1]
    )

    def no_more(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(UnavailableError):
            desk.look()
    assert desk.works() == []
    assert [work.handed_back for work in begun] == [True]


@pytest.mark.parametrize(("mode", "seconds"), [("exact", 30.0), ("copy", 30.0 * COPY_COST)])
def test_what_is_left_of_an_order_is_work_for_the_pool(mode: str, seconds: float) -> None:
    wanted = [{"start_s": 10.0 * n, "end_s": 10.0 * n + 15.0} for n in range(2)]
    job = SimpleNamespace(id="o", video_id="v", lease_epoch=1, wanted=wanted, options={"mode": mode})
    work = ClipWork(job, SimpleNamespace(jobs=SimpleNamespace(clips=None)))  # type: ignore[arg-type]
    assert work.left_s == pytest.approx(seconds)
    work._recorded.add(1)
    assert work.left_s == pytest.approx(seconds / 2)
