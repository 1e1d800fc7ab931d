"""The vectors of moments by a bridge, with stores and a fuser that the test hands in."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.embedding import LATER_S, Embedding
from actors.tasks import Outcome, Task
from cluster.errors import UnavailableError
from cluster.stores.postgres.search.meanings import Vectors

MODEL = {"space": "toy 1", "width": 2, "vectors": b""}


class Table:
    """A queue of texts."""

    def __init__(self, *texts: str, usable: bool = True, allowed: bool = True) -> None:
        self.texts = list(texts)
        self.usable, self.allowed = usable, allowed
        self.made: list[Vectors] = []
        self.prepared: list[tuple[str, int]] = []
        self.fails: Exception | None = None

    def any_due(self) -> bool:
        return bool(self.texts)

    def can_be_kept(self) -> bool:
        return self.usable

    def prepare(self, space: str, width: int) -> bool:
        self.prepared.append((space, width))
        return self.allowed

    def update_next(self, space: str, embed: Any) -> bool:
        if self.fails is not None:
            raise self.fails
        if not self.texts:
            return False
        made = embed([self.texts[0]])
        if made is None:
            return False
        self.texts.pop(0)
        self.made.append(made)
        return True


class Scene:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.asked: list[list[str]] = []
        self.now = 0.0
        self.away = False
        jobs: Any = SimpleNamespace(meanings=table)
        self.embedding = Embedding(jobs, self.submit, lambda: self.now)

    def submit(self, task: Task) -> Future[Outcome]:
        self.asked.append(task.texts)
        answer: Future[Outcome] = Future()
        answer.set_result(Outcome.unavailable("no model") if self.away else Outcome.done(**MODEL))
        return answer


def test_a_round_empties_the_queue_and_makes_the_table_ready_once() -> None:
    scene = Scene(Table("a", "b"))
    assert scene.embedding.update() is False
    scene.table.texts.append("c")
    assert scene.embedding.update() is False
    assert scene.asked == [[], ["a"], ["b"], ["c"]]
    assert scene.table.prepared == [("toy 1", 2)]
    assert len(scene.table.made) == 3


def test_no_model_is_loaded_where_nothing_waits() -> None:
    scene = Scene(Table())
    assert scene.embedding.update() is False
    assert scene.asked == []


@pytest.mark.parametrize("table", [Table("a", usable=False), Table("a", allowed=False)])
def test_without_an_extension_it_is_looked_for_again_later(table: Table) -> None:
    scene = Scene(table)
    scene.embedding.update()
    asked = len(scene.asked)
    assert scene.embedding.update() is False
    assert len(scene.asked) == asked == (1 if table.usable else 0)
    scene.now += LATER_S
    table.usable = table.allowed = True
    scene.embedding.update()
    assert table.texts == []


def test_while_no_model_is_there_videos_wait() -> None:
    scene = Scene(Table("a"))
    scene.away = True
    scene.embedding.update()
    scene.embedding.update()
    assert len(scene.asked) == 1
    scene.now += LATER_S
    scene.away = False
    scene.embedding.update()
    assert scene.table.texts == []


def test_after_a_failure_the_table_is_made_ready_again() -> None:
    scene = Scene(Table("a"))
    scene.embedding.update()
    scene.table.texts, scene.table.fails = ["b"], UnavailableError("another model")
    with pytest.raises(UnavailableError):
        scene.embedding.update()
    scene.table.fails = None
    scene.embedding.update()
    assert len(scene.table.prepared) == 2
    assert scene.table.texts == []
