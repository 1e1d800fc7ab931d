"""From a file with a voice to its timeline: the words are known before scenes and chapters are looked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.networks.models import Models
from actors.segmentation.speech.recogniser import Heard, HeardWord, Phrase
from actors.segmentation.whole import segment_file
from tests.support.spoken import read_aloud

TEXT = "This is what I say now, and I go on with it for a while. " * 8


class Dictation:
    """Hears a sentence in every second of every window, each with words of its own."""

    name = "dictation"

    def languages(self, samples: object) -> Mapping[str, float]:
        return {"en": 1.0}

    def recognise(self, samples: np.ndarray, language_of: object, *, on_pass: object = None) -> Heard:
        words = tuple(
            HeardWord(second + 0.2 * k, second + 0.2 * (k + 1), f" {text}", 0.9)
            for second in range(1, len(samples) // 16_000 - 1)
            for k, text in enumerate((f"n{second}", "is", f"m{second}."))
        )
        return Heard("en", (Phrase(words, -0.2, 1.2),))


class Alike:
    """Every text means the same; counts how many it was asked for."""

    name = "alike"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: list[str], prefix: str = "", **_: object) -> np.ndarray:
        self.texts += texts
        return np.full((len(texts), 4), 0.5, np.float32)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return read_aloud(TEXT, tmp_path_factory.mktemp("voice") / "voice.wav")


def test_the_sentences_of_the_transcript_are_what_topics_are_judged_by(voice: Path, models: Models) -> None:
    meaning = Alike()

    timeline = segment_file(voice, models=models, speech_model=Dictation, meaning_model=lambda: meaning)  # type: ignore[arg-type,return-value]

    assert timeline.transcript is not None
    texts = [sentence.text for sentence in timeline.transcript.sentences]
    assert len(texts) >= 10
    assert meaning.texts[: len(texts)] == texts
    assert all(segment.start_boundary.topic is not None for segment in timeline.level("scene")[1:])


def test_the_model_of_meaning_is_not_loaded_for_nothing(voice: Path, models: Models) -> None:
    def asked() -> Alike:
        raise AssertionError("the model was asked for")

    for settings in ({"topic_weight": 0.0}, {"words": "off"}):
        segment_file(voice, settings, models=models, speech_model=Dictation, meaning_model=asked)  # type: ignore[arg-type]
    segment_file(voice, models=models, meaning_model=asked)  # type: ignore[arg-type]
