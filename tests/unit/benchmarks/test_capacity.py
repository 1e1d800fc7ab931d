"""The capacity model's arithmetic, and the figures of the simulation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.benchmarks.scale.capacity import (
    MEASURED,
    Cost,
    Demand,
    Installation,
    costs_of,
    loads,
    video_hours_an_hour,
)
from tests.benchmarks.scale.figures import busy_share, jain, percentile, share_while_all_wait
from tests.benchmarks.scale.stubs import Done

TEN_GPUS = Installation(gpus=10, gpu_video_s_per_s=30.0, actors_per_gpu=2, overhead_s=0.0)
A_DAY = Demand(videos_a_day=86_400.0, video_s=90.0)


def chunk(owner: str, cost_s: float, began_at: float, ended_at: float) -> Done:
    return Done("video", owner, "batch", cost_s, began_at, ended_at)


def test_gpus_decide_until_the_pool_cannot_deal_out_more() -> None:
    assert video_hours_an_hour(TEN_GPUS, MEASURED) == pytest.approx(300.0)
    idle = replace(TEN_GPUS, overhead_s=4.0)  # as long as an actor takes for a chunk of 60 s
    assert video_hours_an_hour(idle, MEASURED) == pytest.approx(150.0)
    slow_pool = replace(MEASURED, pool_ms=Cost(0.0, 1000.0))
    assert video_hours_an_hour(TEN_GPUS, slow_pool) == pytest.approx(60.0)
    assert video_hours_an_hour(replace(TEN_GPUS, pools=2), slow_pool) == pytest.approx(120.0)


def test_a_demand_is_of_the_busiest_hour() -> None:
    assert (A_DAY.videos_per_s, A_DAY.chunks_per_s, A_DAY.video_s_per_s) == (1.0, 2.0, 90.0)
    assert replace(A_DAY, peak=3.0).chunks_per_s == 6.0
    assert replace(A_DAY, video_s=5.0).chunks_per_s == 1.0, "the shortest video has a chunk"


def test_what_is_fullest_comes_first_and_more_of_it_mends_that() -> None:
    costs = replace(MEASURED, bridge_ms=Cost(1000.0, 500.0))
    first = loads(A_DAY, TEN_GPUS, costs)[0]
    assert (first.name, first.wanted, first.share) == ("bridges", 2000.0, 2.0)
    mended = {load.name: load.share for load in loads(A_DAY, replace(TEN_GPUS, bridges=4), costs)}
    assert mended["bridges"] == 0.5
    assert mended["GPUs"] == pytest.approx(0.3)


def test_costs_of_two_lengths_tell_videos_from_chunks() -> None:
    assert costs_of((1.0, 12.0), (11.0, 32.0)) == Cost(10.0, 2.0)


def test_fairness_is_looked_at_while_all_wait() -> None:
    done = [chunk("a", 50.0, 0, 1), chunk("b", 40.0, 0, 2), chunk("b", 60.0, 2, 3), chunk("a", 900.0, 3, 9)]
    assert share_while_all_wait(done, {"a": 1000.0, "b": 100.0, "c": 100.0}) == {
        "a": 50.0,
        "b": 100.0,
        "c": 0.0,
    }
    assert jain([3.0, 3.0, 3.0]) == pytest.approx(1.0)
    assert jain([9.0, 0.0, 0.0]) == pytest.approx(1 / 3)


def test_actors_are_looked_at_in_the_middle_of_the_run() -> None:
    whole_time, beginning = chunk("a", 1.0, 0.0, 8.0), chunk("a", 1.0, 0.0, 3.0)
    assert busy_share([whole_time, beginning], actors=2) == pytest.approx(5 / 8)


def test_percentiles_are_values_that_occurred() -> None:
    assert [percentile([4.0, 1.0, 3.0, 2.0], part) for part in (0.0, 0.5, 0.99)] == [1.0, 3.0, 4.0]
