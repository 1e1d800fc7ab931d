"""Centred vectors of the real model: one bound tells what answers a question from all else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from actors.segmentation.meaning.loading import MeaningModel
from actors.segmentation.meaning.retrieval import Retrieval
from cluster.stores.postgres.search.meanings import LEAST_SIMILARITY
from tests.support.meaning import meaning_folder

SAID = (
    "The remaining budget is two million.",
    "We have hired eleven new engineers this year.",
    "The cat sat on the mat.",
    "Our server crashed during the night and lost no data.",
    "You can reach us by phone or by mail.",
    "Mix the flour with the eggs and some sugar.",
    "Thank you.",
    "Yes.",
)
ASKED = {
    "how much money is left": 0, "wie viel Geld bleibt": 0, "how many people joined the company": 1,
    "a pet on a carpet": 2, "computer failure": 3, "contact details": 4, "baking a cake": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def retrieval() -> Iterator[Retrieval]:
    model = MeaningModel(meaning_folder(), "e5-small", threads=1)
    yield model.retrieval()
    model.close()


def test_what_answers_a_question_is_above_the_bound_and_all_else_below(retrieval: Retrieval) -> None:
    passages = retrieval.passages(SAID)
    for question, answer in ASKED.items():
        near = passages @ retrieval.question(question)
        assert [n for n, one in enumerate(near) if one >= LEAST_SIMILARITY] == [answer], question


@pytest.mark.parametrize("question", ["qx5zz", "zebra", "dinosaurs of the Jurassic"])
def test_what_is_not_said_in_any_words_is_near_to_nothing(retrieval: Retrieval, question: str) -> None:
    assert (retrieval.passages(SAID) @ retrieval.question(question)).max() < LEAST_SIMILARITY


def test_vectors_have_length_one_and_a_space_with_name_and_digest(retrieval: Retrieval) -> None:
    vectors = retrieval.passages(SAID[:2])
    assert vectors.shape == (2, retrieval.width)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert retrieval.space == "e5-small 1571fc982750 1"
    assert retrieval.passages([]).shape == (0, retrieval.width)
