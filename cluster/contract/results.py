"""What came of a video: segments, the audio track, signals (pydantic).

Only shapes: `cluster.stores.documents` fills them from what the stores keep.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from cluster.contract.vocabulary import SOUND_LABELS, BoundaryKind, Level, ResultState


class Boundary(BaseModel):
    """Where and why a segment starts, and how sure that is."""

    kind: BoundaryKind
    confidence: float
    visual: float
    audio: float
    from_s: float
    to_s: float
    scene_probability: float | None = Field(
        None,
        description="That a scene begins here, 0..1, whether or not one does; null where it is not judged",
    )


class Sound(BaseModel):
    """Shares of the segment's time (0..1), and its loudness; null when there is nothing to measure."""

    speech: float
    singing: float
    music: float
    silence: float
    loudness_lufs: float | None


class Tag(BaseModel):
    """What the keyframe shows, as one of ImageNet's classes."""

    label: str
    probability: float


class Picture(BaseModel):
    """What the segment shows, 0..1 each, and its tags."""

    brightness: float
    motion: float
    black: float
    static: float
    tags: list[Tag]


class Segment(BaseModel):
    """A shot, scene or chapter. Frames count decoded frames, `end_frame` is exclusive."""

    level: Level
    index: int
    parent: int | None = Field(description="Index of the segment of the next higher level")
    start_s: float
    end_s: float
    start_frame: int
    end_frame: int
    start_pts: int
    end_pts: int
    start_boundary: Boundary
    label: str
    audio: Sound | None = Field(description="null where the file has no sound track")
    visual: Picture | None = Field(description="null where the file has no picture")
    keyframe_s: float | None
    thumbnail: str | None = Field(description="Address of the keyframe's image")


class SegmentList(BaseModel):
    """One page of segments in time order."""

    items: list[Segment]
    next_cursor: str | None
    state: ResultState
    revision: int


class Heard(BaseModel):
    """A stretch of one class of sound."""

    start_s: float
    end_s: float
    label: str = Field(description=f"{', '.join(SOUND_LABELS[:-1])} or {SOUND_LABELS[-1]}")
    audio: Sound


class AudioTrack(BaseModel):
    """What is heard, from the start of the sound to its end; empty where the file has no sound track."""

    items: list[Heard]
    revision: int


class Curve(BaseModel):
    """One signal, down-sampled: in the i-th of n equal spans of the video it lies in min[i]..max[i]."""

    name: str
    unit: str
    min: list[float | None]
    max: list[float | None]


class Signals(BaseModel):
    """The curves behind the decision."""

    revision: int
    start_s: float
    end_s: float
    points: int = Field(description="Spans per curve; fewer than asked for where there are fewer samples")
    curves: list[Curve]
