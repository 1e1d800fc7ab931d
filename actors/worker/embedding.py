"""Task handler for EMBED: makes vectors of texts, for search by meaning.

The model is loaded with the first task and stays. Questions, for which a person waits, go before the texts of
videos, of which a few are encoded at a time. Knows the library; no store, no Ray.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cachetools import LRUCache

from actors.segmentation.meaning.errors import MeaningModelError
from actors.segmentation.meaning.loading import MeaningModel
from actors.tasks import Outcome, Task
from actors.worker.state import WorkState

if TYPE_CHECKING:
    from actors.segmentation.meaning.retrieval import Retrieval  # imports torch

TEXTS_AT_ONCE = 4
"""A question waits for so many texts at most."""
BYTES_AT_ONCE = 600
"""Of UTF-8, so that they take 0.1 to 0.2 s of one core in any script. A longer text is encoded by itself; the
longest that a moment may have, 2000 characters, takes 0.3 s, of Chinese 1 s."""
QUESTIONS_KEPT = 1000
"""Vectors of the last questions: one that came too late for its first search is there for the next."""


class EmbeddingHandler:
    """Thread-safe: one thread encodes at a time. `find_model()`: None where no model is installed (yet)."""

    def __init__(self, find_model: Callable[[], MeaningModel | None]) -> None:
        self._find_model = find_model
        self._retrieval: Retrieval | None = None
        self._turn = threading.Condition()
        self._encoding = False
        self._questions_waiting = 0
        self._kept: LRUCache[str, bytes] = LRUCache(QUESTIONS_KEPT)

    def do(self, task: Task, _state: WorkState) -> Outcome:
        """DONE with `space`, `width` and `vectors`: of the question, or of each text in their order, as
        float16 of little-endian bytes. Without any text, only what the model is. UNAVAILABLE without a model.
        """
        try:
            with self._own_turn(bool(task.question)):
                retrieval = self._loaded()
                if retrieval is None:
                    return Outcome.unavailable("No model of meaning is installed.")
                if task.question:
                    vectors = self._of_question(retrieval, task.question)
            if not task.question:
                vectors = b"".join(self._of_texts(retrieval, task.texts))
        except MeaningModelError as error:
            return Outcome.unavailable(str(error))
        return Outcome.done(space=retrieval.space, width=retrieval.width, vectors=vectors)

    def _of_question(self, retrieval: Retrieval, question: str) -> bytes:
        if question not in self._kept:
            self._kept[question] = retrieval.question(question).astype("<f2").tobytes()
        return self._kept[question]

    def _of_texts(self, retrieval: Retrieval, texts: Sequence[str]) -> Iterator[bytes]:
        for part in _parts(texts):
            with self._own_turn(False):
                vectors = retrieval.passages(part)
            yield vectors.astype("<f2").tobytes()

    def _loaded(self) -> Retrieval | None:
        if self._retrieval is None:
            model = self._find_model()
            self._retrieval = None if model is None else model.retrieval()
        return self._retrieval

    @contextmanager
    def _own_turn(self, is_question: bool) -> Iterator[None]:
        with self._turn:
            self._questions_waiting += is_question
            self._turn.notify_all()
            try:
                self._turn.wait_for(
                    lambda: not self._encoding and (is_question or not self._questions_waiting)
                )
            finally:
                self._questions_waiting -= is_question
            self._encoding = True
        try:
            yield
        finally:
            with self._turn:
                self._encoding = False
                self._turn.notify_all()


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in their order, as many together as are encoded at once."""
    part: list[str] = []
    size = 0
    for text in texts:
        own = len(text.encode(errors="replace"))
        if part and (len(part) == TEXTS_AT_ONCE or size + own > BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(text)
        size += own
    if part:
        yield part
