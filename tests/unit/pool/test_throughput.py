"""Estimates of speed: they start at an expectation and follow what is measured."""

from __future__ import annotations

import pytest

from actors.pool.throughput import MovingMean, Throughput


def test_throughput_moves_from_what_was_expected_to_what_is_measured() -> None:
    throughput = Throughput(5.0)
    assert (throughput.video_s_per_s, throughput.is_measured) == (5.0, False)
    for _ in range(30):
        throughput.done(60.0, 30.0)
    assert throughput.video_s_per_s == pytest.approx(2.0, rel=0.1)
    throughput.done(1.0, 0.0)
    for _ in range(60):
        throughput.done(60.0, 6.0)
    assert throughput.video_s_per_s == pytest.approx(10.0, rel=0.2), "what was long ago is forgotten"


def test_a_mean_begins_with_what_is_seen_first() -> None:
    mean = MovingMean(60.0, memory=4)
    mean.add(10.0)
    assert mean.value == 10.0
    for _ in range(40):
        mean.add(20.0)
    assert mean.value == pytest.approx(20.0, abs=0.1)
