"""What is said: `Recognition` by the speech model.

Knows the library (`actors.segmentation.speech`); no store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from actors.segmentation.limits import Limits
from actors.segmentation.meaning.loading import MeaningModel
from actors.segmentation.planning.plan import Plan
from actors.segmentation.sound.classes import classify
from actors.segmentation.speech.loading import SpeechModel
from actors.segmentation.speech.recogniser import Recogniser
from actors.segmentation.speech.transcribe import (
    SpokenWindow,
    WindowReader,
    joined,
    main_language,
    transcribe_window,
)
from actors.segmentation.speech.windows import Speech, find_speech
from actors.segmentation.topics.judge import FEWEST_SENTENCES, spoken_of, with_topics
from actors.segmentation.tracks import AudioTrack, ChunkTracks
from actors.segmentation.transcript import row_of, words_of
from actors.worker import memory
from actors.worker.state import WorkState
from actors.worker.words.recognition import Media, Outline, getting_on

WINDOWS_PER_GROUP = 1
"""Windows that one task hears: half a minute of speech, three to five seconds of work on two cores. A video
that somebody waits for waits so long at most until an actor is free for it."""


class SpeechRecognition:
    """`find_model()`: the speech model; None where none is installed (yet). `find_meaning()`: likewise the
    one by which topics are told apart."""

    def __init__(
        self,
        find_model: Callable[[], SpeechModel | None],
        limits: Limits,
        find_meaning: Callable[[], MeaningModel | None] = lambda: None,
    ) -> None:
        self._find_model = find_model
        self._find_meaning = find_meaning
        self._model: SpeechModel | None = None
        self._limits = limits

    def name(self) -> str | None:
        """The model's name; see Recognition."""
        self._model = self._model or self._find_model()
        return None if self._model is None else self._model.name

    def forget(self) -> None:
        """Look for the model again at the next task: it was broken."""
        self._model = None

    def recogniser(self) -> Recogniser:
        """The loaded model, whose memory does not count for the task in hand. SpeechModelError."""
        assert self._model is not None, "its name was asked for"
        with memory.unbounded():
            return self._model()

    def outline(self, plan: Plan, tracks: Iterable[ChunkTracks], media: Media, state: WorkState) -> Outline:
        """Where somebody speaks, and in which language; see Recognition."""
        parts = [part.audio for part in tracks if part.audio is not None and len(part.audio)]
        audio = AudioTrack.join(parts) if parts else None
        speech = None if audio is None else find_speech(audio, classify(audio))
        if speech is None or not speech.windows:
            return Outline(b"" if speech is None else speech.to_bytes(), 0)
        with WindowReader.open(media(), plan, self._limits) as reader:
            language = main_language(speech, reader, self.recogniser(), on_window=state.step)
        return Outline(speech.to_bytes(), -(-len(speech.windows) // WINDOWS_PER_GROUP), language)

    def group(
        self, plan: Plan, outline: Outline, group: int, media: Media, state: WorkState
    ) -> list[dict[str, Any]]:
        """The words of a group of windows; see Recognition."""
        speech = Speech.from_bytes(outline.payload)
        size = -(-len(speech.windows) // outline.groups)  # as it was when the groups were counted
        first = group * size
        model, on_pass = self.recogniser(), partial(getting_on, state)
        rows: list[dict[str, Any]] = []
        with WindowReader.open(media(), plan, self._limits) as reader:
            for window in speech.windows[first : first + size]:
                spoken = transcribe_window(
                    speech, window.index, reader, model, outline.language, on_pass=on_pass
                )
                words = [row_of(word) for word in spoken.words]
                rows.append({"index": spoken.index, "language": spoken.language, "words": words})
                state.step()
        return rows

    def join(
        self, plan: Plan, outline: Outline, rows: Sequence[dict[str, Any]], state: WorkState
    ) -> dict[str, Any] | None:
        """The contract's transcript; see Recognition."""
        windows = [
            SpokenWindow(int(row["index"]), str(row["language"]), words_of(row["words"])) for row in rows
        ]
        transcript = joined(windows, self.name() or "")
        meaning = self._find_meaning()
        if meaning is not None and len(transcript.sentences) >= FEWEST_SENTENCES:
            # The model takes 260 MB, for which that of speech makes room: the next window loads it again, in
            # a second. Nor is this one kept, since a video has one join.
            if self._model is not None:
                self._model.close()
            memory.give_back()
            spoken = spoken_of(
                transcript,
                meaning(),
                on_sentences=lambda _done, _total: state.step(),
                should_stop=state.should_stop,
            )
            meaning.close()
            memory.give_back()
            transcript = with_topics(transcript, spoken)
        return transcript.to_document()
