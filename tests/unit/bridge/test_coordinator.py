"""One bridge built of parts that the test hands in: its rounds, its beginning and its end."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.coordinator import RELAY_BATCH, BridgeParts, Coordinator, Intervals
from actors.bridge.threads import LivenessGuard
from cluster.errors import UnavailableError
from cluster.stores.postgres.backlog import Backlog
from cluster.stores.postgres.leases import ReapReport
from cluster.stores.rabbitmq.broker import Doorbell
from tests.support.bridge import LIMIT_S, Remembering

BELL = Doorbell("video-0001")
ENDING = ("videos", "clips", "imports", "deliveries", "indexing", "embedding", "doorbells")
INTERVALS = Intervals(
    lease_s=30.0, heartbeat_s=5.0, relay_s=1.0, look_s=1.0, cancel_s=1.0, reaper_s=5.0, backlog_s=5.0,
    max_attempts=3, audit_kept_s=60.0,
)  # fmt: skip


class Desk(Remembering):
    """A claim loop that remembers its calls; `extend` of a heartbeat is called with what it holds."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(**answers)
        self.works: list[Any] = []
        self.has_all = True
        self.left_s = 4.0

    def heartbeat(self, extend: Any) -> None:
        self.calls.append(("heartbeat", extend([("id", 1)])))


class Bridge:
    """Parts that remember, and the coordinator over them."""

    def __init__(self, **changed: Any) -> None:
        self.clock_s = 0.0
        self.guard = LivenessGuard(30.0, lambda: self.clock_s)
        self.keeper = Remembering(
            heartbeat=lambda held, lease_s: dict.fromkeys(held, False), to_cancel={("id", 1)},
            backlog=Backlog(0.0, 0), reap=ReapReport(failed=("bad",), cancelled=("gone",)), relay=0,
        )  # fmt: skip
        self.keeper.clips = Remembering(heartbeat={})
        self.keeper.audit = Remembering()
        self.keeper.transcripts = Remembering(heartbeat={}, to_cancel={("id", 7)})
        stops = dict.fromkeys(("stop",), True)
        values: dict[str, Any] = {
            "owner": "bridge-1", "videos": Desk(ring=True, **stops), "clips": Desk(**stops),
            "words": Desk(**stops),
            "imports": Remembering(**stops), "deliveries": Remembering(**stops),
            "indexing": Remembering(**stops), "embedding": Remembering(**stops), "doorbells": Remembering(),
            "keeper": self.keeper, "reporter": Remembering(), "pool": Remembering(), "fuser": Remembering(),
            "publish": lambda doorbells: None, "guard": self.guard, "closing": (Remembering(),),
        }  # fmt: skip
        self.parts = BridgeParts(**(values | changed))
        self.coordinator = Coordinator(self.parts, INTERVALS)

    def calls(self, part: str) -> list[str]:
        names: list[str] = getattr(self.parts, part).names()
        return names


def test_a_doorbell_is_for_videos_and_for_orders_of_clips() -> None:
    bridge = Bridge()
    assert bridge.coordinator.ring(BELL)
    assert bridge.calls("videos") == ["ring"]
    assert bridge.calls("clips") == ["look"]


def test_the_guard_counts_only_rounds_that_extended_everything() -> None:
    bridge = Bridge()
    bridge.clock_s = 31.0
    assert not bridge.guard.is_alive

    def away(held: Any, lease_s: float) -> Any:
        raise UnavailableError("away")

    bridge.keeper.clips.answers["heartbeat"] = away
    with pytest.raises(UnavailableError):
        bridge.coordinator.heartbeat()
    assert not bridge.guard.is_alive, "leases of videos were extended, those of clips were not"
    bridge.keeper.clips.answers["heartbeat"] = {}
    bridge.coordinator.heartbeat()
    assert bridge.guard.is_alive


def test_cancellations_reach_all_work() -> None:
    bridge = Bridge()
    bridge.coordinator.notice_cancellations()
    for part in ("videos", "clips"):
        assert getattr(bridge.parts, part).calls == [("cancel", {("id", 1)})]
    assert bridge.parts.words.calls == [("cancel", {("id", 7)})]  # type: ignore[attr-defined]  # epochs of its own


def test_what_the_reaper_ended_is_told() -> None:
    bridge = Bridge()
    bridge.coordinator.reap()
    assert bridge.parts.reporter.calls == [("ended", "bad", "failed"), ("ended", "gone", "cancelled")]  # type: ignore[attr-defined]
    assert bridge.calls("clips") == bridge.calls("words") == ["reap"]
    assert bridge.keeper.audit.calls == [("forget_old", INTERVALS.audit_kept_s)]


def test_what_waits_for_a_quota_is_no_backlog_of_the_pool() -> None:
    bridge = Bridge()
    seen: list[bool] = []
    bridge.keeper.answers["backlog"] = lambda *, waiting: seen.append(waiting) or Backlog(1.0, 2)
    bridge.coordinator.report_backlog()
    assert seen == [False]
    ((_, told),) = bridge.parts.pool.calls  # type: ignore[attr-defined]
    assert (told["bridge"], told["clips_s"]) == ("bridge-1", 4.0)


@pytest.mark.parametrize(("relayed", "more"), [(0, False), (RELAY_BATCH - 1, False), (RELAY_BATCH, True)])
def test_a_full_batch_of_doorbells_may_not_be_the_last(relayed: int, more: bool) -> None:
    bridge = Bridge()
    bridge.keeper.answers["relay"] = relayed
    assert bridge.coordinator.relay() is more


def test_at_an_end_all_leases_are_handed_back_at_once() -> None:
    together = threading.Barrier(len(ENDING))

    def end(*_: float) -> bool:
        together.wait(LIMIT_S)
        return True

    parts = {name: Desk(stop=end) for name in ENDING}
    assert Bridge(**parts).coordinator.stop()


def test_a_lease_that_could_not_be_handed_back_is_told() -> None:
    bridge = Bridge(clips=Desk(stop=False))
    assert not bridge.coordinator.stop()
    assert [part.names() for part in bridge.parts.closing] == [["close"]]  # type: ignore[attr-defined]


def test_an_end_without_postgresql_leaves_doorbells_to_others() -> None:
    bridge = Bridge()

    def away(*_: Any) -> Any:
        raise UnavailableError("away")

    bridge.keeper.answers["relay"] = away
    assert bridge.coordinator.stop()


def test_everything_begins_and_consuming_comes_after_the_pool() -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        return Remembering(start=lambda: order.append(name), stop=True)

    names = ("pool", "fuser", "doorbells", "imports", "deliveries", "indexing", "embedding")
    bridge = Bridge(**{name: noting(name) for name in names})
    bridge.coordinator.start()
    assert order == list(names)
    assert bridge.coordinator.stop()


def test_its_status_names_what_it_holds() -> None:
    bridge = Bridge(doorbells=SimpleNamespace(is_consuming=True, depth=lambda: 3))
    assert bridge.coordinator.status() == {
        "owner": "bridge-1", "videos": [], "clips": [], "words": [], "consuming": True, "doorbells": 3,
    }  # fmt: skip
