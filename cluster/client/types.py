"""What the API answers, as types: dictionaries with the keys of its OpenAPI document.

A server that is newer may send more keys. Times in them are ISO 8601 text, lengths in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

Level = Literal["shot", "scene", "chapter"]
State = Literal["queued", "running", "finalizing", "done", "failed", "cancelled"]
Priority = Literal["interactive", "batch"]
TERMINAL_STATES: frozenset[str] = frozenset({"done", "failed", "cancelled"})


class Media(TypedDict):
    """What the container and its streams say."""

    duration_s: float
    width: int
    height: int
    fps: float
    frames: int
    variable_frame_rate: bool
    rotation: int
    video_codec: str
    audio_codec: str | None
    start_s: float


class Fetch(TypedDict):
    """How much of an imported file is here."""

    bytes: int
    bytes_total: int | None


class Progress(TypedDict):
    """How far the work is; `fraction` lies between 0 and 1. `fetch`: while a file is being imported."""

    fraction: float
    chunks_done: int
    chunks_total: int | None
    eta_s: float | None
    fetch: NotRequired[Fetch | None]


class Failure(TypedDict):
    """Why a video failed."""

    code: str
    message: str


class Video(TypedDict):
    """A video and where it stands."""

    id: str
    state: State
    filename: str
    bytes: int
    sha256: str | None
    media: Media | None
    progress: Progress
    settings: dict[str, Any]
    priority: Priority
    revision: int
    attempt: int
    error: Failure | None
    created_at: str
    started_at: str | None
    finished_at: str | None


class Boundary(TypedDict):
    """Where and why a segment starts, and how sure that is (0..1)."""

    kind: Literal["start", "cut", "dissolve", "fade", "wipe", "audio"]
    confidence: float
    visual: float
    audio: float
    from_s: float
    to_s: float


class Sound(TypedDict):
    """Shares of the segment's time (0..1), and its loudness."""

    speech: float
    singing: float
    music: float
    silence: float
    loudness_lufs: float | None


class Tag(TypedDict):
    """What the keyframe shows, as one of ImageNet's classes."""

    label: str
    probability: float


class Picture(TypedDict):
    """What the segment shows, 0..1 each, and its tags."""

    brightness: float
    motion: float
    black: float
    static: float
    tags: list[Tag]


class Segment(TypedDict):
    """A shot, scene or chapter; `end_frame` is exclusive."""

    level: Level
    index: int
    parent: int | None
    start_s: float
    end_s: float
    start_frame: int
    end_frame: int
    start_pts: int
    end_pts: int
    start_boundary: Boundary
    label: str
    audio: Sound | None
    visual: Picture | None
    keyframe_s: float | None
    thumbnail: str | None


class Heard(TypedDict):
    """A stretch of one class of sound."""

    start_s: float
    end_s: float
    label: str
    audio: Sound


class Curve(TypedDict):
    """One signal: in the i-th of n equal spans of the video it lies in min[i]..max[i]."""

    name: str
    unit: str
    min: list[float | None]
    max: list[float | None]


class Signals(TypedDict):
    """The curves behind the decision."""

    revision: int
    start_s: float
    end_s: float
    points: int
    curves: list[Curve]


class Links(TypedDict):
    """Addresses that need no key until they end."""

    media: str
    expires_at: str


class Revision(TypedDict):
    """A result of a video that is kept; `counts` is the number of segments by level."""

    revision: int
    current: bool
    preset: str
    settings: dict[str, Any]
    created_at: str
    counts: dict[str, int]


class Preview(TypedDict):
    """A result that was not stored."""

    settings: dict[str, Any]
    counts: dict[str, int]
    segments: list[Segment]


class Mark(TypedDict):
    """A boundary as one revision has it."""

    frame: int
    s: float
    kind: str
    confidence: float
    from_s: float
    to_s: float


class Change(TypedDict):
    """What became of a boundary; `before` is null for an added one, `after` for a removed one."""

    change: Literal["kept", "moved", "added", "removed"]
    before: Mark | None
    after: Mark | None


Comparison = TypedDict(
    "Comparison",
    {"from": int, "to": int, "level": Level, "counts": dict[str, int], "items": list[Change]},
)
"""Two revisions of a video side by side, boundary by boundary in time order."""


class ClipFile(TypedDict):
    """One file of a cutting; the actual frames and times are those of the file, which keyframes may move."""

    name: str
    url: str
    bytes: int
    sha256: str
    index: int
    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    actual_start_frame: int
    actual_end_frame: int
    actual_start_s: float
    actual_end_s: float
    label: str
    error: str | None


class ClipsProgress(TypedDict):
    """How many files are made."""

    fraction: float
    done: int
    failed: int
    total: int


class Clips(TypedDict):
    """A cutting: segments of a video as files of their own. `files` only where one cutting is asked for."""

    id: str
    video_id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    level: Level
    mode: Literal["exact", "copy"]
    settings: dict[str, Any]
    revision: int
    progress: ClipsProgress
    error: Failure | None
    attempt: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    archive: str | None
    files: NotRequired[list[ClipFile]]


WebhookEvent = Literal["done", "failed", "cancelled"]


class Webhook(TypedDict):
    """An address that is called when videos end; `video_id` where it is for one only."""

    id: str
    url: str
    events: list[WebhookEvent]
    video_id: str | None
    created_at: str
    disabled_at: str | None
    disabled_reason: str | None


class MadeWebhook(TypedDict):
    """A new address, and the secret of its signatures, which is told only here."""

    webhook: Webhook
    secret: str


class Delivery(TypedDict):
    """A call of an address that was made or is due."""

    id: str
    event_id: str
    event: WebhookEvent
    video_id: str
    state: str
    attempts: int
    created_at: str
    due_at: str | None
    finished_at: str | None
    last_status: int | None
    last_error: str | None


class BatchItem(TypedDict):
    """What became of one address of a batch: a video, or a problem document."""

    status: int
    video: Video | None
    problem: dict[str, Any] | None
    webhook_secret: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event: `type` is state, progress, segments or done, `data` what came with it."""

    id: str
    type: str
    data: dict[str, Any]
