"""An actor that waits for the result store is getting on, as far as the pool can see: it is not stuck."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.tasks import Status, Task, TaskKind
from actors.worker import state as segmenter_state
from actors.worker.handler import TaskHandler
from actors.worker.state import WorkState
from cluster.settings import LimitSettings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from tests.support.stack.stub_analyser import StubAnalyser, film, segment

FILM = film(1, frame_s=0.0)
SHOT = json.dumps(segment("shot", 0, 0, 25, "stub")).encode()


class SlowResults:
    """A result store that takes its time over everything, and looks meanwhile at who waits."""

    def __init__(self, state: WorkState) -> None:
        self._state = state
        self.seen: dict[str, int] = {}

    def __getattr__(self, call: str) -> Callable[..., Any]:
        def waited(*_: Any, **__: Any) -> Any:
            before = self._state.snapshot().beat
            time.sleep(0.01)
            self.seen[call] = self._state.snapshot().beat - before
            return {"get_plan": FILM, "stored_chunks": set(), "load_chunks": [(0, SHOT)]}.get(call)

        return waited


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        (TaskKind.PLAN, {"get_plan"}),
        (TaskKind.CHUNK, {"stored_chunks", "get_plan", "put_chunk"}),
        (TaskKind.FUSE, {"get_plan", "load_chunks", "put_timeline"}),
    ],
)
def test_waiting_for_results_counts_as_getting_on(
    kind: TaskKind, calls: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter_state, "STORE_TICK_S", 0.001)
    media = MediaStore(tmp_path.as_uri())
    media.put_stream("videos/v/source", [FILM])
    state = WorkState()
    state.ready()
    results = SlowResults(state)
    analyser = StubAnalyser(device="cpu", threads=1, limits=LimitSettings())
    handler = TaskHandler(analyser, results, media, MediaCache(tmp_path / "cache", 0))  # type: ignore[arg-type]
    task = Task(
        kind, "v", 1, "videos/v/source", tracks_hash="stub", chunk=0, again=True, timeline_id="t", revision=1
    )
    assert state.begin(task)
    assert handler.do(task, state).status is Status.DONE
    assert results.seen.keys() == calls
    assert min(results.seen.values()) > 0
