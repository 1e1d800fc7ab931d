"""What the words say about where a video may be divided: sentences in time, and where topics change.

Checks what must always hold. Does not know how sentences are heard (`speech`), nor how topics are told apart
(`topics`), nor what is made of it (`fusion`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.transcript import Transcript

Floats = npt.NDArray[np.float64]
_LEAST_PROBABILITY = 1e-4
"""Probabilities are stored with four digits; 0 and 1 have no log odds."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Spoken:
    """The sentences of a video, in order. ValueError if they are not, or of different numbers.

    starts_s, ends_s: float64[n], seconds on the container's clock. topic: float64[n], log odds that a topic
    begins with the sentence; -inf where that is not asked: at the first one, and where another sentence
    nearby is likelier to begin it.
    """

    starts_s: Floats
    ends_s: Floats
    topic: Floats

    def __post_init__(self) -> None:
        if not len(self.starts_s) == len(self.ends_s) == len(self.topic):
            raise ValueError("a sentence has a start, an end and log odds")
        if np.any(np.diff(self.starts_s) < 0) or np.any(self.ends_s < self.starts_s):
            raise ValueError("sentences must be in order of time")
        if np.isnan(self.topic).any():
            raise ValueError("log odds are numbers")

    def __repr__(self) -> str:
        return f"Spoken({len(self)} sentences, {len(self.topics)} of which may begin a topic)"

    def __len__(self) -> int:
        return len(self.starts_s)

    @classmethod
    def of(cls, transcript: Transcript, topic: Sequence[float] | Floats | None = None) -> Spoken:
        """Of a transcript. topic: log odds for each of its sentences; None where topics are not judged."""
        sentences = transcript.sentences
        return cls(
            np.array([sentence.start_s for sentence in sentences], np.float64),
            np.array([sentence.end_s for sentence in sentences], np.float64),
            np.full(len(sentences), -np.inf) if topic is None else np.asarray(topic, np.float64),
        )

    @classmethod
    def of_document(cls, document: Mapping[str, Any] | None) -> Spoken | None:
        """Of the contract's transcript, whose sentences may have a probability `topic`; None without one."""
        if document is None:
            return None
        sentences = document["sentences"]
        topic = [_log_odds(sentence.get("topic")) for sentence in sentences]
        return cls(
            np.array([sentence["start_s"] for sentence in sentences], np.float64),
            np.array([sentence["end_s"] for sentence in sentences], np.float64),
            np.array(topic, np.float64),
        )

    def probabilities(self) -> list[float | None]:
        """`topic` of each sentence as a probability; None where it is not asked."""
        return [1 / (1 + math.exp(-odds)) if math.isfinite(odds) else None for odds in self.topic.tolist()]

    @property
    def topics(self) -> npt.NDArray[np.int64]:
        """Numbers of the sentences that may begin a topic, ascending."""
        return np.flatnonzero(np.isfinite(self.topic))


def _log_odds(probability: float | None) -> float:
    if probability is None:
        return -math.inf
    inside = min(max(float(probability), _LEAST_PROBABILITY), 1 - _LEAST_PROBABILITY)
    return math.log(inside / (1 - inside))
