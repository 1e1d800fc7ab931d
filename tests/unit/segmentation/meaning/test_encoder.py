"""The real model of meaning: sentences of like meaning are near, in any language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.errors import Cancelled
from actors.segmentation.meaning.encoder import PASSAGE, TextEncoder
from actors.segmentation.meaning.errors import MeaningModelError
from actors.segmentation.meaning.loading import MeaningModel
from tests.support.meaning import meaning_folder

SAME = (
    "The cat sits on the mat.",
    "Die Katze sitzt auf der Matte.",
    "Le chat est assis sur le tapis.",
    "猫がマットの上に座っている。",
    "Кошка сидит на коврике.",
)
OTHER = (
    "The central bank raised interest rates.",
    "Die Zentralbank hat die Zinsen erhöht.",
    "中央银行提高了利率。",
    "البنك المركزي رفع أسعار الفائدة",
    "ธนาคารกลางขึ้นอัตราดอกเบี้ย",
)
GOLDEN = {
    "The meeting begins with the budget.": (0.0285, -0.0190, -0.0324, -0.0599, 0.0643, -0.0199),
    "会议从预算开始。": (0.0595, -0.0335, -0.0201, -0.0349, 0.0644, -0.0535),
}
"""The first numbers of vectors as this network made them: they show that it still does. That they are right
was seen by comparing 49 sentences with the model's own engine, once: cosines of 0.9998 and more."""


@pytest.fixture(scope="module")
def encoder() -> Iterator[TextEncoder]:
    model = MeaningModel(meaning_folder(), "e5-small", threads=1)
    yield model()
    model.close()


def test_sentences_of_one_meaning_are_nearer_than_others_in_every_language(encoder: TextEncoder) -> None:
    vectors = encoder.encode([*SAME, *OTHER])
    cosines = vectors @ vectors.T

    within = [cosines[:5, :5].min(), cosines[5:, 5:].min()]
    assert min(within) > cosines[:5, 5:].max()
    assert vectors.dtype == np.float32
    assert vectors.shape == (10, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_question_is_nearest_to_what_answers_it(encoder: TextEncoder) -> None:
    (question,) = encoder.encode(["How do I bake bread?"])
    answers = encoder.encode(
        ["Mix flour, water and yeast, then use a hot oven.", "The train is late."], PASSAGE
    )

    assert answers[0] @ question > answers[1] @ question + 0.1


@pytest.mark.parametrize("text", GOLDEN)
def test_the_network_makes_the_numbers_that_it_made(text: str, encoder: TextEncoder) -> None:
    assert encoder.encode([text])[0, :6] == pytest.approx(GOLDEN[text], abs=1e-3)


def test_a_vector_does_not_depend_on_the_other_texts(encoder: TextEncoder) -> None:
    texts = [*SAME, *OTHER, "", "word " * 40, *SAME]

    together = encoder.encode(texts)

    for number in (0, 3, 10, 11):
        assert np.abs(encoder.encode([texts[number]])[0] - together[number]).max() < 1e-5
    assert np.array_equal(together[:5], together[-5:])


def test_a_text_longer_than_the_network_takes_is_encoded_in_parts(encoder: TextEncoder) -> None:
    text = " ".join(f"The cat number {n} sits on the mat." for n in range(90))
    steps: list[tuple[int, int]] = []

    (vector,) = encoder.encode([text], on_texts=lambda done, of: steps.append((done, of)))

    assert steps[-1][0] == steps[-1][1] >= 2
    near, far = encoder.encode([SAME[0], OTHER[0]])
    assert vector @ near > vector @ far + 0.05


def test_nothing_is_encoded_after_a_stop(encoder: TextEncoder) -> None:
    with pytest.raises(Cancelled):
        encoder.encode(SAME, should_stop=lambda: True)


def test_no_text_gives_no_vector(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MeaningModelError, match="models add e5-small"):
        MeaningModel(tmp_path, "e5-small")()
    (tmp_path / "e5-small-q4.bin").write_bytes(b"E5S1 and nothing")
    with pytest.raises(MeaningModelError, match="models verify"):
        MeaningModel(tmp_path, "e5-small")()
