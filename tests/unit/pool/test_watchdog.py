"""The watchdog: when a worker counts as stuck."""

from __future__ import annotations

from actors.pool.watchdog import Watchdog


def test_an_actor_that_stops_answering_is_stuck() -> None:
    watchdog = Watchdog.started(0.0, stuck_after_s=10.0)
    watchdog.answered(1, 5.0)
    assert watchdog.verdict(15.0) is None
    assert "no answer" in (watchdog.verdict(15.1) or "")


def test_an_actor_that_answers_but_does_not_advance_is_stuck_only_while_it_has_work() -> None:
    watchdog = Watchdog.started(0.0, stuck_after_s=10.0)
    for second in range(1, 30):
        watchdog.answered(7, float(second))
    assert watchdog.verdict(30.0) is None
    watchdog.took_work(30.0)
    for second in range(31, 42):
        watchdog.answered(7, float(second))
    assert "no progress" in (watchdog.verdict(41.0) or "")
    watchdog.answered(8, 41.5)
    assert watchdog.verdict(42.0) is None


def test_finishing_work_counts_as_an_answer() -> None:
    watchdog = Watchdog.started(0.0, stuck_after_s=10.0)
    watchdog.took_work(1.0)
    watchdog.finished_work(50.0)
    assert watchdog.verdict(55.0) is None


def test_a_watcher_that_slept_blames_nobody() -> None:
    watchdog = Watchdog.started(0.0, stuck_after_s=10.0)
    watchdog.took_work(0.0)
    watchdog.excuse(100.0)
    assert watchdog.verdict(105.0) is None
    assert watchdog.verdict(111.0) is not None
