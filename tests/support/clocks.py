"""Films whose clocks are rounded, jump or pause: one list for all tests of frame rates.

Each says what file to write and which rate a reader has to find. Needs PyAV only; knows nothing of the code
under test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from tests.support.media import Picture, make_media

NTSC_FILM = Fraction(24_000, 1001)
NTSC = Fraction(30_000, 1001)
MS = Fraction(1, 1000)
MPEG_TICK = Fraction(1, 90_000)
HOUR_S = 3600
_SIZE = (64, 48)


@dataclass(frozen=True)
class Gap:
    """The clock steps ahead by `length_s` before every frame that is a multiple of `every`.

    `once`: before the first such frame only.
    """

    length_s: Fraction | int
    every: int
    once: bool = False

    def before(self, frame: int) -> Fraction | int:
        """Seconds that all gaps up to a frame add."""
        return self.length_s * (min(frame // self.every, 1) if self.once else frame // self.every)


@dataclass(frozen=True)
class Clock:
    """A film of `frames` frames at `rate`. `suffix` chooses the container, `tick` its time base where it has
    a choice."""

    suffix: str
    rate: Fraction
    frames: int = 120
    codec: str = "libx264"
    tick: Fraction = MPEG_TICK
    gap: Gap | None = None
    drop_every: int = 0

    def __str__(self) -> str:
        gap = "" if self.gap is None else f"-{float(self.gap.length_s):g}s-of-{self.gap.every}"
        drops = f"-drop-{self.drop_every}" if self.drop_every else ""
        return f"{self.suffix}-{float(self.rate):.6g}-x{self.frames}-1_{self.tick.denominator}{gap}{drops}"

    def time_of(self, frame: int) -> Fraction:
        """Seconds of a frame."""
        dropped = (frame + frame // (self.drop_every - 1)) if self.drop_every else frame
        return dropped / self.rate + (self.gap.before(frame) if self.gap is not None else 0)

    def write(self, folder: Path) -> Path:
        """The file, in `folder`."""
        picture = Picture(
            (self.frames,),
            _SIZE,
            self.rate,
            self.codec,
            {"preset": "ultrafast"} if self.codec == "libx264" else {},
            tick=self.tick,
            time_of=self.time_of,
            number=False,
        )
        if self.codec in ("mpeg2video", "mpeg4"):  # these encoders take no other time base than a frame
            picture = replace(picture, time_of=None)
        return make_media(folder / f"film.{self.suffix}", picture)


ROUNDED: list[Clock] = [
    *(
        Clock("mp4", rate, frames)
        for rate in (NTSC_FILM, NTSC, 2 * NTSC, Fraction(24))
        for frames in (50, 301)
    ),
    *(Clock("mkv", rate, tick=MS) for rate in (NTSC_FILM, NTSC, Fraction(24), Fraction(60), 2 * NTSC)),
    *(Clock("mkv", rate, 7, tick=MS) for rate in (NTSC_FILM, Fraction(25))),
    Clock("mov", NTSC_FILM, 77, tick=Fraction(1, 600)),
    Clock("mp4", NTSC_FILM, 90, tick=MS),
    Clock("mp4", 2 * NTSC, 90, tick=MS),
    Clock("mov", Fraction(25), 77, tick=Fraction(1, 600)),
    Clock("flv", NTSC, tick=MS),
    Clock("ts", NTSC_FILM, 301),
    Clock("ts", Fraction(50), codec="mpeg2video"),
    Clock("mpg", NTSC, codec="mpeg2video"),
    Clock("avi", NTSC_FILM, codec="mpeg4"),
    Clock("webm", NTSC_FILM, 60, "libvpx", MS),
    Clock("nut", NTSC_FILM, codec="mpeg4"),
    Clock("mp4", Fraction(25, 2), 40),
    Clock("mkv", Fraction(120), tick=MS),
]
"""Rates that no time base of these files can say exactly, and some that they can."""
BROKEN: list[Clock] = [
    Clock("ts", Fraction(25), 240, gap=Gap(5 * HOUR_S, 120, once=True)),
    Clock("ts", NTSC, 240, gap=Gap(HOUR_S, 200, once=True)),
    Clock("mp4", Fraction(25), 240, gap=Gap(HOUR_S, 100, once=True)),
    Clock("mkv", NTSC_FILM, 240, tick=MS, gap=Gap(7 * HOUR_S, 17, once=True)),
    Clock("mov", Fraction(60), 120, gap=Gap(90, 60, once=True)),
    *(
        Clock("mkv", rate, 200, tick=MS, gap=Gap(length_s, 40))
        for rate in (NTSC_FILM, Fraction(25), NTSC, Fraction(50))
        for length_s in (2, 30, 600)
    ),
    *(
        Clock("mp4", rate, 160, gap=Gap(Fraction(7, 2), 20))
        for rate in (Fraction(15), 2 * NTSC, Fraction(24))
    ),
    Clock("ts", Fraction(30), 200, gap=Gap(75, 50)),
    Clock("nut", Fraction(25), 120, gap=Gap(5 * HOUR_S, 60, once=True)),
    Clock("mp4", Fraction(25), 600, drop_every=300),
]
"""The clock jumps once, or stands for a while again and again, or a frame is missing."""
