"""The library behind the actor's seam."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.segmentation.networks.models import Models
from actors.worker.library import LibraryAnalyser
from cluster.settings import LimitSettings
from tests.support.media import Picture, make_media


def test_a_chunk_is_analysed_under_the_limits_it_was_planned_under(
    tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wider than the library's own limits allow, but not than the installation's."""
    path = make_media(tmp_path / "wide.mkv", Picture(shots=(3,), size=(8224, 32), codec="ffv1", number=False))
    monkeypatch.setattr(Models, "load", lambda *_args, **_options: models)
    analyser = LibraryAnalyser(device="cpu", threads=1, limits=LimitSettings(width_px=10_000))
    analyser.load()
    planned = analyser.plan(path, {}, lambda: False)

    made = analyser.chunk(
        path,
        planned.payload,
        0,
        on_frames=lambda _frames: None,
        should_stop=lambda: False,
        keyframe_sink=lambda _frame, _webp: None,
    )

    assert (made.start_frame, made.end_frame) == (0, 3)
