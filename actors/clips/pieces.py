"""Values of the clip library: the frames to cut, the options, the report. Imports no PyAV, knows no file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from actors.segmentation.timebase import FrameClock

MODES = ("exact", "copy")
"""Re-encoding and stream copy, see `clips.exact` and `clips.copying`."""
CONTAINERS = ("mp4", "mkv")
"""MP4 plays everywhere; Matroska takes the codecs that MP4 does not."""
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
"""x264's presets, but for `placebo`, which takes far longer than `veryslow` for hardly any gain."""
MAX_CRF = 51
"""x264's largest constant rate factor at 8 bits (no unit)."""
MIN_HEIGHT_PX, MAX_HEIGHT_PX = 64, 4320
"""Rows. No measurement: in fewer than 64 nothing can be recognised; 4320 are those of 8K."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames [start_frame, end_frame) of the video, in presentation order."""

    start_frame: int
    end_frame: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_frame < self.end_frame:
            raise ValueError(f"a piece has frames: not {self.start_frame}..{self.end_frame}")


@dataclass(frozen=True, slots=True)
class CutOptions:
    """How a clip is made. ValueError for values out of range.

    mode: `exact` re-encodes as H.264 and AAC; `copy` copies packets and ignores crf, preset and height_px.
    container: mp4 or mkv. sound: False leaves the sound out. crf: 0 (lossless) .. 51; 18 is x264's usual
    choice for no visible loss. preset: of x264. height_px: at most so many rows as shown, 64 .. 4320,
    proportions kept; None keeps the size.
    """

    mode: str = "exact"
    container: str = "mp4"
    crf: int = 18
    preset: str = "veryfast"
    height_px: int | None = None
    sound: bool = True

    def __post_init__(self) -> None:
        for name, allowed in (("mode", MODES), ("container", CONTAINERS), ("preset", PRESETS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        if not 0 <= self.crf <= MAX_CRF:
            raise ValueError(f"crf lies in 0..{MAX_CRF}, not {self.crf}")
        if self.height_px is not None and not MIN_HEIGHT_PX <= self.height_px <= MAX_HEIGHT_PX:
            raise ValueError(f"height_px lies in {MIN_HEIGHT_PX}..{MAX_HEIGHT_PX}, not {self.height_px}")


@dataclass(frozen=True, slots=True)
class CutReport:
    """What the clip holds: frames [start_frame, end_frame) of the source, which may be more than was asked.

    start_s, end_s (seconds) and start_pts, end_pts (timestamps) are on the source's clock; the clip's own
    clock begins at 0. frames: pictures in the clip; repeated: those of them that replace source frames which
    do not decode. sound: whether it has any. width, height: pixels as coded.
    """

    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    start_pts: int
    end_pts: int
    frames: int
    repeated: int
    sound: bool
    width: int
    height: int

    @classmethod
    def of(
        cls,
        clock: FrameClock,
        start_frame: int,
        end_frame: int,
        *,
        frames: int,
        repeated: int,
        sound: bool,
        width: int,
        height: int,
    ) -> CutReport:
        """With the times of the frames [start_frame, end_frame) on the source's clock."""
        return cls(
            start_frame=start_frame,
            end_frame=end_frame,
            start_s=clock.seconds_of(start_frame),
            end_s=clock.seconds_of(end_frame),
            start_pts=clock.pts_of(start_frame),
            end_pts=clock.pts_of(end_frame),
            frames=frames,
            repeated=repeated,
            sound=sound,
            width=width,
            height=height,
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields, as JSON types."""
        return asdict(self)
