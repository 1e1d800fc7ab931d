"""The library behind the actor's seam."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.segmentation.errors import Cancelled, MediaError
from actors.segmentation.networks.models import Models
from actors.worker import allowance
from actors.worker.analyser import AnalysedChunk
from actors.worker.library import LibraryAnalyser
from cluster.settings import LimitSettings
from tests.support.media import Picture, make_media


def first_chunk(
    analyser: LibraryAnalyser, path: Path, plan: bytes, *, cancelled: bool = False
) -> AnalysedChunk:
    return analyser.chunk(
        path,
        plan,
        0,
        on_frames=lambda _frames: None,
        should_stop=lambda: cancelled,
        keyframe_sink=lambda _frame, _webp: None,
    )


def test_a_chunk_is_analysed_under_the_limits_it_was_planned_under(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wider than the library's own limits allow, but not than the installation's."""
    path = make_media(tmp_path / "wide.mkv", Picture(shots=(3,), size=(8224, 32), codec="ffv1", number=False))
    monkeypatch.setattr(Models, "load", lambda *_args, **_options: models)
    analyser = LibraryAnalyser(device="cpu", threads=1, limits=LimitSettings(width_px=10_000))
    analyser.load()
    planned = analyser.plan(path, {}, lambda: False)

    made = first_chunk(analyser, path, planned.payload)

    assert (made.start_frame, made.end_frame) == (0, 3)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_chunk_that_takes_far_more_time_than_its_size_explains_is_ended(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch, cancelled: bool
) -> None:
    path = make_media(tmp_path / "film.mkv", Picture(shots=(60,), size=(96, 64), number=False))
    monkeypatch.setattr(Models, "load", lambda *_args, **_options: models)
    monkeypatch.setattr(allowance, "FIRST_S", -1e9)  # used up when it begins
    analyser = LibraryAnalyser(device="cpu", threads=1, limits=LimitSettings())
    analyser.load()
    plan = analyser.plan(path, {}, lambda: False).payload

    with pytest.raises(Cancelled if cancelled else MediaError) as caught:
        first_chunk(analyser, path, plan, cancelled=cancelled)

    if not cancelled:
        assert "made to take time" in str(caught.value)


@pytest.mark.parametrize(
    ("frames", "pixels", "further_s"),
    [
        (1, 10 * allowance.PIXELS_PER_S, allowance.FRAME_S + 10.0),
        # a day of a tiny picture with one seek point: one chunk, whose networks alone take hours
        (2_592_000, 1, 2_592_000 * (allowance.FRAME_S + 1 / allowance.PIXELS_PER_S)),
    ],
)
def test_frames_pixels_and_processor_time_decide_how_long_a_chunk_may_take(
    frames: int, pixels: int, further_s: float
) -> None:
    allowed_s = allowance.FIRST_S + further_s
    passed = iter([100.0, 100.0 + allowed_s - 0.1, 100.0 + allowed_s + 0.1])
    chunk = allowance.Allowance(frames, pixels, cpu_s=lambda: next(passed))

    assert [chunk.used_up, chunk.used_up] == [False, True]


def test_the_starts_are_those_of_the_segments(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_media(tmp_path / "film.mkv", Picture(shots=(30, 40, 50), size=(96, 64), number=False))
    monkeypatch.setattr(Models, "load", lambda *_args, **_options: models)
    analyser = LibraryAnalyser(device="cpu", threads=1, limits=LimitSettings())
    analyser.load()
    plan = analyser.plan(path, {}, lambda: False).payload
    joined = analyser.join(plan, [first_chunk(analyser, path, plan).payload])

    for settings in ({}, {"min_shot_s": 2.0}):
        segments = analyser.fuse(joined, settings).segments
        starts = analyser.starts(joined, settings)
        assert starts == {
            level: [one["start_s"] for one in segments if one["level"] == level and one["index"]]
            for level in ("chapter", "scene", "shot")
        }
    assert len(analyser.starts(joined, {})["shot"]) == 2
