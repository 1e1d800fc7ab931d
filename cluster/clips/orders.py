"""What clips somebody wants of a video: which segments, how they are cut, what the files are called.

Pure and shared by the API and the command line. Knows segments as the contract's dictionaries; neither files
nor stores nor codecs beyond their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.clips.names import DEFAULT_PATTERN, MAX_PATTERN_CHARS, check_pattern, file_names
from cluster.errors import InvalidSettingsError, LimitExceededError, UsageError

MAX_CLIPS = 5000
Level = Literal["shot", "scene", "chapter"]
Mode = Literal["exact", "copy"]
Container = Literal["auto", "mp4", "mkv"]
X264Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]
Seconds = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
"""Orders are stored as they came, and PostgreSQL's JSON holds no NUL."""
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]

_MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""What players expect to find in MP4; anything else that is copied goes into Matroska, which takes all."""


class Selection(BaseModel):
    """Which segments of the level: all that meet every condition given. No condition: all."""

    model_config = ConfigDict(extra="forbid")

    indices: list[Annotated[int, Field(ge=0, le=10**9)]] | None = Field(
        None, min_length=1, max_length=MAX_CLIPS, description="`index` of the segments"
    )
    labels: list[Word] | None = Field(None, min_length=1, max_length=100, description="One of these labels")
    tags: list[Word] | None = Field(
        None, min_length=1, max_length=100, description="The keyframe shows one of these"
    )
    from_s: Seconds | None = Field(None, description="Segments that end after this")
    to_s: Seconds | None = Field(None, description="Segments that start before this")
    min_s: Seconds | None = Field(None, description="Not shorter than this")
    max_s: Seconds | None = Field(None, description="Not longer than this")

    def takes(self, segment: Mapping[str, Any]) -> bool:
        """Whether a segment meets every condition."""
        length_s = segment["end_s"] - segment["start_s"]
        shown = {tag["label"].casefold() for tag in (segment.get("visual") or {}).get("tags") or ()}
        return (
            (self.indices is None or segment["index"] in self.indices)
            and (self.labels is None or segment["label"] in self.labels)
            and (self.tags is None or any(tag.casefold() in shown for tag in self.tags))
            and (self.from_s is None or segment["end_s"] > self.from_s)
            and (self.to_s is None or segment["start_s"] < self.to_s)
            and (self.min_s is None or length_s >= self.min_s)
            and (self.max_s is None or length_s <= self.max_s)
        )


class ClipOrder(BaseModel):
    """Clips of one level of a video, and how they are made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"level": "scene", "mode": "exact", "select": {"labels": ["speech"], "min_s": 2}}]
        },
    )

    level: Level = "shot"
    mode: Mode = Field(
        "exact",
        description="`exact`: to the frame, coded anew as H.264 and AAC. `copy`: as it is coded, from the "
        "key frame at or before the start; the manifest says where each clip really begins and ends",
    )
    select: Selection = Field(default_factory=Selection)
    pattern: str = Field(
        DEFAULT_PATTERN,
        min_length=1,
        max_length=MAX_PATTERN_CHARS,
        pattern=PRINTABLE,
        description="The files' names without suffix: {stem} {level} {index} {number} {start} {end} "
        "{start_frame} {end_frame} {label} {kind}; numbers take a width, as in {index:04}",
    )
    container: Container = Field("auto", description="`auto`: MP4, or Matroska for copies MP4 does not take")
    crf: int = Field(18, ge=0, le=51, description="`exact`: quality, 0 is lossless, 23 small")
    preset: X264Preset = Field("veryfast", description="`exact`: slower makes smaller files")
    height: int | None = Field(None, ge=64, le=4320, description="`exact`: at most so many rows of pixels")
    sound: bool = Field(True, description="Whether clips have sound")
    max_clips: int = Field(1000, ge=1, le=MAX_CLIPS, description="Refuse the order when it is for more")

    def cut_options(self, media: Mapping[str, Any]) -> dict[str, Any]:
        """How each clip is cut, as the cutting library names it; `container` decided by the codecs."""
        container: str = self.container
        if container == "auto":
            audio = media.get("audio_codec")
            fits = media.get("video_codec") in _MP4_VIDEO and (not audio or audio in _MP4_AUDIO)
            container = "mp4" if self.mode == "exact" or fits else "mkv"
        return {
            "mode": self.mode,
            "container": container,
            "crf": self.crf,
            "preset": self.preset,
            "height_px": self.height,
            "sound": self.sound,
        }

    def chosen(
        self, segments: Sequence[Mapping[str, Any]], filename: str, suffix: str
    ) -> list[dict[str, Any]]:
        """The wanted segments of all those of a video, in order, each with its file's `name` added.

        UsageError `nothing_selected`, LimitExceededError for more than `max_clips`, InvalidSettingsError for
        a pattern that cannot be used.
        """
        check_pattern(self.pattern)
        found = [s for s in segments if s["level"] == self.level and self.select.takes(s)]
        if not found:
            raise UsageError(
                f"No {self.level} of this video meets the conditions of `select`.", code="nothing_selected"
            )
        if len(found) > self.max_clips:
            raise LimitExceededError(
                f"{len(found)} {self.level}s meet the conditions, more than max_clips ({self.max_clips}). "
                "Narrow the selection, or raise max_clips."
            )
        names = file_names(self.pattern, filename, found, suffix)
        return [{**segment, "name": name} for segment, name in zip(found, names, strict=True)]


def clip_order(values: Mapping[str, Any]) -> ClipOrder:
    """An order from plain values. InvalidSettingsError names what is wrong with them."""
    try:
        order = ClipOrder.model_validate(dict(values))
    except ValidationError as error:
        told = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise InvalidSettingsError(f"{'; '.join(told)}.") from error
    check_pattern(order.pattern)
    return order
