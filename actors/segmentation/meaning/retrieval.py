"""Vectors by which a question finds what answers it, in whatever words: those of the model, centred.

The vectors of E5 lie in a narrow cone: two texts that have nothing in common have a cosine of 0.75, and short
ones (`Thank you.`) are near to everything. So the mean vector of everyday sentences is taken away (J. Mu, P.
Viswanath, "All-but-the-Top", 2018); then unrelated texts are near 0, and one bound holds for all questions.
Knows the encoder; does not know where vectors are kept or compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from actors.segmentation.meaning.encoder import FILE, PASSAGE, QUERY, Floats, TextEncoder

RETRIEVAL_VERSION = 1
"""Raise it with every change of what is made here: vectors of different versions are never compared."""
_EVERYDAY = (
    "Thank you all for coming today.", "Let me give you an example.", "We will come back to this later.",
    "That is what I wanted to say.", "Yes, of course.", "Good morning.", "The weather is nice.",
    "He went home and read a book.", "Der Zug kommt um acht Uhr an.", "Das ist nicht so einfach.",
    "Merci beaucoup.", "Elle travaille dans une grande ville.", "Muchas gracias por venir.",
    "Los niños juegan en el parque.", "我们明天再讨论。", "谢谢大家。", "Это очень интересный вопрос.",
    "Она купила новую машину.", "今日は天気がいいです。", "ありがとうございます。",
    "The company was founded many years ago.", "Press the button to continue.",
    "She plays the guitar in a band.", "The road goes through the mountains.",
    "Plants need water and light.", "The government passed a law.", "My telephone does not work.",
    "The film begins at seven.", "Music", "chapter one",
)  # fmt: skip
"""What is said anywhere about anything; of the languages that the model knows best."""


class Retrieval:
    """Makes centred vectors with a loaded model. Not thread-safe."""

    def __init__(self, encoder: TextEncoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return self._encoder.sizes.width

    @cached_property
    def space(self) -> str:
        """Name of model and version, with a digest of its file: vectors of one space may be compared."""
        with (self._folder / FILE).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        return f"{self._encoder.name} {digest} {RETRIEVAL_VERSION}"

    def passages(self, texts: Sequence[str]) -> Floats:
        """float32[n, width], length 1: vectors of what can be found."""
        return _centred(self._encoder.encode(texts, PASSAGE), self._middles[0])

    def question(self, text: str) -> Floats:
        """float32[width], length 1: the vector of what is looked for. Its product with that of a passage is
        near 0 if they have nothing to do with each other, and above 0.3 where one answers the other."""
        found: Floats = _centred(self._encoder.encode([text], QUERY), self._middles[1])[0]
        return found

    @cached_property
    def _middles(self) -> tuple[Floats, Floats]:
        """The mean vectors of passages and of questions."""
        passages, questions = (self._encoder.encode(_EVERYDAY, prefix) for prefix in (PASSAGE, QUERY))
        return passages.mean(axis=0), questions.mean(axis=0)


def _centred(vectors: Floats, middle: Floats) -> Floats:
    apart = vectors - middle
    out: Floats = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-12)
    return out
