"""Vectors of questions: asked for once, kept in Redis, and given up where nobody answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from cluster.errors import UnavailableError
from cluster.stores.postgres.search.meanings import Vectors
from serve_app.videos.questions import LOOKED_S, MOST_ASKING, QUIET_S, Questions

LIMIT_S = 60.0
VECTOR = Vectors("toy 1", 2, b"\x00\x3c\x00\x00")


class Kept(dict[str, str]):
    """Redis, of which all is lost when it is cleared."""

    def keep_text(self, kind: str, name: str, text: str, kept_s: int) -> bool:
        self[name] = text
        return True

    def kept_text(self, kind: str, name: str) -> str | None:
        return self.get(name)


class Scene:
    def __init__(self, are_kept: bool = True) -> None:
        self.asked: list[str] = []
        self.now = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.outcome: Any = {
            "status": "done",
            "result": {"space": VECTOR.space, "width": VECTOR.width, "vectors": VECTOR.packed},
        }
        self.are_kept = are_kept
        self.cache = Kept()
        jobs: Any = SimpleNamespace(meanings=SimpleNamespace(are_kept=lambda: self.are_kept))
        cache: Any = self.cache
        self.questions = Questions(jobs, cache, self.ask, "toy", lambda: self.now)

    def ask(self, question: str) -> Any:
        self.asked.append(question)
        self.begun.release()
        assert self.gate.wait(LIMIT_S)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_a_question_is_asked_once_and_then_read_from_redis() -> None:
    scene = Scene()
    assert scene.questions.vector("how  much money") == VECTOR
    assert scene.questions.vector("how much money ") == VECTOR
    assert scene.asked == ["how much money"]
    scene.cache.clear()
    assert scene.questions.vector("how much money") == VECTOR
    assert len(scene.asked) == 2


def test_where_no_vectors_are_kept_nobody_is_asked() -> None:
    scene = Scene(are_kept=False)
    assert scene.questions.vector("how much") is None
    scene.are_kept = True
    assert scene.questions.vector("how much") is None  # what was seen is believed for a while
    assert scene.asked == []
    scene.now += LOOKED_S
    assert scene.questions.vector("how much") == VECTOR


def test_after_no_answer_words_alone_are_searched_for_a_while() -> None:
    for failure in (
        UnavailableError("no answer"),
        {"status": "unavailable", "error": {"message": "no model"}},
    ):
        scene = Scene()
        answer, scene.outcome = scene.outcome, failure
        assert scene.questions.vector("how much") is None
        scene.outcome = answer
        assert scene.questions.vector("how much") is None
        assert len(scene.asked) == 1
        scene.now += QUIET_S
        assert scene.questions.vector("how much") == VECTOR


def test_who_asks_the_same_meanwhile_shares_the_answer_and_too_many_others_get_none() -> None:
    scene = Scene()
    scene.gate.clear()
    with ThreadPoolExecutor(MOST_ASKING + 1) as threads:
        first = [threads.submit(scene.questions.vector, f"question {n}") for n in range(MOST_ASKING)]
        for _ in first:
            assert scene.begun.acquire(timeout=LIMIT_S)
        assert scene.questions.vector("one too many") is None
        same = threads.submit(scene.questions.vector, "question 0")
        scene.gate.set()
        assert [one.result(LIMIT_S) for one in (*first, same)] == [VECTOR] * (MOST_ASKING + 1)
    assert len(scene.asked) == MOST_ASKING
