"""What travels between bridge, pool and segmenter: a task, and what became of it. Both cross as plain dicts.

Errors of a video travel as data, never as exceptions, so that a refused file cannot be mistaken for a lost
actor. Knows no Ray and no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cluster.contract.vocabulary import BATCH, INTERACTIVE

CODE_CRASHED = "analysis_crashed"
CODE_MEDIA_MISSING = "media_missing"


class TaskKind(StrEnum):
    """PLAN and FUSE are short and what the rest waits for: they go before every CHUNK and CLIP. PREVIEW is a
    FUSE whose timeline is returned and stored nowhere; the fuser alone does it.
    """

    PLAN = "plan"
    CHUNK = "chunk"
    FUSE = "fuse"
    PREVIEW = "preview"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for one segmenter.

    `epoch` is the fencing token of the lease it is done under; `cost_s` the seconds of video a chunk covers
    (> 0); `chunk` and `tracks_hash` belong to CHUNK and FUSE, `timeline_id` and `revision` to FUSE. `again`:
    it was begun before, so that its result may be stored already. `tracks_key` is what plan, chunks and
    keyframes are kept under (the video's own id if left out); videos of one content share it.
    A CLIP belongs to an order of clips, whose id stands in `video_id`: it waits its turn beside the videos.
    `chunk` is its place in the order, `settings` how it is cut, `clip` what (see `actors.worker.clips`).
    `owner` is whose it is (of an API key; "" without), whom the pool is fair to. `trace`: the span it belongs
    to, see `cluster.telemetry.tracing`.
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
        if self.kind is not TaskKind.PLAN and not self.tracks_hash:
            raise ValueError(f"a {self.kind} task needs tracks_hash")
        if self.kind is TaskKind.CHUNK and self.chunk < 0:
            raise ValueError("a chunk task needs the number of its chunk")
        if self.kind is TaskKind.CLIP and (self.chunk < 0 or not self.clip):
            raise ValueError("a clip task needs its place and what is to be cut")
        if self.kind is TaskKind.FUSE and not self.timeline_id:
            raise ValueError("a fuse task needs timeline_id")

    @property
    def is_urgent(self) -> bool:
        """Whether it goes before all that waits its turn."""
        return self.kind not in (TaskKind.CHUNK, TaskKind.CLIP)

    @property
    def of_video(self) -> str:
        """The video it is about."""
        return str(self.clip.get("video_id", self.video_id))

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Tasks with the same key give the same result: whoever asks twice gets the one that is under way."""
        scope = self.timeline_id if self.kind is TaskKind.FUSE else self.tracks_hash
        of = self.tracks_key if self.kind is TaskKind.CHUNK else self.video_id
        return (of, self.kind.value, scope, self.chunk)

    def to_dict(self) -> dict[str, Any]:
        """Plain values only; what they contain is not copied."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "kind": self.kind.value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Raises TypeError for unknown names, ValueError for values out of range."""
        return cls(**values)


class Status(StrEnum):
    """DONE; ERROR: the video's own fault; UNAVAILABLE: a store is away, ask again later; CANCELLED;
    CRASHED: the work ended in an unforeseen exception, which counts like the death of the actor."""

    DONE = "done"
    ERROR = "error"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task. `result` for DONE; `code` and `message` (a sentence for people) otherwise."""

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
        """The work is done and what it made is stored; `result` is small."""
        return cls(Status.DONE, result)

    @classmethod
    def error(cls, code: str, message: str) -> Outcome:
        """The video cannot be segmented, now or later."""
        return cls(Status.ERROR, code=code, message=message)

    @classmethod
    def unavailable(cls, message: str) -> Outcome:
        """Something the work needs does not answer."""
        return cls(Status.UNAVAILABLE, code="unavailable", message=message)

    @classmethod
    def cancelled(cls) -> Outcome:
        """Given up on request."""
        return cls(Status.CANCELLED, code="cancelled", message="The work was cancelled.")

    @classmethod
    def crashed(cls, message: str) -> Outcome:
        """An exception nobody foresaw."""
        return cls(Status.CRASHED, code=CODE_CRASHED, message=message)
