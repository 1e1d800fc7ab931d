"""Steps of a transcript that need no model: none installed, nothing said, nothing stored, and the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.segmentation.limits import Limits
from actors.segmentation.meaning.loading import MeaningModel
from actors.segmentation.planning.plan import Plan
from actors.segmentation.speech.loading import SpeechModel
from actors.segmentation.speech.recogniser import Recogniser
from actors.tasks import Outcome, Status, Task, TaskKind
from actors.worker.clips import CODE_PLAN_MISSING
from actors.worker.state import WorkState
from actors.worker.words.handler import CODE_NO_MODEL, WordsHandler
from actors.worker.words.recognition import Outline
from actors.worker.words.speech import SpeechRecognition
from cluster.errors import UnavailableError
from tests.support.bridge import Remembering
from tests.support.tracks import Edit, audio_track, keyframe_track, make_plan, place, split_tracks


class NotLoaded(SpeechModel):
    """A model that no step here may ask for."""

    def __init__(self) -> None:
        super().__init__(Path(), "m")
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def __call__(self) -> Recogniser:
        raise AssertionError("the model was loaded")


class Setting:
    def __init__(self, model: SpeechModel | None = None, **answers: Any) -> None:
        self.models = [model]
        self.results = Remembering(**answers)
        self.handler = WordsHandler(
            self.results,  # type: ignore[arg-type]
            Remembering(),  # type: ignore[arg-type]
            Remembering(),  # type: ignore[arg-type]
            {"speech": SpeechRecognition(lambda: self.models[-1], Limits())},
        )

    def do(self, step: str, **words: Any) -> Outcome:
        state = WorkState()
        state.ready()
        task = Task(
            TaskKind.WORDS, "v.words", 1, "media", tracks_hash="t", tracks_key="key", chunk=0,
            words={"step": step, "of": "speech", "video_id": "v", **words},
        )  # fmt: skip
        assert state.begin(task)
        return self.handler.do(task, state)


def silent_film() -> tuple[bytes, list[tuple[int, bytes]]]:
    """The plan and the stored chunks of a film in which music plays."""
    edit = Edit()
    edit.cut(place(1, 200))
    audio = audio_track([("music", 10.0)])
    plan = make_plan(200)
    parts = split_tracks(plan, edit.track(), keyframe_track(200, [(0, 1)]), audio)
    return plan.to_bytes(), [(number, part.to_bytes()) for number, part in enumerate(parts)]


def test_without_a_model_there_is_nothing_to_do() -> None:
    assert Setting(None).do("find").result == {"recogniser": None, "groups": 0}


@pytest.mark.parametrize("step", ["group", "join"])
def test_a_model_that_is_gone_says_what_to_do(step: str) -> None:
    outcome = Setting(None).do(step, group=0)

    assert (outcome.status, outcome.code) == (Status.ERROR, CODE_NO_MODEL)
    assert "models add" in outcome.message


def test_a_model_that_is_added_later_is_used() -> None:
    setting = Setting(None, get_outline=(b"", 3, "en"))
    assert setting.do("find").result["recogniser"] is None

    setting.models.append(NotLoaded())

    assert setting.do("find").result == {"recogniser": "m", "groups": 3}


def test_what_was_found_before_is_not_looked_for_again() -> None:
    setting = Setting(NotLoaded(), get_outline=(b"", 3, "en"))

    assert setting.do("find").result == {"recogniser": "m", "groups": 3}
    assert setting.results.names() == ["get_outline"]


def test_where_nobody_speaks_no_model_is_loaded_and_no_file_is_read() -> None:
    plan, chunks = silent_film()
    setting = Setting(NotLoaded(), get_plan=plan, load_chunks=chunks)

    assert setting.do("find").result == {"recogniser": "m", "groups": 0}
    (stored,) = [call for call in setting.results.calls if call[0] == "put_outline"]
    assert stored[1:4] == ("key", "t", "m")
    assert stored[-2:] == (0, None)


@pytest.mark.parametrize("plan", [None, b"of an older version"])
def test_without_a_plan_the_video_is_to_be_segmented_again(plan: bytes | None) -> None:
    assert Setting(NotLoaded(), load_chunks=[], get_plan=plan).do("find").code == CODE_PLAN_MISSING


def test_a_group_of_what_is_gone_is_tried_later() -> None:
    with pytest.raises(UnavailableError, match="of the words in v is not stored"):
        Setting(NotLoaded()).do("group", group=0)


def test_all_groups_make_the_transcript() -> None:
    def group(index: int, text: str) -> list[dict[str, Any]]:
        word = {"start_s": 10.0 * index, "end_s": 10.0 * index + 1, "text": text, "probability": 0.9}
        return [{"index": index, "language": "en", "words": [word]}]

    plan, _ = silent_film()
    rows = [*group(4, " Hello."), *group(5, " there.")]
    setting = Setting(NotLoaded(), recognised=rows, get_plan=plan, get_outline=(b"", 2, "en"))

    assert setting.do("join").result == {"found": 2}
    (stored,) = [call for call in setting.results.calls if call[0] == "put_transcript"]
    assert [sentence["text"] for sentence in stored[-1]["sentences"]] == ["Hello.", "there."]


class Topics:
    """A model of meaning for which every sentence means its place."""

    def encode(self, texts: list[str], **_: Any) -> np.ndarray:
        turns = np.linspace(0, 3, len(texts))
        return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


class TopicsLoading(MeaningModel):
    """Loads it, for which the speech model must have made room."""

    def __init__(self, speech: NotLoaded) -> None:
        super().__init__(Path(), "topics")
        self.speech = speech
        self.closed = False

    def __call__(self) -> Any:
        assert self.speech.closed
        return Topics()

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("sentences", [3, 400])
def test_joined_sentences_are_asked_for_their_topics(sentences: int) -> None:
    plan, _ = silent_film()
    words = [
        {"start_s": 2.0 * n, "end_s": 2.0 * n + 1, "text": f" Sentence{n} is long.", "probability": 0.9}
        for n in range(sentences)
    ]
    rows = [{"index": 0, "language": "en", "words": words}]
    speech = NotLoaded()
    meaning = TopicsLoading(speech)
    recognition = SpeechRecognition(lambda: speech, Limits(), lambda: meaning)

    document = recognition.join(Plan.from_bytes(plan), Outline(b"", 1), rows, WorkState())

    assert document is not None
    assert len(document["sentences"]) == sentences
    judged = [one["topic"] for one in document["sentences"] if one["topic"] is not None]
    assert bool(judged) == (sentences > 10)
    assert speech.closed == meaning.closed == (sentences > 10)
