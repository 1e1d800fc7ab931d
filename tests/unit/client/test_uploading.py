"""The end of an upload, where the server takes its time: how long the client waits, and for what."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cluster.client.running import Ended, advance
from cluster.client.steps import Call, Pause
from cluster.client.uploading import OUTAGE_PATIENCE_S, _finished, _Stand
from cluster.errors import UnavailableError

DONE = {"Upload-Offset": "8"}


def waited(answers: Any, most_s: float) -> tuple[str, float]:
    """The video, and how long was waited for it; `answers(waited so far)` is what HEAD gives."""
    operation, outcome, total_s = _finished(_Stand("/uploads/1", 8)), None, 0.0
    while not isinstance(step := advance(operation, outcome), Ended):
        assert total_s < most_s
        if isinstance(step, Pause):
            total_s, outcome = total_s + step.seconds, None
        else:
            assert isinstance(step, Call)
            outcome = answers(total_s)
    return step.result, total_s


def test_a_video_that_takes_minutes_to_make_is_waited_for() -> None:
    def answers(so_far_s: float) -> httpx.Response:
        made = {"Scenestream-Video-Id": "v"} if so_far_s > 3 * OUTAGE_PATIENCE_S else {}
        return httpx.Response(200, headers=DONE | made)

    video_id, waited_s = waited(answers, 4 * OUTAGE_PATIENCE_S)

    assert video_id == "v"
    assert waited_s > 3 * OUTAGE_PATIENCE_S


def test_a_server_that_says_nothing_is_not() -> None:
    with pytest.raises(UnavailableError, match="every byte"):
        waited(lambda _: UnavailableError("away"), 4 * OUTAGE_PATIENCE_S)
