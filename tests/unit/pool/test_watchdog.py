"""When an actor counts as stuck, and how many actors there shall be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pool.size import pool_size
from actors.pool.watchdog import Watchdog
from cluster.backoff import Backoff
from cluster.settings import ActorSettings


def test_an_actor_that_stops_answering_is_stuck() -> None:
    health = Watchdog.born(0.0, stuck_after_s=10.0)
    health.answered(1, 5.0)
    assert health.verdict(15.0) is None
    assert "no answer" in (health.verdict(15.1) or "")


def test_an_actor_that_answers_but_does_not_advance_is_stuck_only_while_it_has_work() -> None:
    health = Watchdog.born(0.0, stuck_after_s=10.0)
    for second in range(1, 30):
        health.answered(7, float(second))
    assert health.verdict(30.0) is None
    health.took_work(30.0)
    for second in range(31, 42):
        health.answered(7, float(second))
    assert "no progress" in (health.verdict(41.0) or "")
    health.answered(8, 41.5)
    assert health.verdict(42.0) is None


def test_finishing_work_counts_as_an_answer() -> None:
    health = Watchdog.born(0.0, stuck_after_s=10.0)
    health.took_work(1.0)
    health.finished_work(50.0)
    assert health.verdict(55.0) is None


def test_a_watcher_that_slept_blames_nobody() -> None:
    health = Watchdog.born(0.0, stuck_after_s=10.0)
    health.took_work(0.0)
    health.excuse(100.0)
    assert health.verdict(105.0) is None
    assert health.verdict(111.0) is not None


@pytest.mark.parametrize(
    ("count", "share", "gpus", "cores", "want"),
    [
        (0, 0.0, 0, 2, (1, 0.0, 2)),
        (0, 0.0, 0, 1, (1, 0.0, 1)),
        (0, 0.0, 0, 16, (8, 0.0, 2)),
        (3, 0.0, 0, 2, (3, 0.0, 1)),
        (0, 0.0, 4, 32, (4, 1.0, 8)),
        (4, 0.0, 1, 8, (4, 0.25, 2)),
        (3, 0.0, 2, 8, (3, 0.5, 2)),
        (3, 0.0, 1, 8, (3, 0.3333, 2)),
        (0, 0.25, 2, 16, (8, 0.25, 2)),
        (0, 0.3, 1, 8, (3, 0.3, 2)),
        (0, 2.0, 5, 8, (2, 2.0, 4)),
        (2, 0.5, 0, 4, (2, 0.5, 2)),
        (0, 0.5, 0, 4, (1, 0.5, 4)),
    ],
)
def test_the_size_of_the_pool(
    count: int, share: float, gpus: float, cores: float, want: tuple[int, float, int]
) -> None:
    size = pool_size(ActorSettings(count=count, gpus_per_actor=share), gpus=gpus, cores=cores)
    assert (size.actors, size.num_gpus, size.threads) == want
    assert size.shape.device == ("cuda:0" if want[1] else "cpu")


@given(st.integers(1, 64), st.integers(1, 16))
def test_an_even_share_always_fits_on_the_gpus(count: int, gpus: int) -> None:
    size = pool_size(ActorSettings(count=count), gpus=gpus, cores=8)
    on_one_gpu = int(1 / size.num_gpus)
    assert on_one_gpu * gpus >= count


def test_threads_can_be_set() -> None:
    assert pool_size(ActorSettings(torch_threads=5), gpus=0, cores=64).threads == 5


def test_a_backoff_grows_to_its_bound_and_begins_anew() -> None:
    backoff = Backoff(0.1, 1.0)
    waits = [backoff.next_s() for _ in range(20)]
    assert 0.05 <= waits[0] <= 0.1
    assert all(0.5 <= wait <= 1.0 for wait in waits[5:])
    backoff.reset()
    assert backoff.next_s() <= 0.1
