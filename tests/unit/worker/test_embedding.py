"""Vectors of texts as the fuser makes them: questions first, a few texts at a time, none without a model."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from actors.segmentation.meaning.errors import MeaningModelError
from actors.tasks import Outcome, Status, Task, TaskKind
from actors.worker.embedding import BYTES_AT_ONCE, TEXTS_AT_ONCE, EmbeddingHandler
from actors.worker.state import WorkState

LIMIT_S = 60.0


class Model:
    """Vectors are the length of the text; `gate` holds up what is encoded."""

    space, width = "toy 1", 2

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.encoded: list[Sequence[str]] = []

    def retrieval(self) -> Model:
        return self

    def passages(self, texts: Sequence[str]) -> Any:
        self.begun.release()
        assert self.gate.wait(LIMIT_S)
        self.encoded.append(list(texts))
        return np.array([[len(text), 0.5] for text in texts], np.float32)

    def question(self, text: str) -> Any:
        return self.passages([text])[0]


def handler_of(model: Any) -> EmbeddingHandler:
    return EmbeddingHandler(lambda: model)


def embed(handler: EmbeddingHandler, *texts: str, question: str = "") -> Outcome:
    task = Task(TaskKind.EMBED, "search", 0, "", texts=list(texts), question=question)
    return handler.do(Task.from_dict(task.to_dict()), WorkState())


def test_texts_become_vectors_of_half_precision_in_their_order() -> None:
    model = Model()
    texts = ["a" * n for n in range(1, 2 * TEXTS_AT_ONCE + 2)]
    result = embed(handler_of(model), *texts).result
    vectors = np.frombuffer(result["vectors"], "<f2").reshape(-1, 2)
    assert (result["space"], result["width"]) == ("toy 1", 2)
    assert vectors[:, 0].tolist() == [len(text) for text in texts]
    assert [len(part) for part in model.encoded] == [TEXTS_AT_ONCE, TEXTS_AT_ONCE, 1]


def test_long_texts_are_encoded_by_themselves_so_that_a_question_waits_no_longer_for_them() -> None:
    model = Model()
    texts = [
        "short",
        "我" * (BYTES_AT_ONCE // 3),
        "a" * (10 * BYTES_AT_ONCE),
        "b" * (BYTES_AT_ONCE // 2),
        "end",
    ]
    vectors = np.frombuffer(embed(handler_of(model), *texts).result["vectors"], "<f2").reshape(-1, 2)
    assert vectors[:, 0].tolist() == [len(text) for text in texts]
    assert model.encoded == [texts[:1], texts[1:2], texts[2:3], texts[3:]]


def test_without_texts_the_model_alone_is_told() -> None:
    model = Model()
    outcome = embed(handler_of(model))
    assert outcome.result == {"space": "toy 1", "width": 2, "vectors": b""}
    assert model.encoded == []


def test_a_question_goes_before_the_rest_of_the_texts_in_hand() -> None:
    model = Model()
    model.gate.clear()
    handler = handler_of(model)
    with ThreadPoolExecutor(2) as threads:
        texts = threads.submit(embed, handler, *("text" for _ in range(3 * TEXTS_AT_ONCE)))
        assert model.begun.acquire(timeout=LIMIT_S)
        asked = threads.submit(embed, handler, question="what")
        with handler._turn:
            assert handler._turn.wait_for(lambda: handler._questions_waiting == 1, LIMIT_S)
        model.gate.set()
        assert asked.result(LIMIT_S).status is texts.result(LIMIT_S).status is Status.DONE
    assert model.encoded[1] == ["what"]


def test_a_question_that_is_asked_again_is_not_encoded_again() -> None:
    model = Model()
    handler = handler_of(model)
    first, second = embed(handler, question="what"), embed(handler, question="what")
    assert first.result == second.result
    assert model.encoded == [["what"]]


def test_without_a_model_nothing_is_made_until_there_is_one() -> None:
    models: list[Any] = [None, Model()]
    handler = EmbeddingHandler(lambda: models.pop(0))
    assert embed(handler, "text").status is Status.UNAVAILABLE
    assert embed(handler, "text").status is Status.DONE


def test_a_broken_model_is_told() -> None:
    class Broken:
        def retrieval(self) -> None:
            raise MeaningModelError("it is damaged")

    handler = handler_of(Broken())
    assert embed(handler, question="what").message == "it is damaged"
    assert embed(handler, "text").status is Status.UNAVAILABLE  # and the next one has its turn
