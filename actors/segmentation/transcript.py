"""The transcript of a video: words with times and probabilities, in sentences.

Checks what must always hold (times in order, probabilities in 0..1) and writes the contract's JSON. Does not
know how words are recognised, nor how they become sentences: `speech`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_DIGITS = 3
"""Decimal places of seconds and probabilities in documents: milliseconds, and no more than is known."""
_TOPIC_DIGITS = 4
"""Of the probability of a topic, which is read again as log odds."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the punctuation that is written at it. ValueError for values out of range.

    start_s, end_s: seconds on the container's clock. text: with the white space that stands before it, so
    that texts of words are joined as they are; languages without spaces have none. probability, 0..1: the
    recogniser's, mean of the word's tokens.
    """

    start_s: float
    end_s: float
    text: str
    probability: float

    def __post_init__(self) -> None:
        if not self.start_s <= self.end_s:
            raise ValueError(f"a word cannot end before it begins: {self}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability lies in 0..1: {self}")
        if not self.text.strip():
            raise ValueError(f"a word has a text: {self}")

    @property
    def middle_s(self) -> float:
        """Seconds on the container's clock."""
        return (self.start_s + self.end_s) / 2

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys."""
        return {
            "start_s": round(self.start_s, _DIGITS),
            "end_s": round(self.end_s, _DIGITS),
            "text": self.text.strip(),
            "probability": round(self.probability, _DIGITS),
        }


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said up to a full stop, or to a pause in place of one. ValueError without words, or if the
    words are out of order.

    language: code of two or three letters, such as "en" (ISO 639). topic, 0..1: probability that another
    topic begins with it; None where that was not judged, and where another sentence nearby is likelier to
    begin it.
    """

    words: tuple[Word, ...]
    language: str
    topic: float | None = None

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError("a sentence has words")
        if self.topic is not None and not 0 <= self.topic <= 1:
            raise ValueError(f"a probability lies in 0..1: {self.topic}")
        if any(a.start_s > b.start_s for a, b in pairwise(self.words)):
            raise ValueError(f"the words of a sentence must be in order of time: {self.text!r}")

    def __repr__(self) -> str:
        return f"Sentence({self.start_s:.2f} .. {self.end_s:.2f} s, {len(self.words)} words, {self.language})"

    @property
    def start_s(self) -> float:
        """Start of the first word."""
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        """End of the last word."""
        return self.words[-1].end_s

    @property
    def text(self) -> str:
        """As it is written, without white space around it."""
        return "".join(word.text for word in self.words).strip()

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys. Who speaks is not told apart: `speaker` is None."""
        return {
            "start_s": round(self.start_s, _DIGITS),
            "end_s": round(self.end_s, _DIGITS),
            "text": self.text,
            "language": self.language,
            "speaker": None,
            "topic": None if self.topic is None else round(self.topic, _TOPIC_DIGITS),
            "words": [word.to_dict() for word in self.words],
        }


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was heard. ValueError if sentences are out of order. model: name of the speech model."""

    sentences: tuple[Sentence, ...]
    model: str

    def __post_init__(self) -> None:
        if any(a.start_s > b.start_s for a, b in pairwise(self.sentences)):
            raise ValueError("sentences must be in order of time")

    def __repr__(self) -> str:
        return f"Transcript({len(self.sentences)} sentences, {self.language}, {self.model})"

    @property
    def language(self) -> str | None:
        """The one that most words are in; None without words."""
        words: Counter[str] = Counter()
        for sentence in self.sentences:
            words[sentence.language] += len(sentence.words)
        return max(words, key=lambda code: (words[code], code)) if words else None

    def to_document(self) -> dict[str, Any] | None:
        """The contract's `transcript`; None where nothing was said."""
        if not self.sentences:
            return None
        return {
            "language": self.language,
            "model": self.model,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
        }


def words_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Word, ...]:
    """Words from what `row_of` made of them. ValueError or KeyError where that is something else."""
    return tuple(
        Word(float(row["start_s"]), float(row["end_s"]), str(row["text"]), float(row["probability"]))
        for row in rows
    )


def row_of(word: Word) -> dict[str, Any]:
    """A word for a store: all of it, the white space before it included."""
    return {**word.to_dict(), "text": word.text}
