"""Settings that cannot work are refused where they are read, in words that say which and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.errors import InvalidSettingsError
from cluster.settings import get_settings


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Read anew in each test, and by whoever comes after."""
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"SCALING__MIN_ACTORS": "5", "SCALING__MAX_ACTORS": "2"},
            "scaling: min_actors (5) must not be above max",
        ),
        ({"SCALING__MIN_ACTORS": "-1"}, "scaling.min_actors: "),
        ({"SCALING__MAX_ACTORS": "1000000000"}, "scaling.max_actors: "),
        ({"SCALING__TARGET_DRAIN_S": "inf"}, "scaling.target_drain_s: "),
        ({"ACTORS__COUNT": "1000000000"}, "actors.count: "),
        ({"ACTORS__GPUS_PER_ACTOR": "1.5"}, "actors: gpus_per_actor must be 0, a share of one GPU"),
        ({"ACTORS__GPUS_PER_ACTOR": "0.00001"}, "actors: gpus_per_actor must be 0, a share of one GPU"),
        ({"ACTORS__PING_INTERVAL_S": "60"}, "actors: ping_interval_s must be below stuck_after_s"),
        ({"LEASE__HEARTBEAT_S": "20"}, "lease: duration_s must be at least twice heartbeat_s"),
        ({"BRIDGE__BACKLOG_INTERVAL_S": "60"}, "bridge.backlog_interval_s: "),
        ({"IMPORTS__RETRY_FIRST_S": "301"}, "imports: retry_first_s must not be above retry_longest_s"),
        ({"WEBHOOKS__RETRY_LONGEST_S": "1"}, "webhooks: retry_first_s must not be above retry_longest_s"),
    ],
)
def test_what_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"SCENESTREAM_{name}", value)
    with pytest.raises(InvalidSettingsError) as refused:
        get_settings()
    assert refused.value.message.startswith(f"Configuration: {told}")


@pytest.mark.parametrize("share", ["0", "0.0001", "0.3333", "1", "4"])
def test_shares_of_a_gpu_and_whole_ones_are_taken(monkeypatch: pytest.MonkeyPatch, share: str) -> None:
    monkeypatch.setenv("SCENESTREAM_ACTORS__GPUS_PER_ACTOR", share)
    assert get_settings().actors.gpus_per_actor == float(share)
