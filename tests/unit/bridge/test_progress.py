"""How far a video is, and how long the rest takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.bridge.progress import ProgressMeter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_measured_in_seconds_of_video() -> None:
    progress = ProgressMeter({0: 10.0, 1: 30.0, 2: 60.0}, stored=set())
    assert progress.to_dict() == {"fraction": 0.0, "chunks_done": 0, "chunks_total": 3, "eta_s": None}
    progress.done(1)
    assert (progress.fraction, progress.chunks_done) == (0.3, 1)


def test_the_rest_takes_as_long_as_this_attempt_needed_for_what_it_did() -> None:
    clock = Clock()
    progress = ProgressMeter({0: 10.0, 1: 10.0, 2: 40.0}, stored={0}, clock=clock)
    assert progress.eta_s is None
    clock.now += 5.0
    progress.done(1)
    assert progress.eta_s == 20.0
    progress.done(2)
    assert progress.eta_s == 0.0


def test_chunks_of_another_plan_do_not_count() -> None:
    assert ProgressMeter({0: 1.0}, stored={0, 7, 8}).chunks_done == 1


@given(st.dictionaries(st.integers(0, 30), st.floats(0, 1e4), min_size=1))
def test_the_fraction_grows_to_one(chunks: dict[int, float]) -> None:
    progress = ProgressMeter(chunks, stored=())
    seen = [progress.fraction]
    for index in chunks:
        progress.done(index)
        seen.append(progress.fraction)
    assert seen == sorted(seen)
    assert abs(seen[-1] - 1.0) < 1e-9


def test_a_video_of_no_length_ends_at_one() -> None:
    progress = ProgressMeter({0: 0.0}, stored=())
    assert progress.fraction == 0.0
    progress.done(0)
    assert (progress.fraction, progress.eta_s) == (1.0, 0.0)
