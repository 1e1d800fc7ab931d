"""How many actors the work asks for, and how quickly the pool follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.scaling import PENDING_AT_LEAST, Load, ScalingPolicy, needed
from cluster.work_settings import ScalingSettings

BASE = {"enabled": True, "max_actors": 50, "target_drain_s": 100.0, "up_after_s": 2.0, "down_after_s": 60.0}


def settings(**values: object) -> ScalingSettings:
    return ScalingSettings.model_validate({**BASE, **values})


def load(backlog_s: float, *, placed: int = 50, tasks: int = 0, rate: float = 5.0) -> Load:
    return Load(backlog_s=backlog_s, tasks=tasks, video_s_per_s=rate, chunk_s=60.0, placed=placed)


def follow(policy: ScalingPolicy, loads: list[Load], start: float = 0.0) -> list[int]:
    """What is wanted, second by second."""
    return [policy.wanted(each, start + second) for second, each in enumerate(loads)]


@pytest.mark.parametrize(
    ("backlog_s", "rate", "want"),
    [(0.0, 5.0, 0), (1.0, 5.0, 1), (500.0, 5.0, 1), (501.0, 5.0, 2), (5000.0, 5.0, 10), (5000.0, 50.0, 1)],
)
def test_the_backlog_is_to_be_drained_in_time(backlog_s: float, rate: float, want: int) -> None:
    assert needed(load(backlog_s, rate=rate), settings()) == want


def test_never_more_actors_than_chunks() -> None:
    assert needed(load(120.0, rate=0.01), settings()) == 2


def test_work_that_is_no_video_needs_an_actor() -> None:
    assert needed(load(0.0, tasks=3), settings()) == 1


def test_growth_takes_seconds_and_goes_all_the_way() -> None:
    policy = ScalingPolicy(settings())
    assert follow(policy, [load(0.0)] * 5 + [load(4000.0)] * 4) == [1] * 5 + [1, 1, 8, 8]


def test_shrinking_takes_a_while_and_a_lull_shrinks_nothing() -> None:
    policy = ScalingPolicy(settings())
    seen = follow(policy, [load(4000.0)] * 5 + [load(0.0)] * 59 + [load(4000.0)] + [load(0.0)] * 61)
    assert set(seen[:125]) == {8}
    assert seen[-1] == 1


def test_a_need_that_wavers_does_not_make_the_pool_waver() -> None:
    policy = ScalingPolicy(settings())
    wavering = [load(10_000.0 + (900.0 if second % 2 else -900.0)) for second in range(200)]
    assert len(set(follow(policy, wavering))) == 1


def test_the_bounds_hold() -> None:
    policy = ScalingPolicy(settings(min_actors=3, max_actors=6))
    seen = follow(policy, [load(0.0)] * 3 + [load(1e9)] * 5)
    assert (seen[0], seen[-1]) == (3, 6)


def test_zero_only_where_it_is_allowed_and_up_again_at_once() -> None:
    policy = ScalingPolicy(settings(allow_zero=True, zero_after_s=10.0, min_actors=2))
    seen = follow(policy, [load(0.0)] * 11)
    assert seen == [2] * 10 + [0]
    assert policy.wanted(load(0.0, tasks=1, placed=0), 11.0) == 2
    assert follow(ScalingPolicy(settings()), [load(0.0)] * 1000)[-1] == 1


def test_a_cluster_that_cannot_grow_is_not_flooded_with_demands() -> None:
    policy = ScalingPolicy(settings(max_actors=1000))
    assert policy.wanted(load(1e9, placed=0), 0.0) == PENDING_AT_LEAST
    assert policy.wanted(load(1e9, placed=8), 1.0) == 8 + PENDING_AT_LEAST
    assert policy.wanted(load(1e9, placed=400), 2.0) == 800


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200))
def test_whatever_the_work_the_bounds_hold_and_enough_is_reached(backlogs: list[float]) -> None:
    policy = ScalingPolicy(settings(min_actors=2, max_actors=40))
    seen = follow(policy, [load(backlog_s) for backlog_s in backlogs])
    assert all(2 <= wanted <= 40 for wanted in seen)
    held = follow(policy, [load(backlogs[-1])] * 70, start=len(backlogs))
    need = min(max(needed(load(backlogs[-1]), settings()), 2), 40)
    assert abs(held[-1] - need) <= 0.1 * held[-1]
