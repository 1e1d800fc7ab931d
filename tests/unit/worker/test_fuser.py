"""The fuser's turns: looking up waits for nobody, few wait, and what was given up is not done."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from actors.tasks import Outcome, Task, TaskKind
from actors.worker.fuser import FUSIONS_WAITING, Fuser
from actors.worker.state import WorkState
from cluster.settings import Settings
from tests.support.stack import stub_analyser

LIMIT_S = 60.0


class Handler:
    """Does what it is asked to when the gate opens; looks up at once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)
        self.done: list[str] = []

    def do(self, task: Task, state: WorkState) -> Outcome:
        if task.kind not in (TaskKind.PLAN, TaskKind.FRAMES, TaskKind.EMBED):
            self.begun.release()
            assert self.gate.wait(LIMIT_S)
            self.done.append(task.video_id)
        return Outcome.done()


def fusion(video: str, epoch: int = 1) -> dict[str, Any]:
    return Task(TaskKind.FUSE, video, epoch, "key", tracks_hash="h", timeline_id=f"{video}:1:1").to_dict()


class Scene:
    """A fuser with one fusion in hand."""

    def __init__(self, root: Path) -> None:
        settings = Settings(mongodb_url="mongodb://127.0.0.1:9", media_url=root.as_uri(), var_dir=root)
        self.handler = Handler()
        self.fuser = Fuser(settings, stub_analyser.NAME)
        self.fuser._handler = self.handler  # type: ignore[assignment]
        self._threads = ThreadPoolExecutor(2 * FUSIONS_WAITING)
        self.first = self.ask(fusion("first"))
        assert self.handler.begun.acquire(timeout=LIMIT_S)

    def ask(self, task: dict[str, Any]) -> Future[dict[str, Any]]:
        return self._threads.submit(self.fuser.run, task)

    def waiting(self, *tasks: dict[str, Any]) -> list[Future[dict[str, Any]]]:
        """Asked for, one after the other, and all waiting now."""
        asked = []
        for task in tasks:
            before = len(self.fuser._waiting)
            asked.append(self.ask(task))
            give_up_at = time.monotonic() + LIMIT_S
            while len(self.fuser._waiting) == before:
                assert time.monotonic() < give_up_at, "it does not wait"
                threading.Event().wait(0.005)
        return asked

    def close(self) -> None:
        self.handler.gate.set()
        self._threads.shutdown()
        assert self.fuser.stop()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def status(asked: Future[dict[str, Any]]) -> str:
    return str(asked.result(timeout=LIMIT_S)["status"])


@pytest.mark.parametrize("kind", [TaskKind.PLAN, TaskKind.FRAMES])
def test_a_plan_is_looked_up_while_a_fusion_is_in_hand(scene: Scene, kind: TaskKind) -> None:
    assert status(scene.ask(Task(kind, "clip", 1, "key", tracks_hash="h").to_dict())) == "done"
    assert not scene.first.done()


def test_when_enough_wait_the_pool_shall_do_it_but_for_previews(scene: Scene) -> None:
    waiting = scene.waiting(*(fusion(f"v{n}") for n in range(FUSIONS_WAITING)))
    assert status(scene.ask(fusion("one too many"))) == "unavailable"
    waiting += scene.waiting(Task(TaskKind.PREVIEW, "tried", 1, "key", tracks_hash="h").to_dict())
    scene.handler.gate.set()
    assert {status(asked) for asked in (scene.first, *waiting)} == {"done"}
    assert len(scene.handler.done) == FUSIONS_WAITING + 2


def test_what_was_given_up_while_it_waited_is_not_done(scene: Scene) -> None:
    given_up, newer, other = scene.waiting(fusion("film"), fusion("film", epoch=2), fusion("other"))
    assert scene.fuser.cancel("film", 1)
    scene.handler.gate.set()
    assert [status(asked) for asked in (given_up, newer, other)] == ["cancelled", "done", "done"]
    assert sorted(scene.handler.done) == ["film", "first", "other"]
