"""What the receiver of a webhook reads, byte for byte, whatever the video came to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.bridge.webhooks import body_of
from cluster.contract.videos import VideoDocument
from cluster.stores.postgres.webhooks import Delivery

ROW: dict[str, Any] = {
    "id": "5f0c2d6a9be14a7d8f3e1c0b7a645d21", "state": "done", "filename": "Füße – 映画.mp4",
    "bytes": 4372373, "sha256": "6e2b", "media_key": "videos/5f0c/source", "preset": "default",
    "settings": {"preset": "default", "shot_sensitivity": 0.5}, "revision": 1, "timeline_id": "t",
    "tracks_hash": "h", "chunks_done": 4, "chunks_total": 4, "attempt": 1, "error_code": None,
    "error_message": None, "created_at": "2026-01-05T10:00:00.12+00:00",
    "started_at": "2026-01-05T12:00:01+02:00", "finished_at": "2026-01-05T10:00:09.123456+00:00",
    "lease_owner": None, "lease_epoch": 1, "lease_expires_at": None, "cancel_requested": False, "version": 7,
    "rung_at": "2026-01-05T10:00:00+00:00", "owner": "anna", "newest_revision": 1, "fetching": False,
    "tracks_key": "5f0c2d6a9be14a7d8f3e1c0b7a645d21", "priority": "interactive", "traceparent": None,
    "media": {
        "fps": 23.976, "path": "/secret", "width": 1280, "frames": 1253, "height": 720, "rotation": 0,
        "start_s": 0.0, "duration_s": 52.25, "audio_codec": None, "video_codec": "h264",
        "variable_frame_rate": False,
    },
    "warnings": [{"code": "damaged", "message": "Broken.", "missing_frames": 2, "missing_s": 0.08}],
}  # fmt: skip
"""PostgreSQL's JSON of a row, columns that are nobody's business included."""

HEAD = '{"id": "e0", "type": "%s", "created_at": "2026-01-05T10:00:09.500000+00:00", "video": '
DONE = (
    '{"id": "5f0c2d6a9be14a7d8f3e1c0b7a645d21", "state": "done", "filename": "Füße – 映画.mp4", '
    '"bytes": 4372373, "sha256": "6e2b", "warnings": [{"code": "damaged", "message": "Broken.", '
    '"missing_frames": 2, "missing_s": 0.08}], "settings": {"preset": "default", "shot_sensitivity": 0.5}, '
    '"priority": "interactive", "revision": 1, "attempt": 1, "proxy": null, '
    '"created_at": "2026-01-05T10:00:00.120000Z", '
    '"started_at": "2026-01-05T10:00:01Z", "finished_at": "2026-01-05T10:00:09.123456Z", '
    '"media": {"duration_s": 52.25, "width": 1280, "height": 720, "fps": 23.976, "frames": 1253, '
    '"variable_frame_rate": false, "rotation": 0, "video_codec": "h264", "audio_codec": null, '
    '"start_s": 0.0}, "progress": {"fraction": 1.0, "chunks_done": 4, "chunks_total": 4, "eta_s": null}, '
    '"error": null}}'
)
FAILED = (
    '{"id": "5f0c2d6a9be14a7d8f3e1c0b7a645d21", "state": "failed", "filename": "Füße – 映画.mp4", '
    '"bytes": 4372373, "sha256": null, "warnings": [], "settings": {"preset": "default", '
    '"shot_sensitivity": 0.5}, "priority": "batch", "revision": 0, "attempt": 1, '
    '"proxy": null, "created_at": "2026-01-05T10:00:00.120000Z", "started_at": null, '
    '"finished_at": "2026-01-05T10:00:09.123456Z", "media": null, '
    '"progress": {"fraction": 0.4286, "chunks_done": 3, "chunks_total": 7, "eta_s": null}, '
    '"error": {"code": "not_media", "message": ""}}}'
)


def delivery(**values: Any) -> Delivery:
    row = ROW | values
    return Delivery(
        id=1, webhook_id="wh_1", event_id="e0", event=row["state"], video_id=row["id"], video=row,
        state="pending", attempts=1, created_at=datetime(2026, 1, 5, 10, 0, 9, 500_000, tzinfo=UTC),
        due_at=datetime(2026, 1, 5, tzinfo=UTC), finished_at=None, last_status=None, last_error=None,
    )  # fmt: skip


def without(*columns: str) -> Delivery:
    row = {name: value for name, value in ROW.items() if name not in columns}
    made = delivery()
    made.video.clear()
    made.video.update(row)
    return made


FAILURE: dict[str, Any] = {
    "state": "failed", "media": None, "sha256": None, "error_code": "not_media", "chunks_done": 3,
    "chunks_total": 7, "started_at": None, "revision": 0, "priority": "batch", "fetching": True,
    "warnings": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("told", "body"),
    [(delivery(), HEAD % "done" + DONE), (delivery(**FAILURE), HEAD % "failed" + FAILED)],
)
def test_the_body(told: Delivery, body: str) -> None:
    assert body_of(told) == body.encode()


def test_the_video_is_the_one_of_the_api() -> None:
    video = json.loads(body_of(delivery()))["video"]

    assert VideoDocument.model_validate_json(json.dumps(video), strict=True).model_dump(mode="json") == video


def test_a_row_that_is_older_than_a_column_is_told_too() -> None:
    assert body_of(without("traceparent", "priority", "newest_revision")) == body_of(delivery())
    assert body_of(without("warnings")) == body_of(delivery(warnings=[]))
