"""What Redis is told of a video: the types of `cluster.contract.events`, as the API reads them."""

from __future__ import annotations

from typing import Any, NotRequired, get_args, get_origin, get_type_hints

import pytest

from actors.bridge.progress import ProgressMeter
from actors.bridge.reporter import Reporter
from cluster.contract.events import LiveProgress
from cluster.contract.wire import videos as wire

VIDEO = "v" * 32


class Heard:
    """A cache that keeps what it is told."""

    def __init__(self) -> None:
        self.progress: list[dict[str, Any]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    def set_progress(self, video_id: str, progress: dict[str, Any]) -> bool:
        assert video_id == VIDEO
        self.progress.append(dict(progress))
        return True

    def publish_event(self, video_id: str, type_: str, data: dict[str, Any]) -> str:
        assert video_id == VIDEO
        self.events.append((type_, dict(data)))
        return f"{len(self.events)}-0"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def reporter(heard: Heard) -> Reporter:
    return Reporter(heard)  # type: ignore[arg-type]


def test_a_state_is_told_with_its_attempt(heard: Heard, reporter: Reporter) -> None:
    reporter.state(VIDEO, "running", attempt=2)
    reporter.state(VIDEO, "finalizing")

    assert heard.events == [("state", {"state": "running", "attempt": 2}), ("state", {"state": "finalizing"})]


def test_progress_is_kept_and_told_and_so_are_new_chunks(heard: Heard, reporter: Reporter) -> None:
    live = {"fraction": 0.25, "chunks_done": 1, "chunks_total": 2, "eta_s": None}

    reporter.progress(VIDEO, ProgressMeter({0: 1.0, 1: 3.0}, stored={0}), new_chunks=(3, 1))

    assert heard.progress == [live]
    assert heard.events == [("progress", live), ("segments", {"state": "provisional", "chunks": [1, 3]})]


def test_bytes_of_a_file_are_progress(heard: Heard, reporter: Reporter) -> None:
    reporter.fetching(VIDEO, 5, None)

    assert heard.progress == [{"fetch": {"bytes": 5, "bytes_total": None}}]
    assert heard.events == [("progress", {"fetch": {"bytes": 5, "bytes_total": None}})]


def test_a_result_is_told_before_the_end(heard: Heard, reporter: Reporter) -> None:
    reporter.done(VIDEO, 3)

    assert heard.events == [
        ("segments", {"state": "final", "revision": 3}),
        ("state", {"state": "done", "revision": 3}),
        ("done", {"state": "done", "revision": 3}),
    ]


def test_a_failure_is_told_with_its_reason(heard: Heard, reporter: Reporter) -> None:
    error = {"code": "not_media", "message": "It is no video."}

    reporter.ended(VIDEO, "failed", error=error)

    assert heard.events == [
        ("state", {"state": "failed", "error": error}),
        ("done", {"state": "failed", "error": error}),
    ]


def test_a_state_that_there_is_not_is_told_to_nobody(heard: Heard, reporter: Reporter) -> None:
    with pytest.raises(ValueError, match="sleeping"):
        reporter.state(VIDEO, "sleeping")

    assert heard.events == []


def test_live_progress_is_part_of_the_contract_s_progress() -> None:
    shown = get_type_hints(wire.Progress, include_extras=True)
    bare = {
        name: get_args(kind)[0] if get_origin(kind) is NotRequired else kind for name, kind in shown.items()
    }

    assert get_type_hints(LiveProgress) == bare
