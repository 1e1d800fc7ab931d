"""Task handler for WORDS: one step of recognising what is said or shown in a video, its result in the store.

`find` says where there is something to recognise, from stored tracks; `group` recognises a part of that;
`join` makes the whole of all parts. Each can be done twice: it then stores the same. Knows the stores and
`Recognition`; imports no Ray, no message queue and nothing of the leases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from actors.segmentation.errors import Cancelled
from actors.segmentation.meaning.errors import MeaningModelError
from actors.segmentation.planning.plan import Plan
from actors.segmentation.speech.recogniser import SpeechModelError
from actors.segmentation.tracks import ChunkTracks
from actors.tasks import CODE_PLAN_MISSING, Outcome, Task
from actors.worker.media import local_media
from actors.worker.state import WorkState
from actors.worker.words.recognition import Outline, Recognition
from actors.worker.words.speech import SpeechRecognition
from cluster.errors import UnavailableError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.words.job import SPEECH

CODE_NO_MODEL = "speech_model_missing"
CODE_MODEL_BROKEN = "speech_model_broken"
"""Stable error codes, shown by the API."""
FIND, GROUP, JOIN = "find", "group", "join"
"""Steps: `task.words` is {"of": speech or screen, "step"}, and for GROUP also {"group"}, from 0 on."""


class WordsHandler:
    """Does one step at a time. `recognitions`: by what they recognise, speech or screen."""

    def __init__(
        self,
        results: Results,
        media: MediaStore,
        copies: MediaCache,
        recognitions: Mapping[str, Recognition],
    ) -> None:
        self._results = results
        self._media = media
        self._copies = copies
        self._recognitions = recognitions
        self._last_plan: tuple[tuple[str, str], Plan] | None = None

    def do(self, task: Task, state: WorkState) -> Outcome:
        """The step, stored. MediaError, Cancelled, NotFoundError and errors of the stores are left to the
        caller (`TaskHandler`), which turns them into outcomes."""
        recognition = self._recognitions.get(task.words["of"])
        name = None if recognition is None else recognition.name()
        if recognition is None or name is None:
            if task.words["step"] == FIND:
                return Outcome.done(recogniser=None, groups=0)
            return Outcome.error(
                CODE_NO_MODEL,
                "No speech model is installed where the work is done: `scenestream models add whisper-base`, "
                "then try again.",
            )
        step = {FIND: self._find, GROUP: self._group, JOIN: self._join}[task.words["step"]]
        try:
            with ExitStack() as held:
                return step(task, state, recognition, name, held)
        except (SpeechModelError, MeaningModelError) as error:
            if isinstance(recognition, SpeechRecognition):
                recognition.forget()  # perhaps it is there again when somebody tries again
            return Outcome.error(CODE_MODEL_BROKEN, str(error))

    def _find(
        self, task: Task, state: WorkState, recognition: Recognition, name: str, held: ExitStack
    ) -> Outcome:
        key = (task.tracks_key, task.tracks_hash, name)
        with state.at_store():
            stored = self._results.get_outline(*key)
            plan = None if stored else self._plan_of(task)
        if stored is not None:
            return Outcome.done(recogniser=name, groups=stored[1])
        if plan is None:
            return Outcome.error(
                CODE_PLAN_MISSING,
                "What was measured of this video is not stored any more. Segment it again, then try again.",
            )

        found = recognition.outline(
            plan, self._tracks_of(task, state), lambda: self._fetched(task, state, held), state
        )
        with state.at_store():
            self._results.put_outline(*key, found.payload, found.groups, found.language)
        return Outcome.done(recogniser=name, groups=found.groups)

    def _group(
        self, task: Task, state: WorkState, recognition: Recognition, name: str, held: ExitStack
    ) -> Outcome:
        group = int(task.words["group"])
        with state.at_store():
            stored = self._results.get_outline(task.tracks_key, task.tracks_hash, name)
            plan = self._plan_of(task)
        if stored is None or plan is None:
            raise UnavailableError(f"What is known of the words in {task.of_video} is not stored any more.")
        rows = recognition.group(
            plan, Outline(*stored), group, lambda: self._fetched(task, state, held), state
        )
        with state.at_store():
            self._results.put_recognised(task.tracks_key, task.tracks_hash, name, group, rows)
        return Outcome.done(group=group, rows=len(rows))

    def _join(
        self, task: Task, state: WorkState, recognition: Recognition, name: str, held: ExitStack
    ) -> Outcome:
        key = (task.tracks_key, task.tracks_hash, name)
        with state.at_store():
            rows = self._results.recognised(*key)
            stored = self._results.get_outline(*key)
            plan = self._plan_of(task)
        if stored is None or plan is None:
            raise UnavailableError(f"What is known of the words in {task.of_video} is not stored any more.")
        document = recognition.join(plan, Outline(*stored), rows, state)
        with state.at_store():
            if task.words["of"] == SPEECH:
                self._results.put_transcript(*key, document)
            else:
                self._results.put_screen_text(*key, document)
        return Outcome.done(found=_count(document))

    def _fetched(self, task: Task, state: WorkState, held: ExitStack) -> Path:
        return held.enter_context(local_media(self._media, self._copies, task.media_key, state))

    def _plan_of(self, task: Task) -> Plan | None:
        """None if it is not stored, or by an older version in a form that is not read any more.

        The last one is kept: a video has a task for every half minute of speech.
        """
        key = (task.tracks_key, task.tracks_hash)
        if self._last_plan is not None and self._last_plan[0] == key:
            return self._last_plan[1]
        payload = self._results.get_plan(task.tracks_key, task.tracks_hash)
        if payload is None:
            return None
        try:
            plan = Plan.from_bytes(payload)
        except ValueError:
            return None
        self._last_plan = (key, plan)
        return plan

    def _tracks_of(self, task: Task, state: WorkState) -> Iterator[ChunkTracks]:
        """The tracks of the whole video, chunk by chunk: all at once, those of a long film take 300 MB."""
        with state.at_store():
            for _, payload in self._results.load_chunks(task.tracks_key, task.tracks_hash):
                if state.should_stop():
                    raise Cancelled
                yield ChunkTracks.from_bytes(payload)
                state.step()


def _count(document: Any) -> int:
    """Sentences of a transcript, or texts on screen."""
    if document is None:
        return 0
    return len(document["sentences"]) if isinstance(document, Mapping) else len(document)
