"""Descriptions of a file: container, streams, picture size, frame rate, rotation, audio track.

Values only: `planning.probe` finds them out, `demux.container` opens the file. Imports no PyAV and no numpy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Protocol

from actors.segmentation.media_warning import MediaWarning
from actors.segmentation.timecode import Timecode


class StreamChoice(Protocol):
    """Which streams to analyse, by index in the container; None = the best, as `planning` chooses."""

    @property
    def video_stream(self) -> int | None:
        """Index of the video stream."""

    @property
    def audio_stream(self) -> int | None:
        """Index of the audio stream."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One stream of the container, analysed or not.

    kind: video, audio, subtitle, data, attachment or unknown. codec: FFmpeg's name; None where FFmpeg has no
    decoder. language, title: as tagged. default: the container's flag. attached_picture: a cover or
    thumbnails. purpose: of an audio stream that is not the film's own sound, see `planning.audio_choice`.
    silent: whether an audio stream was found without a signal; None where it was not listened to.
    """

    index: int
    kind: str
    codec: str | None
    language: str | None = None
    default: bool = False
    attached_picture: bool = False
    title: str | None = None
    purpose: str | None = None
    silent: bool | None = None

    def contract(self) -> dict[str, Any]:
        """The keys of an audio stream in the HTTP contract."""
        return {
            "stream": self.index,
            "codec": self.codec,
            "language": None if self.language == "und" else self.language,  # ISO 639-2: undetermined
            "title": self.title,
            "default": self.default,
            "purpose": self.purpose,
            "silent": self.silent,
        }


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The chosen audio stream; ValueError for impossible values.

    stream: index in the container. codec: FFmpeg's name. start_s is on the container's clock, like that of
    the picture, and may be negative.
    """

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
    """The file and the chosen streams; ValueError for impossible values.

    A file without a picture has video_codec None, no pixels, and in place of frames slots of equal length
    (fps: slots/s) that cover its sound.

    width, height: pixels as coded, after rotation (a 1920x1080 film held upright is 1080x1920). pixel_aspect:
    width : height of one pixel, after rotation; not applied to width and height. rotation: degrees by which
    the coded picture is turned clockwise for display, 0, 90, 180 or 270; mirrored: it is flipped left to
    right after that. start_s: when the first frame appears on the container's clock; duration_s: from there
    to the last frame's end. fps: frames/s where frames follow each other (without pauses), and fps_fraction
    the same exactly (30000/1001 where the timestamps stand for it). bytes: of the file. time_base: seconds
    for each unit of a PTS. video_stream: index in the container. notes: sentences on what is odd but no
    error. timecode: of the first frame; None where the file tells none. warnings: what is missing in the
    file, as far as is known before the analysis. placeholders: video packets that hold no picture and say
    that the one before stays; no frame is decoded from them.
    """

    duration_s: float
    width: int
    height: int
    fps: float
    frames: int
    variable_frame_rate: bool
    rotation: int
    video_codec: str | None
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
    timecode: Timecode | None = None
    warnings: tuple[MediaWarning, ...] = ()
    placeholders: int = 0

    def __post_init__(self) -> None:
        if self.frames < 1 or self.duration_s <= 0 or self.fps <= 0:
            raise ValueError("a video has at least one frame, and lasts")
        if (min(self.width, self.height) < 1) == self.has_picture or not (self.has_picture or self.audio):
            raise ValueError("a picture has at least one pixel; a file without one has sound and no pixel")
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError(f"rotation must be 0, 90, 180 or 270, not {self.rotation}")

    @property
    def has_picture(self) -> bool:
        """Whether there is a picture to analyse."""
        return self.video_codec is not None

    def contract(self) -> dict[str, Any]:
        """The keys of `media` in the HTTP contract, as JSON types; of timecode only where there is one."""
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
            "container": self.container,
            "audio_start_s": None if self.audio is None else self.audio.start_s,
            "pixel_aspect": f"{self.pixel_aspect.numerator}:{self.pixel_aspect.denominator}",
            **({} if self.timecode is None else self.timecode.contract()),
            "audio_stream": None if self.audio is None else self.audio.stream,
            "audio_streams": [stream.contract() for stream in self.streams if stream.kind == "audio"],
        }

    def to_document(self) -> dict[str, Any]:
        """All fields as JSON types, for a stored plan; `from_document` is the inverse."""
        document = asdict(self)
        for name in _FRACTIONS:
            document[name] = _pair(document[name])
        if self.timecode is not None:
            document["timecode"]["rate"] = _pair(self.timecode.rate)
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> MediaInfo:
        """Read what `to_document` wrote. TypeError, ValueError or KeyError for anything else."""
        values = dict(document)
        for name in _FRACTIONS:
            values[name] = Fraction(*values[name])
        values["audio"] = AudioInfo(**values["audio"]) if values["audio"] is not None else None
        values["streams"] = tuple(StreamInfo(**stream) for stream in values["streams"])
        values["notes"] = tuple(values["notes"])
        timecode = values.get("timecode")  # missing in plans of earlier versions
        if timecode is not None:
            values["timecode"] = Timecode(**{**timecode, "rate": Fraction(*timecode["rate"])})
        # a plan that was stored before there were any has none
        values["warnings"] = tuple(MediaWarning(**warning) for warning in values.get("warnings", ()))
        return cls(**values)


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


_FRACTIONS = ("fps_fraction", "pixel_aspect", "time_base")
"""Fields that are written as [numerator, denominator], since JSON has no fractions."""
