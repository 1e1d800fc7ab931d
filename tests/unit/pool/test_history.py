"""The pool's last hour: frames per second in steps of a minute, and the actors that were lost."""

from __future__ import annotations

import pytest

from actors.pool.history import LOSSES_KEPT, STEP_S, STEPS, History


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(clock: Clock) -> History:
    return History(clock)


def test_a_pool_that_has_just_begun_has_one_step(history: History) -> None:
    assert history.rates() == {"step_s": STEP_S, "frames_per_s": [0.0]}


def test_frames_are_spread_over_the_time_that_the_chunk_took(history: History, clock: Clock) -> None:
    clock.now += 150
    history.worked(900, took_s=90)  # 60 s to 150 s: all of the second step, half of the third

    assert history.rates()["frames_per_s"] == [0.0, 10.0, 10.0]
    clock.now += 30
    assert history.rates()["frames_per_s"][1:3] == [10.0, 5.0]


def test_a_chunk_that_took_no_time_counts_where_it_ended(history: History, clock: Clock) -> None:
    clock.now += 70
    history.worked(100, took_s=0.0)

    assert history.rates()["frames_per_s"] == [0.0, 10.0]


def test_work_from_before_the_pool_counts_from_its_beginning(history: History, clock: Clock) -> None:
    clock.now += 50
    history.worked(500, took_s=400)

    assert history.rates()["frames_per_s"] == [10.0]


def test_an_hour_is_kept_and_no_more(history: History, clock: Clock) -> None:
    for _ in range(3 * STEPS):
        clock.now += STEP_S
        history.worked(600, took_s=STEP_S)
    rates = history.rates()["frames_per_s"]

    assert len(rates) == STEPS
    assert set(rates[:-1]) == {10.0}
    assert rates[-1] == 0.0, "this step begins now"
    assert len(history._frames) <= STEPS + 1

    clock.now += STEPS * STEP_S
    assert set(history.rates()["frames_per_s"]) == {0.0}


def test_the_last_losses_are_told_newest_first(history: History, clock: Clock) -> None:
    for number in range(LOSSES_KEPT + 5):
        clock.now += 1
        history.lost(f"segmenter-{number}", "gpu-1", "f" * 32, "its process was killed")
    losses = history.losses()

    assert len(losses) == LOSSES_KEPT
    assert losses[0] == {
        "actor": f"segmenter-{LOSSES_KEPT + 4}",
        "node": "gpu-1",
        "video_id": "f" * 32,
        "reason": "its process was killed",
        "ago_s": 0.0,
    }
    assert losses[-1]["ago_s"] == LOSSES_KEPT - 1
