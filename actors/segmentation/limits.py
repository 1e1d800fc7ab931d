"""Upper bounds of what a video may be; beyond one, it is refused with the code `limit_exceeded`.

Numbers only: `demux`, `decode` and `planning` compare with them. Actors and commands pass those of the
configuration's section `limits`, whose defaults are equal. Imports nothing else of the library.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, inclusive. ValueError unless all are positive.

    No bound comes from a measurement: each is far above real videos, and keeps a hostile file from taking
    disk, time or memory without end.
    """

    file_bytes: int = 100 << 30
    """A day at 10 Mbit/s."""
    duration_s: float = 86_400.0
    """A day."""
    frames: int = 10_000_000
    """A day at 115 frames/s; the frame index takes 9 bytes for each."""
    decoded_pixels: int = 50_000_000_000_000
    """Of all frames together: a day of 4K (3840 x 2160) at 60 frames/s has 43 millions of millions."""
    width_px: int = 8192
    height_px: int = 8192
    """Those of 8K cinema (8192 x 4320), in any orientation."""
    streams: int = 64
    sample_rate_hz: int = 384_000
    """The highest rate that PCM is sold in."""

    @property
    def decoder_pixels(self) -> int:
        """Pixels above which FFmpeg's decoders refuse a picture themselves (option max_pixels).

        Four times what is allowed: a picture that is a little too large is decoded and refused with its size
        in the message, one of absurd size before it takes the memory.
        """
        return 4 * self.width_px * self.height_px

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"limit {field.name} must be positive, not {getattr(self, field.name)!r}")
