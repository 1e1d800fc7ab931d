"""What a file is: container, streams, size, rate, rotation, sound.

Knows the descriptions only: how they are found out is `probe`, how a file is opened `container`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Protocol


class StreamChoice(Protocol):
    """Which streams to analyse, by index in the container; None = the best, as ffmpeg chooses."""

    @property
    def video_stream(self) -> int | None:
        """The picture."""

    @property
    def audio_stream(self) -> int | None:
        """The sound."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream of the container, analysed or not. `kind`: video audio subtitle data attachment unknown."""

    index: int
    kind: str
    codec: str | None
    language: str | None = None
    default: bool = False
    attached_picture: bool = False


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The chosen sound track. `start_s` is on the same clock as the picture's and may be negative."""

    stream: int
    codec: str
    sample_rate_hz: int
    channels: int
    start_s: float
    duration_s: float

    def __post_init__(self) -> None:
        if self.sample_rate_hz <= 0 or self.channels <= 0 or self.duration_s < 0:
            raise ValueError(f"impossible sound track: {self}")


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The file and the chosen streams.

    `width`, `height` are pixels as coded, after rotation (a phone's upright 1920x1080 film says
    1080x1920); `pixel_aspect` (width : height of one pixel, after rotation) is not applied to them.
    `rotation` is how far the coded picture is turned clockwise for display: 0, 90, 180 or 270; `mirrored`
    says it is flipped left to right after that. `duration_s` is that of the picture, from `start_s`, when
    the first frame appears on the container's clock. `fps` is the average, frames / duration, named exactly
    (30000/1001) where the rate is constant. `notes` are sentences on what is odd but no error.
    """

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
    fps_fraction: Fraction
    pixel_aspect: Fraction
    mirrored: bool
    container: str
    bytes: int
    time_base: Fraction
    video_stream: int
    audio: AudioInfo | None
    streams: tuple[StreamInfo, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.frames < 1 or self.width < 1 or self.height < 1 or self.duration_s <= 0 or self.fps <= 0:
            raise ValueError("a video has at least one frame of one pixel, and lasts")
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError(f"rotation must be 0, 90, 180 or 270, not {self.rotation}")

    def contract(self) -> dict[str, Any]:
        """The keys of `media` in the HTTP contract, and when picture and sound begin; JSON types only."""
        return {
            "duration_s": self.duration_s,
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "frames": self.frames,
            "variable_frame_rate": self.variable_frame_rate,
            "rotation": self.rotation,
            "video_codec": self.video_codec,
            "audio_codec": self.audio_codec,
            "start_s": self.start_s,
            "audio_start_s": None if self.audio is None else self.audio.start_s,
        }

    def to_document(self) -> dict[str, Any]:
        """Everything, JSON types only; `from_document` is its inverse."""
        document = asdict(self)
        for name in _FRACTIONS:
            value: Fraction = document[name]
            document[name] = [value.numerator, value.denominator]
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> MediaInfo:
        """What `to_document` wrote. TypeError, ValueError or KeyError for anything else."""
        values = dict(document)
        for name in _FRACTIONS:
            values[name] = Fraction(*values[name])
        values["audio"] = AudioInfo(**values["audio"]) if values["audio"] is not None else None
        values["streams"] = tuple(StreamInfo(**stream) for stream in values["streams"])
        values["notes"] = tuple(values["notes"])
        return cls(**values)


_FRACTIONS = ("fps_fraction", "pixel_aspect", "time_base")
