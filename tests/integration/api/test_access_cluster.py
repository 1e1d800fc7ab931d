"""What `GET /cluster` says of videos to whom: an administrator gets names, others numbers alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from serve_app.telemetry.probes import Probes
from tests.support.api import keyed as keyed_api
from tests.support.api.running import Api, start_work

api, client, anna, admin = keyed_api.api, keyed_api.client, keyed_api.anna, keyed_api.admin

SECRET_NAME = "the secret film.mp4"


def snapshot_of(worked_on: str, lost_with: str) -> dict[str, Any]:
    """A pool of one actor that works, and one loss."""
    row = {
        "actor": "segmenter-0", "node": "gpu-1", "node_id": "n", "pid": 7, "device": "cuda:0",
        "state": "working", "video_id": worked_on, "kind": "chunk", "chunk": 3, "frames_done": 12,
        "since_s": 0.5, "video_s_per_s": 9.0, "rss_bytes": 1, "gpu_bytes": 1, "replaced": 1,
        "error": f"lost with {lost_with}",
    }  # fmt: skip
    loss = {"actor": "segmenter-0", "node": "gpu-1", "video_id": lost_with, "reason": "killed", "ago_s": 9.0}
    return {
        "actors": [row], "wanted": 1, "queued": 0, "backlog_s": 0.0, "dispatch_ms": 1.0,
        "history": {"step_s": 60.0, "frames_per_s": [0.0, 240.0]}, "losses": [loss],
    }  # fmt: skip


@pytest.fixture
def at_work(api: Api, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two videos of an owner that nobody else may see: one in the hands of an actor, one that failed."""
    worked_on = api.make(owner="berta", filename=SECRET_NAME)
    failed = api.make(owner="berta", filename=SECRET_NAME)
    api.services.jobs.fail(failed, start_work(api, failed), "analysis_crashed", f"{SECRET_NAME} broke it.")
    monkeypatch.setattr(Probes, "_pool_snapshot", lambda _: snapshot_of(worked_on, failed))
    return worked_on, failed


def test_an_administrator_sees_which_videos_are_worked_on_and_which_failed(
    admin: httpx.Client, at_work: tuple[str, str]
) -> None:
    worked_on, failed = at_work

    cluster = admin.get("/cluster").json()

    assert cluster["pool"]["actors"][0]["video_id"] == worked_on
    assert cluster["pool"]["losses"][0]["video_id"] == failed
    assert cluster["pool"]["history"]["frames_per_s"] == [0.0, 240.0]
    assert cluster["filenames"] == dict.fromkeys(at_work, SECRET_NAME)
    assert cluster["failures"]["latest"][0]["video_id"] == failed


def test_others_see_the_numbers_and_no_names(anna: httpx.Client, at_work: tuple[str, str]) -> None:
    answer = anna.get("/cluster")

    for told in (SECRET_NAME, *at_work):
        assert told not in answer.text
    cluster = answer.json()
    assert cluster["pool"]["actors"][0]["state"] == "working"
    assert cluster["pool"]["history"]["frames_per_s"] == [0.0, 240.0]
    assert cluster["pool"]["losses"] == []
    assert cluster["failures"]["latest"] == []
    assert {count["code"] for count in cluster["failures"]["counts"]} == {"analysis_crashed"}
    assert cluster["queues"] is not None


def test_the_pool_of_the_version_before_is_understood(
    admin: httpx.Client, at_work: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = snapshot_of(*at_work)
    del earlier["history"], earlier["losses"]
    monkeypatch.setattr(Probes, "_pool_snapshot", lambda _: earlier)

    pool = admin.get("/cluster").json()["pool"]

    assert (pool["history"], pool["losses"]) == (None, [])
