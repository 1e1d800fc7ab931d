"""An import's lease: the ends it shares with videos and clips, and those that are its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from actors import metrics
from actors.bridge.control import Control, Reason
from actors.bridge.imports.fetch import Fetch, FetchLimits
from cluster.errors import NotFoundError, UnavailableError
from cluster.remote.errors import SourceBrokeError, SourceError
from cluster.remote.opened import OpenedSource, SourceRules
from cluster.stores.media.keys import source_key
from cluster.stores.postgres.intake.imports import Import
from cluster.stores.postgres.video import VideoState
from tests.support.bridge import Remembering

HELD = ("video-1", 2)
FILM = b"film"
LIMITS = FetchLimits(
    rules=SourceRules(), max_bytes=100, slowest_bytes_per_s=0.0, turn_s=60.0, concurrency=2, max_tries=3,
    retry_first_s=1.0, retry_longest_s=9.0,
)  # fmt: skip


class Setting:
    """A fetch of `FILM`; `source` raises instead if it is an exception."""

    def __init__(self, source: Exception | None = None, **claimed: Any) -> None:
        values: dict[str, Any] = {
            "url": "https://example.org/film.mp4", "tries": 1, "generation": 0, "stored_bytes": 0,
            "total_bytes": None, "validator": None,
        }  # fmt: skip
        self.source = source
        self.video: Any = SimpleNamespace(fetching=True, state=VideoState.QUEUED)
        self.writes: dict[str, Any] = dict.fromkeys(("advance", "postpone", "finish", "fail"), True)
        self.imports = Remembering(**{name: self._write(name) for name in self.writes})
        self.media = Remembering()
        self.reporter = Remembering()
        jobs = SimpleNamespace(imports=self.imports, get=self._get)
        claimed_row = Import(video_id=HELD[0], epoch=HELD[1], **(values | claimed))
        self.fetch = Fetch(claimed_row, jobs, self.media, self.reporter, LIMITS)  # type: ignore[arg-type]

    def _write(self, name: str) -> Any:
        def write(*_: Any, **__: Any) -> bool:
            answer = self.writes[name].pop(0) if isinstance(self.writes[name], list) else self.writes[name]
            if isinstance(answer, Exception):
                raise answer
            return bool(answer)

        return write

    def _get(self, video_id: str) -> Any:
        if self.video is None:
            raise NotFoundError("gone")
        return self.video

    @contextmanager
    def open(self, *_: Any) -> Iterator[OpenedSource]:
        if self.source is not None:
            raise self.source
        yield OpenedSource(0, len(FILM), '"v1"', iter([FILM]))

    def run(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
        """The calls to the store of imports."""
        monkeypatch.setattr("actors.bridge.imports.fetch.open_source", self.open)
        monkeypatch.setattr(Control, "pause", lambda control, _s, tolerate=None: control.check(tolerate))
        self.fetch.run()
        return self.imports.calls


def test_a_file_that_is_here_is_told_as_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting()
    calls = setting.run(monkeypatch)
    assert [call[0] for call in calls] == ["advance", "finish"]
    assert all(call[1:3] == HELD for call in calls)
    assert setting.reporter.calls[-1] == ("state", "video-1", "queued")


@pytest.mark.parametrize("answers", [[UnavailableError("away"), True], [UnavailableError("away"), False]])
def test_the_end_waits_for_postgresql_and_counts_although_its_answer_was_lost(
    answers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = Setting()
    setting.writes["finish"] = answers
    setting.video.fetching = False
    assert [call[0] for call in setting.run(monkeypatch)].count("finish") == 2
    assert setting.reporter.calls[-1] == ("state", "video-1", "queued")


def test_a_refusal_of_the_source_fails_the_video_and_waits_for_postgresql(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting = Setting(SourceError("There is no such file.", code="source_not_found"))
    setting.writes["fail"] = [UnavailableError("away"), True]
    assert setting.run(monkeypatch)[-1] == ("fail", *HELD, "source_not_found", "There is no such file.")
    assert setting.reporter.calls[-1][:3] == ("ended", "video-1", "failed")


def test_a_source_that_breaks_off_is_tried_later_and_the_try_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(SourceBrokeError("The line broke."))
    name, *held, delay_s = setting.run(monkeypatch)[-1]
    assert (name, tuple(held)) == ("postpone", HELD)
    assert 0 < delay_s <= LIMITS.retry_longest_s


@pytest.mark.parametrize("error", [SourceBrokeError("The line broke."), ZeroDivisionError()])
def test_tries_that_bring_nothing_come_to_an_end(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(error, tries=LIMITS.max_tries)
    name, *held, _code, message = setting.run(monkeypatch)[-1]
    assert (name, tuple(held)) == ("fail", HELD)
    assert "tried 3 times" in message


def test_a_store_that_is_away_is_no_fault_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(tries=LIMITS.max_tries)
    setting.writes["advance"] = UnavailableError("away")
    tries: list[bool] = []
    setting.imports.answers["postpone"] = lambda *_, counted=True, in_vain=False: tries.append(counted)
    setting.run(monkeypatch)
    assert tries == [False]
    assert "fail" not in setting.imports.names()


def test_postponing_without_postgresql_leaves_the_lease_to_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(SourceBrokeError("The line broke."))
    setting.writes["postpone"] = UnavailableError("away")
    assert setting.run(monkeypatch)[-1][0] == "postpone"


def test_a_stop_hands_the_import_back_and_counts_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting()
    tries: list[bool] = []
    setting.imports.answers["postpone"] = lambda *_, counted=True, in_vain=False: tries.append(counted)
    setting.fetch.control.abort(Reason.STOPPED)
    setting.run(monkeypatch)
    assert tries == [False]


@pytest.mark.parametrize(
    ("video", "lost", "removed"),
    [
        (SimpleNamespace(fetching=True, state=VideoState.QUEUED), 1, []),
        (SimpleNamespace(fetching=True, state=VideoState.CANCELLED), 0, []),
        (None, 0, ["delete"]),
    ],
    ids=["another holder has it", "the user cancelled it", "the user deleted it"],
)
def test_a_lost_lease_counts_as_lost_only_where_another_holder_has_it(
    video: Any, lost: int, removed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[dict[str, str]] = []
    monkeypatch.setattr(metrics.LEASES_LOST, "add", lambda **tags: counted.append(tags))
    setting = Setting()
    setting.video = video
    setting.writes["advance"] = False
    setting.run(monkeypatch)
    assert counted == [{"work": "import"}] * lost
    assert [name for name in setting.media.names() if name == "delete"] == removed
    assert "fail" not in setting.imports.names()


def test_a_file_whose_parts_are_gone_is_fetched_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(stored_bytes=4, total_bytes=4, validator='"v1"')
    setting.media.answers |= {"finish_parts": _gone, "exists": False}
    calls = setting.run(monkeypatch)
    assert [call[0] for call in calls] == ["advance", "postpone"]
    assert ("exists", source_key("video-1")) in setting.media.calls


def _gone(*_: Any) -> None:
    raise FileNotFoundError
