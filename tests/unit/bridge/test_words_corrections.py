"""Words that follow a result which a person has corrected: what the fusion with them is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.tasks import TaskKind
from tests.unit.bridge.test_words_work import Setting, _no_pauses

__all__ = ["_no_pauses"]


def boundary(frame: int) -> dict[str, Any]:
    at_s = frame / 25
    return {"kind": "cut", "confidence": 0.5, "visual": 0.5, "audio": 0.0, "from_s": at_s, "to_s": at_s}


@pytest.mark.parametrize("corrections", [None, {"locked": {"shot": []}, "removed": {}}])
def test_other_results_are_fused_with_what_is_locked_in_them(corrections: dict[str, Any] | None) -> None:
    setting = Setting()
    setting.kept = [SimpleNamespace(revision=1, corrections=corrections)]

    setting.work.run()

    (fusion,) = setting.asked(TaskKind.FUSE)
    assert fusion.corrections == (corrections or {})


def test_a_corrected_result_keeps_every_start() -> None:
    setting = Setting()
    setting.kept = [
        SimpleNamespace(revision=1, corrections={"exact": True, "locked": {}}),
        SimpleNamespace(revision=2, corrections=None),  # not the one that is shown
    ]
    setting.results.all_segments = lambda _: [
        {
            "level": "scene",
            "start_frame": 0,
            "start_boundary": boundary(0),
            "title": "Sea",
            "title_source": "human",
        },
        {
            "level": "scene",
            "start_frame": 90,
            "start_boundary": boundary(90),
            "title": "A",
            "title_source": "screen",
        },
    ]

    setting.work.run()

    (fusion,) = setting.asked(TaskKind.FUSE)
    assert fusion.corrections == {
        "exact": {"scene": [{"frame": 0, **boundary(0), "title": "Sea"}, {"frame": 90, **boundary(90)}]}
    }
