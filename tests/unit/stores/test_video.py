"""The video as a value, its states, and the files of SQL behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cluster.stores.ids import new_id
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import FINAL_STATES, LEASED_STATES, LEGAL_TRANSITIONS, Video, VideoState

ROW: dict[str, Any] = {
    "id": "0123456789abcdef",
    "state": "running",
    "filename": "a.mp4",
    "bytes": 10,
    "sha256": None,
    "media_key": "videos/0123456789abcdef/source",
    "media": None,
    "preset": "default",
    "settings": {},
    "revision": 0,
    "timeline_id": None,
    "tracks_hash": None,
    "chunks_done": 0,
    "chunks_total": None,
    "attempt": 1,
    "error_code": None,
    "error_message": None,
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    "started_at": None,
    "finished_at": None,
    "lease_owner": "bridge-a",
    "lease_epoch": 1,
    "lease_expires_at": None,
    "cancel_requested": False,
    "version": 2,
    "owner": None,
    "tracks_key": "0123456789abcdef",
    "newest_revision": 0,
    "fetching": False,
    "priority": "interactive",
    "traceparent": None,
    "warnings": [],
    "keep_corrections": True,
}


def test_a_video_is_made_of_a_row_and_never_changes() -> None:
    video = Video.from_row(ROW | {"rung_at": "a column that is not a video's"})
    assert video.state is VideoState.RUNNING
    with pytest.raises(AttributeError):
        video.attempt = 2  # type: ignore[misc]
    later = replace(video, state=VideoState.DONE, attempt=2)
    assert (video.attempt, later.attempt, later.id) == (1, 2, video.id)
    assert later.is_final
    assert not video.is_final


@pytest.mark.parametrize("wrong", [{"state": "asleep"}, {"bytes": -1}, {"attempt": -1}, {"lease_epoch": -1}])
def test_a_row_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"never negative|asleep"):
        Video.from_row(ROW | wrong)


def test_every_state_has_its_transitions() -> None:
    assert set(LEGAL_TRANSITIONS) == set(VideoState)
    assert not LEASED_STATES & FINAL_STATES
    assert {VideoState.QUEUED} | LEASED_STATES | FINAL_STATES == set(VideoState)
    assert LEGAL_TRANSITIONS[VideoState.DONE] == {VideoState.QUEUED}


def test_ids_are_128_random_bits_in_hexadecimal() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(id_) == 32 and set(id_) <= set("0123456789abcdef") for id_ in ids)


@pytest.mark.parametrize("name", ["videos", "leases", "turns", "reaper", "outbox", "uploads"])
def test_every_file_of_sql_holds_named_statements(name: str) -> None:
    statements = load_statements(f"{name}.sql")
    assert statements
    for text in statements.values():
        assert any(word in text for word in (b"SELECT", b"INSERT", b"UPDATE", b"DELETE"))


def test_what_a_lease_holder_may_do_always_names_its_epoch_and_the_states() -> None:
    for name, text in load_statements("leases.sql").items():
        if b"UPDATE" in text and name != "claim":
            assert re.search(rb"AND (videos\.)?lease_epoch = (%\(epoch\)s|held\.epoch) AND state ", text), (
                name
            )
