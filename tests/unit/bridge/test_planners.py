"""The concurrency limit for plans of long videos."""

from __future__ import annotations

import pytest

from actors.bridge.control import Aborted, Control, Reason
from actors.bridge.planners import Planners


def test_long_videos_wait_for_each_others_plans_and_can_be_ended_meanwhile() -> None:
    planners = Planners(lambda: 0)
    ended = Control()
    ended.abort(Reason.CANCELLED)
    with planners.turn(Control()), pytest.raises(Aborted), planners.turn(ended):
        pytest.fail("there is one place at a time")
    with planners.turn(ended):
        pass
