"""The real speech model on a voice that reads known words, in noise, and where nobody speaks."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.networks.models import Models
from actors.segmentation.speech.loading import SpeechModel
from actors.segmentation.speech.recogniser import Recogniser, Samples, SpeechModelError, WhisperRecogniser
from actors.segmentation.transcript import Transcript
from actors.segmentation.whole import segment_file
from tests.support.sounds import RATE_HZ
from tests.support.spoken import model_folder, read_aloud, words_of

TEXT = (
    "The train to the harbor leaves in the morning. Please bring your tickets and a warm coat. "
    "We will have breakfast on the boat."
)


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Recogniser]:
    model = SpeechModel(model_folder(), "whisper-base", threads=1)
    yield model()
    model.close()


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Begins after a silence of 3 s."""
    return read_aloud(TEXT, tmp_path_factory.mktemp("voice") / "voice.wav", delay_s=3.0)


@pytest.fixture(scope="module")
def transcript(recogniser: Recogniser, voice: Path, models: Models) -> Transcript:
    heard = segment_file(voice, models=models, speech_model=lambda: recogniser).transcript
    assert heard is not None
    return heard


def samples_of(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return pcm.astype(np.float32) / 32_768


def test_every_word_is_written_down(transcript: Transcript) -> None:
    text = " ".join(sentence.text for sentence in transcript.sentences)

    assert words_of(text) == words_of(TEXT)
    assert transcript.language == "en"
    assert transcript.model == "whisper-base"


def test_words_have_times_inside_the_speech(transcript: Transcript, voice: Path) -> None:
    words = [word for sentence in transcript.sentences for word in sentence.words]
    lasts_s = len(samples_of(voice)) / RATE_HZ

    assert words[0].start_s == pytest.approx(3.1, abs=0.25)
    assert words[-1].end_s == pytest.approx(lasts_s, abs=0.5)
    assert all(a.end_s <= b.start_s + 0.01 for a, b in itertools.pairwise(words))


def test_one_process_or_another_the_same_words(recogniser: Recogniser, voice: Path) -> None:
    samples = samples_of(voice)

    def english(_odds: object) -> str:
        return "en"

    assert recogniser.recognise(samples, english) == recogniser.recognise(samples, english)


def test_the_language_is_told(recogniser: Recogniser, voice: Path) -> None:
    odds = recogniser.languages(samples_of(voice))

    assert max(odds, key=lambda code: odds[code]) == "en"
    assert sum(odds.values()) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("kind", ["silence", "noise", "tones"])
def test_nobody_speaks_and_nothing_is_invented(
    kind: str, tmp_path: Path, models: Models, recogniser: Recogniser
) -> None:
    rng = np.random.default_rng(5)
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    sound = {
        "silence": np.zeros(len(time_s)),
        "noise": rng.normal(0, 0.1, len(time_s)),
        "tones": sum(0.1 * np.sin(2 * np.pi * hz * time_s) for hz in (220, 277, 330)),
    }[kind]
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes())

    timeline = segment_file(path, models=models, speech_model=lambda: recogniser)

    assert timeline.to_document()["transcript"] is None


def test_words_off_asks_no_model(voice: Path, models: Models) -> None:
    def asked() -> Recogniser:
        raise AssertionError("the model was loaded")

    assert segment_file(voice, {"words": "off"}, models=models, speech_model=asked).transcript is None


def test_more_than_half_a_minute_is_refused(recogniser: Recogniser) -> None:
    with pytest.raises(ValueError, match="at most 30"):
        recogniser.recognise(np.zeros(31 * RATE_HZ, np.float32), lambda _odds: "en")


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpeechModelError, match="models add"):
        WhisperRecogniser.load(tmp_path, "nothing")


def test_a_damaged_model_says_so(tmp_path: Path) -> None:
    for path in model_folder().iterdir():
        (tmp_path / path.name).write_bytes(
            path.read_bytes()[:1000] if path.suffix == ".bin" else path.read_bytes()
        )

    with pytest.raises(SpeechModelError, match="models verify"):
        WhisperRecogniser.load(tmp_path, "damaged")


def test_without_the_libraries_for_a_gpu_it_runs_on_the_processor(voice: Path) -> None:
    recogniser = WhisperRecogniser.load(model_folder(), "whisper-base", device="cuda:0", threads=1)

    assert max(recogniser.languages(samples_of(voice)).items(), key=lambda item: item[1])[0] == "en"


def test_a_window_can_be_stopped_in_the_middle(recogniser: Recogniser, voice: Path) -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        recogniser.recognise(samples_of(voice), lambda _odds: "en", on_pass=stop)
