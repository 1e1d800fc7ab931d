"""What came of a video, its revisions and their comparison."""

from __future__ import annotations

from typing import Any, TypedDict

from cluster.contract.vocabulary import (
    BoundaryKind,
    ChangeKind,
    Level,
    RevisionOrigin,
    Role,
    ShownKind,
    TitleSource,
    TranscriptState,
)
from cluster.contract.wire.videos import Failure


class Boundary(TypedDict):
    """Where and why a segment starts, and how sure that is (0..1)."""

    kind: BoundaryKind
    confidence: float
    visual: float
    audio: float
    from_s: float
    to_s: float
    scene_probability: float | None
    topic: float | None
    from_frame: int | None
    to_frame: int | None
    locked: bool


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
    role: Role
    role_confidence: float
    title: str | None
    title_source: TitleSource | None
    keywords: list[str]


class Heard(TypedDict):
    """A stretch of one class of sound."""

    start_s: float
    end_s: float
    label: str
    audio: Sound


class SpokenWord(TypedDict):
    """A word with the punctuation that is written at it; `probability` 0..1."""

    start_s: float
    end_s: float
    text: str
    probability: float


class Sentence(TypedDict):
    """What is said up to a full stop, or to a long pause in place of one."""

    start_s: float
    end_s: float
    text: str
    language: str
    speaker: str | None
    topic: float | None
    words: list[SpokenWord]


class Transcript(TypedDict):
    """What is said in a video, in order of time."""

    language: str
    model: str
    sentences: list[Sentence]


class ShownText(TypedDict):
    """A line of text in the picture; `box` is left, top, width, height as shares of it, 0..1."""

    start_s: float
    end_s: float
    text: str
    probability: float
    box: list[float]
    kind: ShownKind


class TranscriptStatus(TypedDict):
    """How far the words are; `transcript` and `screen_text` are null before they are there, `transcript` also
    where nothing is said."""

    state: TranscriptState
    fraction: float
    error: Failure | None
    revision: int
    transcript: Transcript | None
    screen_text: list[ShownText] | None


class FrameTimes(TypedDict):
    """When frames are shown: `first_frame` at `first_pts`, in units of `time_base` seconds, each next one a
    step later; `runs` has steps, and how many frames each holds for."""

    time_base: list[int]
    frames: int
    first_frame: int
    first_pts: int
    runs: list[list[int]]
    next_frame: int | None


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


class CorrectionCounts(TypedDict):
    """How many corrections by hand the next fusion of a video respects."""

    locked: int
    removed: int


class Revision(TypedDict):
    """A result of a video that is kept; `counts` is the number of segments by level."""

    revision: int
    current: bool
    preset: str
    settings: dict[str, Any]
    origin: RevisionOrigin
    note: str | None
    corrections: CorrectionCounts
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
    kind: BoundaryKind
    confidence: float
    from_s: float
    to_s: float


class Change(TypedDict):
    """What became of a boundary; `before` is null for an added one, `after` for a removed one."""

    change: ChangeKind
    before: Mark | None
    after: Mark | None


Comparison = TypedDict(
    "Comparison",
    {"from": int, "to": int, "level": Level, "counts": dict[ChangeKind, int], "items": list[Change]},
)
"""Two revisions of a video side by side, boundary by boundary in time order."""
