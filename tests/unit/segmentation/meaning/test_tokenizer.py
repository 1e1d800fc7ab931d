"""The likeliest division of words into pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.meaning.packed_file import Pieces
from actors.segmentation.meaning.tokenizer import UNKNOWN_BELOW, Tokenizer

NONE = ("<s>", "<pad>", "</s>", "<unk>")
SCORES = {"▁": -3.0, "a": -4.0, "b": -4.5, "ab": -5.0, "▁a": -4.0, "bab": -6.0, "▁ab": -6.5, "ba": -7.0}


def tokenizer(scores: dict[str, float], replacements: dict[int, str] | None = None) -> Tokenizer:
    texts = (*NONE, *scores)
    return Tokenizer(
        Pieces(texts, np.array([0.0] * 4 + [*scores.values()], np.float32), replacements or {}, 0, 2, 1, 3)
    )


def pieces(found: list[int]) -> list[str]:
    return [(*NONE, *SCORES)[number] for number in found]


def test_the_division_with_the_best_sum_is_taken() -> None:
    assert pieces(tokenizer(SCORES)("abab")) == ["▁a", "bab"]
    assert pieces(tokenizer(SCORES)("a  ab\n")) == ["▁a", "▁ab"]


@given(st.text("ab", min_size=1, max_size=7))
def test_no_other_division_is_better(word: str) -> None:
    def scores_of(rest: str) -> list[float]:
        if not rest:
            return [0.0]
        return [
            SCORES[rest[:end]] + more
            for end in range(1, len(rest) + 1)
            if rest[:end] in SCORES
            for more in scores_of(rest[end:])
        ]

    found = pieces(tokenizer(SCORES)(word))

    assert "".join(found) == f"▁{word}"
    assert sum(SCORES[piece] for piece in found) == pytest.approx(max(scores_of(f"▁{word}")))


def test_unknown_characters_in_a_row_are_one_piece() -> None:
    assert pieces(tokenizer(SCORES)("xyzab")) == ["▁", "<unk>", "ab"]
    assert UNKNOWN_BELOW > 0


@pytest.mark.parametrize("text", ["<s>", "</s>", "<pad>", "<mask>"])
def test_no_text_is_taken_for_a_mark(text: str) -> None:
    numbers = tokenizer({"▁": -3.0, "<mask>": 0.0})(text)

    assert numbers == [4, 3]


def test_characters_are_composed_and_replaced() -> None:
    found = tokenizer({"▁é": -1.0, "fi": -2.0, "▁": -9.0}, {ord("ﬁ"): "fi", 0x200B: " "})

    assert found("e\u0301\u200bﬁ") == [4, 6, 5]


def test_a_text_without_words_has_no_pieces() -> None:
    assert tokenizer(SCORES)(" \n") == []


def test_a_word_without_end_is_divided_in_parts() -> None:
    assert "".join(pieces(tokenizer(SCORES)("ab" * 5000))) == "▁" + "ab" * 5000


def test_pieces_over_a_space_are_refused() -> None:
    with pytest.raises(ValueError, match="space"):
        tokenizer({"a▁b": -1.0})
