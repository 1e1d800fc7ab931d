"""What a video may be at most. Over it, it is refused with the code `limit_exceeded`.

Knows numbers only; `media`, `frame_index` and `decode` compare against them. The defaults equal the
installation's defaults (section `limits` of the configuration), which are passed in by the actors.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, all inclusive and positive. ValueError for anything else."""

    file_bytes: int = 100 << 30
    duration_s: float = 86_400.0
    frames: int = 10_000_000
    width_px: int = 8192
    height_px: int = 8192
    streams: int = 64
    sample_rate_hz: int = 384_000

    @property
    def decoder_pixels(self) -> int:
        """Where decoders themselves refuse a picture: above what is allowed, so that a picture a little too
        large comes out and is refused with its size, yet before one of absurd size takes the memory."""
        return 4 * self.width_px * self.height_px

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"limit {field.name} must be positive, not {getattr(self, field.name)!r}")
