"""The messages between bridge, pool and workers: a task, and its outcome. Both are sent as plain dicts.

Errors of a video are sent as data, never raised across processes, so that a file that is refused cannot be
mistaken for a worker that died. Knows no Ray and no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cluster.contract.vocabulary import BATCH, INTERACTIVE

CODE_CRASHED = "analysis_crashed"
CODE_MEDIA_MISSING = "media_missing"
CODE_NEEDS_DECODE = "needs_decode"
"""Error codes of outcomes: a poison task, a file that is not in the media store, settings that the stored
tracks do not belong to."""
CODE_NO_FRAME = "no_frame"
CODE_PLAN_MISSING = "plan_missing"
"""Error codes of outcomes, shown or read by the API: the video has no frame of this number; the plan is no
longer stored, so the video must be segmented again."""


class TaskKind(StrEnum):
    """What a task does. PLAN and FUSE are short and other work waits for them, so they go before every other.
    PREVIEW is a FUSE whose timeline is returned and not stored, LEARN fuses corrected videos until their
    settings are found, FRAMES tells when the frames are shown, EMBED makes vectors of texts for search by
    meaning; only the fuser does these four. WORDS is a step of recognising what is said or shown, PROXY one
    of making a video playable in browsers.
    """

    PLAN = "plan"
    CHUNK = "chunk"
    FUSE = "fuse"
    PREVIEW = "preview"
    LEARN = "learn"
    FRAMES = "frames"
    CLIP = "clip"
    PROXY = "proxy"
    WORDS = "words"
    EMBED = "embed"


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of work for one worker. Raises ValueError for values that make no task.

    `epoch`: fencing token of the lease that the work is done under. `cost_s` > 0: seconds of video that a
    chunk covers, or whose analysis takes as long as the clip or the words. `chunk` and `tracks_hash` belong
    to CHUNK and FUSE, `timeline_id` and `revision` to FUSE. `again`: the task was started before, so its
    result may be stored already. `tracks_key`: the key under which plan, chunks and keyframes are stored;
    videos of one content share it (default: the video's id).

    A CLIP belongs to an order of clips, whose id is in `video_id`, so that orders and videos take turns.
    `chunk` is its position in the order, `settings` says how to cut it, `clip` what (`actors.worker.clips`).
    A PROXY is the same of an order whose purpose is a proxy (`actors.worker.proxies`).
    WORDS belong to a transcript, which has leases of its own and so an id of its own in `video_id`. `chunk`
    is the place among its steps, `words` says which it is (`actors.worker.words`). In a FUSE or PREVIEW,
    `words` says where the words of the video are stored (`TranscriptJob.reference`), `corrections` what was
    corrected by hand (`actors.segmentation.fusion.corrections`); empty without them.
    A LEARN has the settings where its search begins, and in `films` the corrected videos: `video_id`,
    `tracks_key`, `tracks_hash`, `settings` and `words` of each, and `wanted`, the starts of its segments in
    seconds by level. FRAMES are told from the frame `from_frame` on.
    An EMBED has either a `question` that is looked for, or `texts` that can be found; of neither, the model
    alone is told.

    `owner`: the API key's owner, "" without one; the pool shares workers fairly among owners. `trace`:
    parent span (`cluster.telemetry.tracing`).
    """

    kind: TaskKind
    video_id: str
    epoch: int
    media_key: str
    settings: dict[str, Any] = field(default_factory=dict)
    tracks_hash: str = ""
    chunk: int = -1
    cost_s: float = 1.0
    timeline_id: str = ""
    revision: int = 0
    again: bool = False
    tracks_key: str = ""
    clip: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Any] = field(default_factory=dict)
    corrections: dict[str, Any] = field(default_factory=dict)
    films: list[dict[str, Any]] = field(default_factory=list)
    from_frame: int = 0
    question: str = ""
    texts: list[str] = field(default_factory=list)
    priority: str = INTERACTIVE
    owner: str = ""
    trace: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", TaskKind(self.kind))
        if not self.video_id:
            raise ValueError("a task needs the id of its video")
        if not self.tracks_key:
            object.__setattr__(self, "tracks_key", self.video_id)
        if self.priority not in (INTERACTIVE, BATCH):
            raise ValueError(f"priority must be {INTERACTIVE} or {BATCH}, not {self.priority!r}")
        if not self.cost_s > 0:
            raise ValueError(f"cost_s must be above 0, not {self.cost_s}")
        if self.kind not in (TaskKind.PLAN, TaskKind.EMBED) and not self.tracks_hash:
            raise ValueError(f"a {self.kind} task needs tracks_hash")
        if self.kind is TaskKind.CHUNK and self.chunk < 0:
            raise ValueError("a chunk task needs the number of its chunk")
        if self.kind in (TaskKind.CLIP, TaskKind.PROXY) and (self.chunk < 0 or not self.clip):
            raise ValueError(f"a {self.kind} task needs its place and what is to be cut")
        if self.kind is TaskKind.WORDS and (self.chunk < 0 or not self.words):
            raise ValueError("a words task needs its place and its step")
        if self.kind is TaskKind.LEARN and not self.films:
            raise ValueError("a learn task needs films")
        if self.kind is TaskKind.FUSE and not self.timeline_id:
            raise ValueError("a fuse task needs timeline_id")

    @property
    def is_urgent(self) -> bool:
        """Whether it goes before all tasks that are queued fairly: all but CHUNK, CLIP, PROXY and WORDS."""
        return self.kind not in (TaskKind.CHUNK, TaskKind.CLIP, TaskKind.PROXY, TaskKind.WORDS)

    @property
    def of_video(self) -> str:
        """The id of the video it works on, also for a CLIP, a PROXY and WORDS."""
        return str((self.clip or self.words).get("video_id", self.video_id))

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Identity for coalescing: tasks with equal keys give the same result, so that one run serves all."""
        scope = self.timeline_id if self.kind is TaskKind.FUSE else self.tracks_hash
        of = self.tracks_key if self.kind is TaskKind.CHUNK else self.video_id
        return (of, self.kind.value, scope, self.chunk)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values; nested ones are shared, not copied."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "kind": self.kind.value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Raises TypeError for unknown names, ValueError for values out of range."""
        return cls(**values)


class Status(StrEnum):
    """How a task ended. DONE. ERROR: the file is at fault, now and later. UNAVAILABLE: a store or a worker is
    away, submit it again later. CANCELLED. CRASHED: an unforeseen exception, which counts like the death of
    the worker.
    """

    DONE = "done"
    ERROR = "error"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a task. `result` for DONE; else `code` and `message` (a sentence for people)."""

    status: Status
    result: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """`{"status", "result"}` when done, else `{"status", "error": {"code", "message"}}`."""
        if self.status is Status.DONE:
            return {"status": self.status.value, "result": self.result}
        return {"status": self.status.value, "error": {"code": self.code, "message": self.message}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """The inverse of `to_dict`."""
        error = values.get("error") or {}
        return cls(
            status=Status(values["status"]),
            result=dict(values.get("result") or {}),
            code=str(error.get("code", "")),
            message=str(error.get("message", "")),
        )

    @classmethod
    def done(cls, **result: Any) -> Outcome:
        """Done, and what it made is stored. `result` is small: it passes through the pool."""
        return cls(Status.DONE, result)

    @classmethod
    def error(cls, code: str, message: str) -> Outcome:
        """The file cannot be processed, now or later."""
        return cls(Status.ERROR, code=code, message=message)

    @classmethod
    def unavailable(cls, message: str) -> Outcome:
        """A store or process that the work needs does not answer."""
        return cls(Status.UNAVAILABLE, code="unavailable", message=message)

    @classmethod
    def cancelled(cls) -> Outcome:
        """Cancelled on request."""
        return cls(Status.CANCELLED, code="cancelled", message="The work was cancelled.")

    @classmethod
    def crashed(cls, message: str) -> Outcome:
        """Ended by an unforeseen exception; `message` names it."""
        return cls(Status.CRASHED, code=CODE_CRASHED, message=message)
