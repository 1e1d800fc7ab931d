"""The speech model: Whisper, run by `faster-whisper` (CTranslate2), on samples of at most half a minute.

Radford et al., "Robust speech recognition via large-scale weak supervision", 2022. Each call hears its
samples by themselves, without the text before, and always takes the likeliest words, so the result depends on
nothing else. Knows devices and number formats; does not know videos, nor where in them somebody speaks.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import structlog

from actors.segmentation.networks.cores import usable_cores
from actors.segmentation.networks.inputs import SAMPLE_RATE_HZ

BEAM_SIZE = 5
"""Sentences followed at once. With 1 the model is half as fast again and errs more: 0.017 of the words of
clear reading, against 0.000."""
WINDOW_S = 30.0
"""Seconds of sound that the network takes."""
_MOST_PASSES = 60
"""Times that the network writes in one window: each goes on where the one before ended, and half a minute of
speech takes one to five. Without a bound, odd sound could take thousands."""
_CUBLAS = "libcublas.so.12"
"""What CTranslate2 needs on a GPU, of CUDA 12 (package `nvidia-cublas-cu12`); PyTorch may bring another."""
_SILENT_AT_LEAST = 0.6
"""A window of which the model says with this probability that nobody speaks is left out, ..."""
_LOG_PROBABILITY_AT_LEAST = -1.0
"""... unless it is sure of its words, by their mean log probability. Both are OpenAI's own values."""
_COMPRESSION_AT_MOST = 2.4
"""Bytes of a phrase's text over those of its deflated form: repeated words compress well. OpenAI's value."""

log = structlog.get_logger(__name__)

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word in samples: times in seconds from the first sample, text with the white space before it."""

    start_s: float
    end_s: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """What the model wrote in one go. log_probability: mean of its tokens. compression: see above."""

    words: tuple[HeardWord, ...]
    log_probability: float
    compression: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What one window holds. language: the one that the words are in."""

    language: str
    phrases: tuple[Phrase, ...]


class SpeechModelError(Exception):
    """A speech model is not there or cannot be read; the message says what to do."""


class _TooManyPassesError(Exception):
    """A window takes more passes than any speech does; what was written so far counts."""


class Recogniser(Protocol):
    """What `transcribe` needs of a speech model."""

    name: str

    def languages(self, samples: Samples) -> Mapping[str, float]:
        """float32[n] at 16 kHz -> probability of each language that the model knows; they add up to 1."""

    def recognise(
        self, samples: Samples, language_of: LanguageChoice, *, on_pass: Callable[[], None] | None = None
    ) -> Heard:
        """float32[n] at 16 kHz, at most WINDOW_S -> the words. `language_of`: chooses by probabilities.
        `on_pass()`: the network begins to write; an exception of it ends the window."""


class LanguageChoice(Protocol):
    """Chooses the language of a window."""

    def __call__(self, odds: Mapping[str, float]) -> str:
        """The code of a language, one of the keys."""


class WhisperRecogniser:
    """A Whisper model in a folder, in the form that CTranslate2 reads. Not thread-safe."""

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self.name = name

    @classmethod
    def load(
        cls, folder: Path | str, name: str, *, device: str = "cpu", threads: int = 0
    ) -> WhisperRecogniser:
        """Load a model: int8 on the CPU, float16 on a GPU ("cuda:0"). `threads`: 0 for all usable cores.

        Where CTranslate2 lacks its libraries for a GPU it runs on the CPU. SpeechModelError when the folder
        holds no model, or one that cannot be read.
        """
        if not (Path(folder) / "model.bin").is_file():
            raise SpeechModelError(
                f"There is no speech model in {folder}. `scenestream models add whisper-base` fetches one."
            )
        kind, _, number = device.partition(":")
        if kind == "cuda" and not _has_cublas():
            log.warning("speech model on the CPU", missing=_CUBLAS, hint="install nvidia-cublas-cu12")
            kind, number = "cpu", ""
        try:
            model = _bounded_model()(
                str(folder),
                device=kind,
                device_index=int(number or 0),
                compute_type="float16" if kind == "cuda" else "int8",
                cpu_threads=threads or usable_cores(),
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise SpeechModelError(
                f"The speech model in {folder} cannot be read ({error}). See `scenestream models verify`."
            ) from error
        return cls(model, name)

    def __repr__(self) -> str:
        return f"WhisperRecogniser({self.name})"

    def languages(self, samples: Samples) -> Mapping[str, float]:
        """See `Recogniser`."""
        return self._odds(self._model.encode(self._features(samples)))

    def recognise(
        self, samples: Samples, language_of: LanguageChoice, *, on_pass: Callable[[], None] | None = None
    ) -> Heard:
        """See `Recogniser`. ValueError for more than WINDOW_S."""
        if len(samples) > WINDOW_S * SAMPLE_RATE_HZ:
            raise ValueError(f"{len(samples) / SAMPLE_RATE_HZ:.1f} s of sound; at most {WINDOW_S:g}")
        features = self._features(samples)
        encoded = self._model.encode(features)
        self._model.begin(on_pass)
        language = language_of(self._odds(encoded))
        return Heard(language, tuple(self._phrases(features, encoded, language, len(samples))))

    def _features(self, samples: Samples) -> npt.NDArray[np.float32]:
        """float32[80 or 128, 3000]: log-mel spectrum of the samples, and of silence after them."""
        from faster_whisper.audio import pad_or_trim

        whole = np.zeros(int(WINDOW_S * SAMPLE_RATE_HZ), np.float32)
        whole[: len(samples)] = samples
        features: npt.NDArray[np.float32] = pad_or_trim(self._model.feature_extractor(whole))
        return features

    def _odds(self, encoded: Any) -> dict[str, float]:
        if not self._model.model.is_multilingual:
            return {"en": 1.0}
        (found,) = self._model.model.detect_language(encoded)
        return {token.removeprefix("<|").removesuffix("|>"): float(odds) for token, odds in found}

    def _phrases(
        self, features: npt.NDArray[np.float32], encoded: Any, language: str, samples: int
    ) -> Sequence[Phrase]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

        model = self._model
        tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        options = TranscriptionOptions(
            beam_size=BEAM_SIZE,
            best_of=1,
            patience=1.0,
            length_penalty=1.0,
            repetition_penalty=1.0,
            no_repeat_ngram_size=0,
            log_prob_threshold=_LOG_PROBABILITY_AT_LEAST,
            no_speech_threshold=_SILENT_AT_LEAST,
            compression_ratio_threshold=_COMPRESSION_AT_MOST,
            condition_on_previous_text=False,
            prompt_reset_on_temperature=0.5,
            temperatures=[0.0],  # others draw words at random
            initial_prompt=None,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            without_timestamps=False,
            max_initial_timestamp=1.0,
            word_timestamps=True,
            prepend_punctuations="\"'“¿([{-",
            append_punctuations="\"'.。,，!！?？:：”)]}、",
            multilingual=False,
            max_new_tokens=None,
            clip_timestamps=[0.0, samples / SAMPLE_RATE_HZ],
            hallucination_silence_threshold=None,
            hotwords=None,
        )
        out: list[Phrase] = []
        try:
            for segment in model.generate_segments(features, tokenizer, options, False, encoded):
                words = tuple(
                    HeardWord(float(word.start), float(word.end), word.word, float(word.probability))
                    for word in segment.words or ()
                    if word.word.strip()
                )
                out.append(Phrase(words, float(segment.avg_logprob), float(segment.compression_ratio)))
        except _TooManyPassesError:
            log.warning("speech not understood", phrases=len(out))
        return out


def _has_cublas() -> bool:
    try:
        ctypes.CDLL(_CUBLAS)
    except OSError:
        return False
    return True


def _bounded_model() -> Any:
    """faster-whisper's model, whose passes over a window are counted. Its import takes a second."""
    from faster_whisper import WhisperModel

    class Bounded(WhisperModel):  # type: ignore[misc]  # has no types
        passes = 0
        on_pass: Callable[[], None] | None = None

        def begin(self, on_pass: Callable[[], None] | None) -> None:
            """A window begins."""
            self.passes, self.on_pass = 0, on_pass

        def generate_with_fallback(self, *values: Any, **more: Any) -> Any:
            """One pass."""
            self.passes += 1
            if self.passes > _MOST_PASSES:
                raise _TooManyPassesError
            if self.on_pass is not None:
                self.on_pass()
            return super().generate_with_fallback(*values, **more)

    return Bounded
