"""Films whose pixels are no squares: one list for all tests of pixel shapes.

Needs PyAV only; knows nothing of the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests.support.media import Picture, make_media


@dataclass(frozen=True)
class Shaped:
    """A film whose pixels have the shape `coded` (width : height) before rotation, and `shown` after it."""

    suffix: str
    coded: Fraction
    codec: str = "libx264"
    size: tuple[int, int] = (96, 64)
    turned_ccw: int = 0
    pix_fmt: str = "yuv420p"

    def __str__(self) -> str:
        turned = f"-turned-{self.turned_ccw}" if self.turned_ccw else ""
        return f"{self.suffix}-{self.codec}-{self.coded.numerator}_{self.coded.denominator}{turned}"

    @property
    def shown(self) -> Fraction:
        return 1 / self.coded if self.turned_ccw % 180 else self.coded

    def write(self, folder: Path) -> Path:
        """The file, in `folder`."""
        picture = Picture(
            (6,),
            self.size,
            codec=self.codec,
            options={"preset": "ultrafast"} if self.codec == "libx264" else {},
            pix_fmt=self.pix_fmt,
            pixel_aspect=self.coded,
            rotation_ccw=self.turned_ccw,
        )
        return make_media(folder / f"film.{self.suffix}", picture)


PAL, NTSC = (720, 576), (720, 480)
SHAPED: list[Shaped] = [
    # MPEG-2 tells the shape of the picture: 4:3 or 16:9
    Shaped("mpg", Fraction(64, 45), "mpeg2video", PAL),
    Shaped("mpg", Fraction(16, 15), "mpeg2video", PAL),
    Shaped("ts", Fraction(32, 27), "mpeg2video", NTSC),
    Shaped("mpg", Fraction(8, 9), "mpeg2video", NTSC),
    Shaped("mxf", Fraction(64, 45), "mpeg2video", PAL),
    Shaped("m2v", Fraction(64, 45), "mpeg2video", PAL),
    Shaped("dv", Fraction(64, 45), "dvvideo", PAL),
    Shaped("dv", Fraction(16, 15), "dvvideo", PAL),
    # others tell that of a pixel: HDV, DVCPRO HD, anamorphic lenses, odd ones
    *(
        Shaped(suffix, aspect, codec)
        for aspect in (Fraction(4, 3), Fraction(3, 2), Fraction(118, 81), Fraction(12, 11))
        for suffix, codec in (("mp4", "libx264"), ("mkv", "mpeg4"), ("mov", "mpeg4"))
    ),
    Shaped("mp4", Fraction(2)),
    Shaped("ts", Fraction(4, 3)),
    Shaped("avi", Fraction(16, 11), "mpeg4"),
    Shaped("mp4", Fraction(4, 3), turned_ccw=-90),
    Shaped("mov", Fraction(3, 2), turned_ccw=90),
    Shaped("mp4", Fraction(4, 3), turned_ccw=180),
    Shaped("mkv", Fraction(9, 10)),
]
