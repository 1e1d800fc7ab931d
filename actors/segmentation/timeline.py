"""The result of a video: segments of three levels, audio segments, and the curves behind the decision.

Checks what must always hold (the segments of a level tile the video; a boundary of a level is one of the
level below, too) and writes the contract's JSON. Does not know how boundaries are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.segmentation.media_warning import MediaWarning
from actors.segmentation.screen_text import ScreenText
from actors.segmentation.tracks import AUDIO_STEP_S
from actors.segmentation.transcript import Transcript

LEVELS = ("chapter", "scene", "shot")
"""From the coarsest to the finest; a segment's `parent` is an index in the level before."""
KINDS = ("start", "cut", "jump", "dissolve", "fade", "wipe", "audio")
"""Kinds of boundaries: the video's start, transitions of the picture, and changes of the sound alone."""
ROLES = ("content", "black", "bars", "slate", "static", "title", "opening", "credits")
"""What a segment is for; all but content are cues that archives and media servers ask for."""
HUMAN = "human"
"""Source of titles that were given by hand."""
TITLE_SOURCES = ("screen", "speech", "class", HUMAN, None)
"""Text on screen, key phrases of what is said, the class of the sound, people; None without a title."""
CURVE_STEP_S = AUDIO_STEP_S
"""Seconds between two values of a curve: those of the audio track, whose values become curves as they are."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """How a segment starts. ValueError for values out of range.

    kind: see KINDS. confidence, 0..1: that a segment of this level starts here. visual, audio, 0..1: strength
    of each cue's evidence for it. from_s, to_s: extent of a gradual transition; equal for others.
    scene_probability, 0..1: that a scene begins here, whether or not one was told; None where that was not
    judged (at the start of the video, and while parts are still missing). topic, 0..1: strength of the
    evidence that what is spoken about changes here; None where no words were looked at. from_frame, to_frame:
    the same extent in frames, exclusive; None where it is not known. locked: placed or confirmed by hand, so
    that later fusions keep it.
    """

    kind: str
    confidence: float
    visual: float
    audio: float
    from_s: float
    to_s: float
    scene_probability: float | None = None
    topic: float | None = None
    from_frame: int | None = None
    to_frame: int | None = None
    locked: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of boundary")
        shares = (self.confidence, self.visual, self.audio, self.scene_probability or 0.0, self.topic or 0.0)
        if not all(0 <= value <= 1 for value in shares):
            raise ValueError(f"confidences must lie in 0..1: {self}")
        if self.from_s > self.to_s:
            raise ValueError(f"a transition cannot end before it begins: {self}")


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound of a segment. Shares, 0..1, of its time in which each class is heard; they may overlap.

    loudness_lufs: integrated loudness (ITU-R BS.1770-4); None where all is below its absolute gate, -70 LUFS.
    """

    speech: float
    singing: float
    music: float
    silence: float
    loudness_lufs: float | None


@dataclass(frozen=True, slots=True)
class Visual:
    """Picture of a segment.

    brightness: mean luma, 0..1. motion: mean change from frame to frame, 0..1 (1 at 25 of 255). black,
    static: shares, 0..1, of frames that are black, or equal the frame before. tags: what the keyframe shows,
    [{"label", "probability"}] of ImageNet classes, likeliest first.
    """

    brightness: float
    motion: float
    black: float
    static: float
    tags: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A shot, scene or chapter: frames start_frame .. end_frame - 1 and the times at which they are shown.

    level: see LEVELS. index: place in its level. parent: index of the segment of the level above, None for
    chapters. *_s: seconds and *_pts: timestamps on the container's clock; ends are exclusive. label: class of
    its sound. audio: None without an audio track. visual: None without a picture. keyframe_s: time of the
    frame that represents it; thumbnail: that frame's number; None without one. role: see ROLES, with a
    confidence of 0..1. title: for people; title_source: what it was taken from; None where nothing names it.
    keywords: of what is said in it, the most telling first.
    """

    level: str
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
    visual: Visual | None
    keyframe_s: float | None
    thumbnail: int | None
    role: str = "content"
    role_confidence: float = 1.0
    title: str | None = None
    title_source: str | None = None
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"{self.role!r} is no role")
        if not 0 <= self.role_confidence <= 1:
            raise ValueError(f"confidences must lie in 0..1: {self}")
        if (self.title is None) != (self.title_source is None) or self.title_source not in TITLE_SOURCES:
            raise ValueError(f"a title has a source, and {self.title_source!r} is none")

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys, JSON types only."""
        document = asdict(self)
        document["keywords"] = list(self.keywords)
        if self.visual is not None:
            document["visual"]["tags"] = [dict(tag) for tag in self.visual.tags]
        return document


@dataclass(frozen=True, slots=True)
class AudioSegment:
    """A time range of one class of sound. label: silence, noise, speech, music, speech+music or singing."""

    start_s: float
    end_s: float
    label: str
    audio: Sound


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curve:
    """Values at every CURVE_STEP_S from the first frame on. values: float32[n], NaN where there is none."""

    name: str
    unit: str
    values: npt.NDArray[np.float32]

    def __repr__(self) -> str:
        return f"Curve({self.name}, {len(self.values)} values)"

    def to_dict(self) -> dict[str, Any]:
        """`values` as the bytes of little-endian float16: for stores that keep bytes, not for JSON."""
        return {"name": self.name, "unit": self.unit, "values": self.values.astype("<f2").tobytes()}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Timeline:
    """The whole result. ValueError when the segments do not form a tree over the video.

    Without a picture (media: video_codec None) there are no shots. media, settings: as in the contract.
    segments: chapters, then scenes, then shots, each in order. part: the frames first .. last - 1 that were
    segmented, if not all. curves: of the whole video. warnings: what is missing in the file. transcript: of
    the whole video; None where nothing was written down. screen_text: likewise; None where nothing was read,
    because it was not asked for or there is no picture.
    """

    media: Mapping[str, Any]
    settings: Mapping[str, Any]
    segments: tuple[Segment, ...]
    audio_track: tuple[AudioSegment, ...]
    curves: tuple[Curve, ...] = ()
    part: tuple[int, int] | None = None
    warnings: tuple[MediaWarning, ...] = ()
    transcript: Transcript | None = None
    screen_text: ScreenText | None = None

    def __post_init__(self) -> None:
        frames = int(self.media["frames"])
        part = self.part or (0, frames)
        if not 0 <= part[0] < part[1] <= frames:
            raise ValueError(f"the part must lie within the frames 0..{frames}: {part}")
        has_picture = self.media.get("video_codec", "") is not None
        levels = [self.level(name) for name in (LEVELS if has_picture else LEVELS[:-1])]
        if sum(map(len, levels)) != len(self.segments):
            raise ValueError(
                f"segments must be of the levels {', '.join(LEVELS)}; without a picture, no shots"
            )
        for segments in levels:
            _check_tiling(segments, part)
        for above, below in pairwise(levels):
            _check_nesting(above, below)
        if any(segment.parent is not None for segment in levels[0]):
            raise ValueError("chapters have no parent")

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.level(name))} {name}s" for name in LEVELS)
        return f"Timeline({counts}, {len(self.audio_track)} of sound, {len(self.curves)} curves)"

    def level(self, name: str) -> tuple[Segment, ...]:
        """The segments of one level, in order."""
        return tuple(segment for segment in self.segments if segment.level == name)

    def to_document(self) -> dict[str, Any]:
        """The document of `scenestream segment --json`: media, settings, warnings, segments, audio_track,
        transcript, screen_text."""
        return {
            "media": dict(self.media),
            "settings": dict(self.settings),
            "warnings": [asdict(warning) for warning in self.warnings],
            "segments": [segment.to_dict() for segment in self.segments],
            "audio_track": [asdict(segment) for segment in self.audio_track],
            "transcript": None if self.transcript is None else self.transcript.to_document(),
            "screen_text": None if self.screen_text is None else self.screen_text.to_document(),
        }

    def curves_document(self) -> dict[str, Any]:
        """Curves for a store: {"start_s", "step_s", "series": [{"name", "unit", "values": bytes}]}."""
        return {
            "start_s": self.media["start_s"],
            "step_s": CURVE_STEP_S,
            "series": [curve.to_dict() for curve in self.curves],
        }


def _check_tiling(segments: tuple[Segment, ...], part: tuple[int, int]) -> None:
    if not segments:
        raise ValueError("every level has at least one segment")
    name = segments[0].level
    if [segment.index for segment in segments] != list(range(len(segments))):
        raise ValueError(f"{name}s must be numbered in order")
    bounds = [part[0], *(segment.end_frame for segment in segments)]
    if bounds[:-1] != [segment.start_frame for segment in segments] or bounds[-1] != part[1]:
        raise ValueError(f"{name}s must tile the frames {part[0]}..{part[1]}: {bounds}")
    if any(a >= b for a, b in pairwise(bounds)):
        raise ValueError(f"a {name} has no frames: {bounds}")
    for before, after in pairwise(segments):
        if (before.end_s, before.end_pts) != (after.start_s, after.start_pts):
            raise ValueError(f"{name} {after.index} must start when the one before it ends")
    if any(segment.start_pts >= segment.end_pts for segment in segments):
        raise ValueError(f"a {name} lasts no time")
    kinds = [segment.start_boundary.kind for segment in segments]
    if kinds[0] != "start" or "start" in kinds[1:]:
        raise ValueError(f"the first {name}, and no other, begins with the start")


def _check_nesting(above: tuple[Segment, ...], below: tuple[Segment, ...]) -> None:
    starts = {segment.start_frame for segment in below}
    for segment in above:
        if segment.start_frame not in starts:
            raise ValueError(f"{segment.level} {segment.index} starts where no {below[0].level} does")
    for segment in below:
        if segment.parent is None or not 0 <= segment.parent < len(above):
            raise ValueError(f"{segment.level} {segment.index} has no parent")
        parent = above[segment.parent]
        if not parent.start_frame <= segment.start_frame < segment.end_frame <= parent.end_frame:
            raise ValueError(f"{segment.level} {segment.index} reaches out of its {parent.level}")
