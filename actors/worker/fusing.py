"""The fuser's task handler: plans are looked up, tracks are fused, texts embedded. Nothing is decoded.

The joined tracks of the videos fused last stay in memory, so that other settings of the same video cost the
fusion alone. Knows the stores and an Analyser; imports no Ray and no message queue.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import structlog
from cachetools import LRUCache

from actors.segmentation.errors import Cancelled
from actors.segmentation.learning.settings_search import Film, OutOfTimeError, learn
from actors.tasks import (
    CODE_NEEDS_DECODE,
    CODE_NO_FRAME,
    CODE_PLAN_MISSING,
    Outcome,
    Task,
    TaskKind,
)
from actors.worker.analyser import Analyser, JoinedTracks
from actors.worker.embedding import EmbeddingHandler
from actors.worker.handler import NEEDS_DECODE, TaskHandler, planned_outcome
from actors.worker.state import WorkState
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results

KEPT_BYTES = 400 << 20
"""Bytes of joined tracks kept in memory. The tracks of two hours of film take 110 MB joined, so three such
films fit. Tracks that are larger than this are not kept, but read for every fusion."""

LEARN_S = 20.0
"""Seconds after which a search for settings begins no further fusion. Other fusions wait meanwhile, and so
does the person who asked for it. No measurement."""
MEASURED_EARLIER = (
    "The video {video_id} was measured by another version of the analysis, or with settings that need it "
    "decoded again. Segment it again (`resegment`); its corrections are kept."
)
"""For people, with CODE_NEEDS_DECODE."""
FRAMES_GONE = (
    "What was measured of this video is not stored any more, or another version or other settings measured "
    "it. Segment it again (`resegment`); its corrections are kept."
)
"""For people, with CODE_NEEDS_DECODE and CODE_PLAN_MISSING."""
CODE_TOO_MUCH = "too_much"
"""Stable error code: a search that cannot be begun in its time."""
TOO_MUCH = (
    f"Fusing each of these videos once took more than {LEARN_S:.0f} seconds, so nothing was learned. Choose "
    "fewer or shorter ones."
)
"""For people, with CODE_TOO_MUCH."""

log = structlog.get_logger(__name__)

_OF_FILM = ("video_id", "tracks_key", "tracks_hash", "settings", "words")


class FusionHandler(TaskHandler):
    """Executes one task at a time. A task that would need decoding is UNAVAILABLE: the pool does it."""

    def __init__(
        self,
        analyser: Analyser,
        results: Results,
        media: MediaStore,
        copies: MediaCache,
        embedding: EmbeddingHandler | None = None,
    ) -> None:
        super().__init__(analyser, results, media, copies)
        self._kept: LRUCache[tuple[str, str], JoinedTracks] = LRUCache(
            KEPT_BYTES, getsizeof=lambda joined: joined.size_bytes
        )
        self._methods = {
            TaskKind.PLAN: self._planned,
            TaskKind.FUSE: self._fuse,
            TaskKind.PREVIEW: self._preview,
            TaskKind.LEARN: self._learn,
            TaskKind.FRAMES: self._frames,
        }
        if embedding is not None:
            self._methods[TaskKind.EMBED] = embedding.do

    def _planned(self, task: Task, state: WorkState) -> Outcome:
        tracks_hash = self._analyser.tracks_hash(task.settings)
        planned = self._stored_plan(task.tracks_key, tracks_hash)
        if planned is None:
            return Outcome.unavailable("The fuser plans nothing anew.")
        return planned_outcome(planned, tracks_hash)

    def _frames(self, task: Task, state: WorkState) -> Outcome:
        """Keeps nothing and touches no state: several threads may do it at once, beside a fusion."""
        if self._analyser.tracks_hash(task.settings) != task.tracks_hash:
            return Outcome.error(CODE_NEEDS_DECODE, FRAMES_GONE)
        payload: Any = self._results.get_plan(task.tracks_key, task.tracks_hash)
        if payload is None:
            return Outcome.error(CODE_PLAN_MISSING, FRAMES_GONE)
        try:
            return Outcome.done(**asdict(self._analyser.frame_times(payload, task.from_frame)))
        except IndexError:
            return Outcome.error(CODE_NO_FRAME, f"This video has no frame {task.from_frame}.")
        except ValueError as error:
            log.info("stored plan unreadable", tracks_key=task.tracks_key, reason=str(error))
            return Outcome.error(CODE_PLAN_MISSING, FRAMES_GONE)

    def _preview(self, task: Task, state: WorkState) -> Outcome:
        if self._analyser.tracks_hash(task.settings) != task.tracks_hash:
            return Outcome.error(CODE_NEEDS_DECODE, NEEDS_DECODE)
        joined = self._joined(task, state)
        words = self._known_words(task, state)
        fused = self._analyser.fuse(joined, task.settings, words, task.corrections)
        return Outcome.done(segments=fused.segments)

    def _learn(self, task: Task, state: WorkState) -> Outcome:
        films = []
        for film in task.films:
            of_film = replace(task, kind=TaskKind.PREVIEW, films=[], **{key: film[key] for key in _OF_FILM})
            if self._analyser.tracks_hash(of_film.settings) != of_film.tracks_hash:
                return Outcome.error(CODE_NEEDS_DECODE, MEASURED_EARLIER.format(video_id=film["video_id"]))
            words = self._known_words(of_film, state)
            films.append(Film(partial(self._starts, of_film, words, state), film["wanted"]))
        ends_at = time.monotonic() + LEARN_S
        try:
            found = learn(films, task.settings, lambda: time.monotonic() < ends_at)
        except OutOfTimeError:
            return Outcome.error(CODE_TOO_MUCH, TOO_MUCH)
        told = asdict(found)
        for gain, counted in zip(told["films"], found.films, strict=True):
            for levels, of in ((gain["before"], counted.before), (gain["after"], counted.after)):
                for level, counts in of.items():
                    levels[level]["f1"] = round(counts.f1, 4)
        return Outcome.done(**told)

    def _starts(
        self, film: Task, words: dict[str, Any] | None, state: WorkState, values: dict[str, Any]
    ) -> dict[str, list[float]]:
        if state.should_stop():
            raise Cancelled
        state.step()
        settings = {**film.settings, **values, "scenes": None, "chapters": None}
        return self._analyser.starts(self._joined(film, state), settings, words)

    def _joined(self, task: Task, state: WorkState) -> JoinedTracks:
        key = (task.tracks_key, task.tracks_hash)
        joined = self._kept.get(key)
        if joined is None:
            joined = super()._joined(task, state)
            if joined.size_bytes <= KEPT_BYTES:
                self._kept[key] = joined
        return joined
