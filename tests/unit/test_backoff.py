"""Back-off: waits that grow to a bound and start anew after a success."""

from __future__ import annotations

from cluster.backoff import Backoff


def test_a_backoff_grows_to_its_bound_and_begins_anew() -> None:
    backoff = Backoff(0.1, 1.0)
    waits = [backoff.next_s() for _ in range(20)]
    assert 0.05 <= waits[0] <= 0.1
    assert all(0.5 <= wait <= 1.0 for wait in waits[5:])
    backoff.reset()
    assert backoff.next_s() <= 0.1
