"""What is cut, how, and what came of it. Values only: knows no file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MODES = ("exact", "copy")
CONTAINERS = ("mp4", "mkv")
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
MAX_CRF = 51
MIN_HEIGHT_PX, MAX_HEIGHT_PX = 64, 4320


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
    """mode `exact`: H.264 and AAC; crf 0..51 (0 loses nothing), preset of x264, height_px: at most so many
    rows as shown, the proportions kept. mode `copy` takes the packets as they are and none of these.

    `container`: mp4 or mkv. `sound` False leaves the sound out. ValueError for anything else.
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
    """Where the clip really begins and ends: frames [start_frame, end_frame) of the source and their times.

    start_s, end_s are seconds and start_pts, end_pts timestamps on the source's clock; the clip's own clock
    begins at 0. `frames`: pictures in the clip; `repeated`: those that stand for source frames which do not
    decode. `sound`: whether it has any.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
