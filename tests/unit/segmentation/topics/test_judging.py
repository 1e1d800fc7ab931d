"""Where the topic of made sentences changes: measures, peaks, log odds, and the numbers in the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.spoken import Spoken
from actors.segmentation.topics.judge import FEWEST_SENTENCES, spoken_of, with_topics
from actors.segmentation.topics.measures import MEASURES, WINDOWS_WORDS, topic_measures
from actors.segmentation.topics.odds import EDGE_WORDS, SPACING_WORDS, TopicWeights, peaks_of
from actors.segmentation.topics.phrases import PHRASES
from actors.segmentation.transcript import Sentence, Transcript, Word
from actors.segmentation.weights_file import WeightsError

SIZE = 24
WORDS = 12
TOPICS = (120, 80, 140)
"""Sentences of each topic."""


def vectors(seed: int = 0, lengths: Sequence[int] = TOPICS) -> np.ndarray:
    """float64[n, SIZE]: sentences of each topic lie around a direction of its own."""
    random = np.random.default_rng(seed)
    middles = np.repeat(np.eye(SIZE)[: len(lengths)], lengths, axis=0)
    out = middles + random.normal(0, 0.35, (len(middles), SIZE))
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def phrases() -> dict[str, np.ndarray]:
    return {kind: np.eye(SIZE)[[SIZE - 1 - k]] for k, kind in enumerate(PHRASES)}


def words(count: int) -> np.ndarray:
    return np.full(count, float(WORDS))


def sentences(count: int) -> Transcript:
    return Transcript(
        tuple(
            Sentence(
                tuple(Word(5.0 * n + 0.3 * k, 5.0 * n + 0.3 * k + 0.2, f" w{n}", 0.9) for k in range(WORDS)),
                "en",
            )
            for n in range(count)
        ),
        "none",
    )


class Made:
    """Gives made vectors in place of a model's."""

    def __init__(self, made: np.ndarray) -> None:
        self.made = made

    def encode(self, texts: Sequence[str], **_: object) -> np.ndarray:
        if len(texts) == len(self.made):
            return self.made.astype(np.float32)
        return np.eye(SIZE, dtype=np.float32)[-len(texts) :]


def test_windows_are_least_alike_where_the_topic_changes() -> None:
    measures = topic_measures(vectors(), words(sum(TOPICS)), phrases())

    assert measures.shape == (sum(TOPICS), len(MEASURES))
    assert np.isfinite(measures).all()
    for size in WINDOWS_WORDS[:2]:
        rank, gain = (measures[:, MEASURES.index(f"{name}_{size}")] for name in ("rank", "gain"))
        for start in (TOPICS[0], TOPICS[0] + TOPICS[1]):
            assert rank[start] < 0.1
            assert gain[start] > 3 * np.median(gain)


def test_a_phrase_raises_its_measure_around_it_alone() -> None:
    made = vectors()
    made[200] = phrases()["moves_on"][0]

    said = topic_measures(made, words(len(made)), phrases())[:, MEASURES.index("moves_on")]

    assert said[197:202].min() > said[:150].max()
    assert said[196] == pytest.approx(np.median(said), abs=3.0)


def test_a_short_sentence_is_hardly_a_phrase() -> None:
    made, count = vectors(), words(sum(TOPICS))
    made[200] = phrases()["moves_on"][0]
    column = MEASURES.index("moves_on")
    long = topic_measures(made, count, phrases())[199, column]
    count[200] = 1.0

    assert topic_measures(made, count, phrases())[199, column] < 0.5 * long


@pytest.mark.parametrize("seed", range(5))
def test_topics_are_found_where_they_change(seed: int) -> None:
    made = vectors(seed)
    weights = TopicWeights.packaged()

    odds = weights.log_odds(topic_measures(made, words(len(made)), phrases()), words(len(made)))

    likeliest = sorted(np.argsort(-odds)[:2].tolist())
    assert likeliest == pytest.approx([TOPICS[0], TOPICS[0] + TOPICS[1]], abs=5)
    assert set(likeliest) <= set(weights.division(odds))


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_peaks_are_apart_from_each_other_and_from_the_ends(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    scores, lengths = random.normal(size=count), random.integers(1, 40, count).astype(np.float64)

    peaks = peaks_of(scores, lengths)

    before = np.concatenate([[0.0], np.cumsum(lengths)])
    assert np.all(np.diff(before[peaks]) >= SPACING_WORDS)
    assert np.all(before[peaks] >= EDGE_WORDS)
    assert np.all(before[-1] - before[peaks] >= EDGE_WORDS)


def test_a_transcript_becomes_sentences_with_log_odds() -> None:
    count = sum(TOPICS)

    spoken = spoken_of(sentences(count), Made(vectors()))  # type: ignore[arg-type]

    assert isinstance(spoken, Spoken)
    assert len(spoken) == count
    assert spoken.starts_s[3] == 15.0
    assert spoken.topic[0] == -np.inf
    assert TOPICS[0] == pytest.approx(
        spoken.topics[np.argsort(-spoken.topic[spoken.topics])[:2]].min(), abs=5
    )


def test_topics_of_the_document_are_those_that_were_judged() -> None:
    transcript = sentences(sum(TOPICS))
    judged = spoken_of(transcript, Made(vectors()))  # type: ignore[arg-type]

    document = with_topics(transcript, judged).to_document()
    again = Spoken.of_document(json.loads(json.dumps(document)))

    assert again is not None
    assert again.topics.tolist() == judged.topics.tolist()
    known = judged.topics
    certain = 1 / (1 + np.exp(-judged.topic[known]))
    assert 1 / (1 + np.exp(-again.topic[known])) == pytest.approx(certain, abs=1.1e-4)
    assert again.starts_s == pytest.approx(judged.starts_s, abs=1e-3)


def test_documents_from_before_topics_and_without_words() -> None:
    document = sentences(3).to_document()
    assert document is not None
    for sentence in document["sentences"]:
        del sentence["topic"]

    found = Spoken.of_document(document)

    assert found is not None
    assert (len(found), len(found.topics)) == (3, 0)
    assert Spoken.of_document(None) is None


def test_of_a_few_sentences_no_topic_is_asked() -> None:
    class Silent:
        def encode(self, *_: object, **__: object) -> np.ndarray:
            raise AssertionError("nothing is to be encoded")

    spoken = spoken_of(sentences(FEWEST_SENTENCES - 1), Silent())  # type: ignore[arg-type]

    assert len(spoken) == FEWEST_SENTENCES - 1
    assert len(spoken.topics) == 0


def test_numbers_of_other_code_are_refused() -> None:
    packaged = TopicWeights.packaged()
    peaks = {"slope": packaged.slope, "bias": packaged.bias, "threshold": packaged.threshold}

    assert TopicWeights.of({"sentences": dict(packaged.sentences), "peaks": peaks}) == packaged
    with pytest.raises(WeightsError, match="rank_200"):
        TopicWeights.of({"sentences": {"bias": 0.0}, "peaks": peaks})
    assert replace(packaged, threshold=99.0).division(np.zeros(3)) == []
