"""Divides text into the pieces of a vocabulary, so that the sum of their scores is highest.

A unigram language model (T. Kudo, "Subword regularization", 2018), as SentencePiece and XLM-RoBERTa use it:
characters are replaced by a table, words begin with a mark, and the best division of each word is found by
dynamic programming. No piece reaches over a space, so words are divided one by one and remembered. Knows
pieces and scores; does not know what they mean.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np

from actors.segmentation.meaning.packed_file import Pieces

WORD_START = "▁"
"""U+2581, which SentencePiece writes for the space before a word."""
MASK = "<mask>"
"""A piece that stands for none in a text."""
UNKNOWN_BELOW = 10.0
"""By so much the score of an unknown character lies below the lowest; SentencePiece's own value."""
LONGEST_WORD = 1000
"""Characters after which a word is cut: text without spaces is divided in parts, in bounded time."""
WORDS_KEPT = 1 << 15
"""Words whose division is remembered: more than most films use."""


class Tokenizer:
    """From text to numbers of pieces. ValueError if the pieces are not of this kind."""

    def __init__(self, pieces: Pieces) -> None:
        if any(WORD_START in text[1:] for text in pieces.texts):
            raise ValueError("a piece reaches over a space")
        none = {pieces.begin, pieces.end, pieces.pad, pieces.unknown}
        scores = pieces.scores.tolist()
        self._known = {
            text: (number, scores[number])
            for number, text in enumerate(pieces.texts)
            if number not in none and text and text != MASK
        }
        self._longest: dict[str, int] = {}  # characters of the longest piece, by its first
        for text in self._known:
            self._longest[text[0]] = max(self._longest.get(text[0], 0), len(text))
        self._unknown = pieces.unknown, float(np.min(pieces.scores)) - UNKNOWN_BELOW
        self._replacements = pieces.replacements
        self._of_word = lru_cache(WORDS_KEPT)(self._divide)

    def __repr__(self) -> str:
        return f"Tokenizer({len(self._known)} pieces)"

    def __call__(self, text: str) -> list[int]:
        """The pieces of a text, without those that mark its begin and end."""
        out: list[int] = []
        for word in self.normalised(text).split():
            for at in range(0, len(word), LONGEST_WORD):
                part = word[at : at + LONGEST_WORD]
                out += self._of_word(part if at else WORD_START + part)
        return out

    def normalised(self, text: str) -> str:
        """The text in composed form (NFC), its characters replaced by the table."""
        return unicodedata.normalize("NFC", text).translate(self._replacements)

    def _divide(self, word: str) -> tuple[int, ...]:
        known, longest = self._known, self._longest
        unknown, unknown_score = self._unknown
        best = [0.0] + [-np.inf] * len(word)  # of the first k characters
        back = [(0, 0)] * (len(word) + 1)  # where the last piece begins, and its number
        for start in range(len(word)):
            so_far = best[start]
            for end in range(start + 1, min(start + longest.get(word[start], 0), len(word)) + 1):
                found = known.get(word[start:end])
                if found is not None and so_far + found[1] > best[end]:
                    best[end], back[end] = so_far + found[1], (start, found[0])
            if so_far + unknown_score > best[start + 1]:
                best[start + 1], back[start + 1] = so_far + unknown_score, (start, unknown)
        out: list[int] = []
        end = len(word)
        while end > 0:
            end, number = back[end]
            if number != unknown or not out or out[-1] != unknown:  # unknown characters in a row are one
                out.append(number)
        return tuple(reversed(out))
