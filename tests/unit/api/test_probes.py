"""What is asked of the servers for the metrics, and how often."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from cluster.errors import UnavailableError
from serve_app.telemetry.probes import Probes


class Away:
    """A server that does not answer; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Any:
        self.asked += 1
        raise UnavailableError("does not answer")


def test_a_postgresql_that_is_away_is_waited_for_once() -> None:
    """Every question waits for seconds, and Prometheus waits for ten in all."""
    away = Away()
    jobs = SimpleNamespace(
        counts=away, backlog=away, imports=SimpleNamespace(counts=away), webhooks=SimpleNamespace(counts=away)
    )
    doorbells = SimpleNamespace(depth=lambda: 3, dead=lambda: 0)

    seen = Probes(cast("Any", SimpleNamespace(jobs=jobs, doorbells=doorbells))).seen()

    assert away.asked == 1
    assert seen.by_state == {}
    assert seen.alone == {"scenestream_queue_depth": 3.0, "scenestream_dead_letters": 0.0}
