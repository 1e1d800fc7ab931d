"""From a transcript to what its words say of chapters: sentences in time, and where topics change.

Knows transcripts and the model of meaning; does not know what is made of its judgement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from actors.segmentation.spoken import Spoken
from actors.segmentation.topics.measures import topic_measures
from actors.segmentation.topics.odds import TopicWeights
from actors.segmentation.topics.phrases import PHRASES
from actors.segmentation.transcript import Transcript

if TYPE_CHECKING:
    from actors.segmentation.meaning.encoder import TextEncoder

FEWEST_SENTENCES = 10
"""With fewer nothing is judged: ranks among them say nothing."""

Floats = npt.NDArray[np.float64]


def spoken_of(
    transcript: Transcript,
    encoder: TextEncoder,
    *,
    weights: TopicWeights | None = None,
    on_sentences: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Spoken:
    """The sentences of a transcript with their topics. A pure function of transcript and model.

    `weights`: the packaged ones if not given. `on_sentences(done, total)`. Cancelled when `should_stop()` is
    true.
    """
    sentences = transcript.sentences
    if len(sentences) < FEWEST_SENTENCES:
        return Spoken.of(transcript)
    vectors = encoder.encode(
        [sentence.text for sentence in sentences], on_texts=on_sentences, should_stop=should_stop
    )
    words = np.array([len(sentence.words) for sentence in sentences], np.float64)
    measures = topic_measures(vectors.astype(np.float64), words, phrase_vectors(encoder))
    return Spoken.of(transcript, (weights or TopicWeights.packaged()).log_odds(measures, words))


def phrase_vectors(encoder: TextEncoder) -> dict[str, Floats]:
    """Vectors [p, d] of the phrases of each kind."""
    return {kind: encoder.encode(phrases).astype(np.float64) for kind, phrases in PHRASES.items()}


def with_topics(transcript: Transcript, spoken: Spoken) -> Transcript:
    """The transcript with the probability of a topic at each sentence, as `spoken_of` has judged it."""
    judged = zip(transcript.sentences, spoken.probabilities(), strict=True)
    return replace(transcript, sentences=tuple(replace(one, topic=topic) for one, topic in judged))
