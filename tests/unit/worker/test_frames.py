"""The fuser tells times of frames from the stored plan, or says that it is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.tasks import Outcome, Task, TaskKind
from actors.worker.fusing import FusionHandler
from actors.worker.library import LibraryAnalyser
from actors.worker.state import WorkState
from cluster.settings import LimitSettings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from tests.support.media import Picture, make_media

ANALYSER = LibraryAnalyser(device="cpu", threads=1, limits=LimitSettings())


class Plans:
    """The one plan that the result store has."""

    def __init__(self, payload: bytes | None) -> None:
        self.payload = payload

    def get_plan(self, tracks_key: str, _tracks_hash: str) -> bytes | None:
        return self.payload if tracks_key == "content" else None


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = make_media(tmp_path_factory.mktemp("film") / "film.mp4", Picture(shots=(50,)))
    return ANALYSER.plan(path, {}, lambda: False).payload


def ask(payload: bytes | None, root: Path, **values: Any) -> Outcome:
    task: dict[str, Any] = {
        "tracks_hash": ANALYSER.tracks_hash({}),
        "tracks_key": "content",
        "settings": {},
        **values,
    }
    results: Any = Plans(payload)
    handler = FusionHandler(ANALYSER, results, MediaStore(root.as_uri()), MediaCache(root, 0))
    return handler.do(Task(TaskKind.FRAMES, "v", 1, "videos/v/source", **task), WorkState())


def test_the_times_are_those_of_the_plan(plan: bytes, tmp_path: Path) -> None:
    told = ask(plan, tmp_path).result
    numerator, denominator = told["time_base"]
    [(step, count)] = told["runs"]
    assert (told["frames"], count, told["first_frame"], told["next_frame"]) == (50, 50, 0, None)
    assert step * numerator * 25 == denominator


def test_they_are_told_from_a_frame_on(plan: bytes, tmp_path: Path) -> None:
    told = ask(plan, tmp_path, from_frame=20).result
    assert (told["first_frame"], told["runs"][0][1]) == (20, 30)
    assert ask(plan, tmp_path, from_frame=50).code == "no_frame"


@pytest.mark.parametrize("payload", [None, b"", b"of another version"])
def test_a_plan_that_is_gone_or_of_another_version_is_said_to_be(
    payload: bytes | None, tmp_path: Path
) -> None:
    outcome = ask(payload, tmp_path)
    assert outcome.code == "plan_missing"
    assert "Segment it again" in outcome.message


def test_settings_of_another_stream_have_other_frames(plan: bytes, tmp_path: Path) -> None:
    """Of an earlier revision that was chosen again: its tracks are not those that are stored."""
    assert ask(plan, tmp_path, settings={"video_stream": 1}).code == "needs_decode"
