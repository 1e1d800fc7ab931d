"""What came of a video: segments, the audio track, signals (pydantic).

Only shapes: `cluster.stores.documents` fills them from what the stores keep.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from cluster.contract.videos import Failure
from cluster.contract.vocabulary import (
    CONTENT,
    SOUND_LABELS,
    BoundaryKind,
    Level,
    ResultState,
    Role,
    ShownKind,
    TitleSource,
    TranscriptState,
)


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
    topic: float | None = Field(
        None,
        description="Evidence that what is spoken about changes here, 0..1; null if no words were looked at",
    )
    from_frame: int | None = Field(
        None, description="The extent in frames, as corrections take it; null in results of earlier versions"
    )
    to_frame: int | None = Field(None, description="Likewise, exclusive")
    locked: bool = Field(False, description="Placed or confirmed by hand: later fusions keep it")


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
    role: Role = Field(
        CONTENT, description="What it is for; all but `content` are cues such as black, bars or credits"
    )
    role_confidence: float = Field(1.0, description="Share of its time for which the role holds, 0..1")
    title: str | None = Field(
        None, description="For people; of scenes and chapters, once the words of the video are there"
    )
    title_source: TitleSource | None = Field(
        None, description="Text on screen, what is said, the class of the sound, or `human`: given by hand"
    )
    keywords: list[str] = Field([], description="Of what is said in it, the most telling first")


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


class SpokenWord(BaseModel):
    """A word with the punctuation that is written at it."""

    start_s: float
    end_s: float
    text: str
    probability: float = Field(description="That this is the word, 0..1, as the speech model says")


class Sentence(BaseModel):
    """What is said up to a full stop, or to a long pause in place of one."""

    start_s: float
    end_s: float
    text: str
    language: str = Field(description="Code such as `en` (ISO 639)")
    speaker: str | None = Field(description="Speakers are not told apart yet: null")
    topic: float | None = Field(
        None,
        description="That another topic begins with it, 0..1; null where it is not judged, and where another "
        "sentence nearby is likelier to begin it",
    )
    words: list[SpokenWord]


class Transcript(BaseModel):
    """What is said in a video, in order of time."""

    language: str = Field(description="The one that most words are in")
    model: str = Field(description="The speech model")
    sentences: list[Sentence]


class ShownText(BaseModel):
    """A line of text in the picture, while it is shown."""

    start_s: float
    end_s: float
    text: str
    probability: float = Field(description="Of its letters, 0..1, as the reader says")
    box: list[float] = Field(
        description="Left, top, width, height as shares of the displayed picture, 0..1",
        min_length=4,
        max_length=4,
    )
    kind: ShownKind


class TranscriptStatus(BaseModel):
    """How far the words of a video are, and once they are there, what is said and what is shown.

    With them the video has a newer result: `revision` is the one that is shown now.
    """

    state: TranscriptState
    fraction: float = Field(description="Of speech and pictures that are recognised, 0..1")
    error: Failure | None
    revision: int
    transcript: Transcript | None = Field(description="null before it is done, and where nothing is said")
    screen_text: list[ShownText] | None = Field(
        description="Text in the picture, by the time at which it appears; null before it is done"
    )


class FrameTimes(BaseModel):
    """When the frames of a video are shown, from one on: runs of frames that are shown equally long.

    The numbers are those of segments. Frame `first_frame` is shown at `first_pts`, in units of `time_base`
    seconds, and each next one a step later.
    """

    time_base: list[int] = Field(
        description="Seconds of one unit: numerator and denominator", min_length=2, max_length=2
    )
    frames: int = Field(description="Of the whole video; with sound alone its tenths of a second")
    first_frame: int
    first_pts: int
    runs: list[list[int]] = Field(description="Step, and how many frames are shown so long")
    next_frame: int | None = Field(description="Where to read on, as `from_frame`; null in the last part")


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
