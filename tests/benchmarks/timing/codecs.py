"""`python -m tests.benchmarks.timing.codecs FILM`: the same excerpt in every codec, and how long each takes.

An excerpt is encoded by ffmpeg with and without B frames, in several codecs, sizes and rates; then ffmpeg
decodes each, and our command segments it, with `decoding` auto and every. Ratios to ffmpeg are taken within a
row. A codec that this ffmpeg cannot encode is told and left out. Knows ffmpeg's command line; not what is
found.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.decoding import compared
from tests.benchmarks.detectors import OURS, OURS_EVERY, Decode, Detection
from tests.benchmarks.markdown import number, table
from tests.benchmarks.timing.footage import ffmpeg
from tests.benchmarks.timing.timed import CommandError, Cost

EXCERPT_S = 60.0
"""Seconds of each encoding but the largest; start-up (two seconds) is then a small part of a film's time."""
LARGE_EXCERPT_S = 20.0

HD, FULL_HD, UHD = (1280, 720), (1920, 1080), (3840, 2160)
_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p")


@dataclass(frozen=True)
class Encoding:
    """How an excerpt is encoded. arguments: of ffmpeg. doubled: twice as fast, so at twice the rate."""

    name: str
    arguments: tuple[str, ...]
    size: tuple[int, int] = HD
    doubled: bool = False
    suffix: str = ".mp4"
    length_s: float = EXCERPT_S


ENCODINGS = (
    Encoding("H.264", _X264),
    Encoding("H.264, two seconds a GOP, no scene-cut decision", (*_X264, "-g", "50", "-sc_threshold", "0")),
    Encoding("H.264 without B frames", (*_X264, "-bf", "0")),
    Encoding("H.264, double rate", _X264, doubled=True),
    Encoding("H.264, 1080p", _X264, FULL_HD),
    Encoding("H.264, 4K", _X264, UHD, length_s=LARGE_EXCERPT_S),
    Encoding(
        "H.265", ("-c:v", "libx265", "-preset", "fast", "-crf", "26", "-x265-params", "log-level=error")
    ),
    Encoding(
        "VP9", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M"), suffix=".mkv"
    ),
    Encoding("AV1", ("-c:v", "libsvtav1", "-preset", "10", "-crf", "35"), suffix=".mkv"),
    Encoding("MPEG-2", ("-c:v", "mpeg2video", "-q:v", "4", "-bf", "2"), suffix=".ts"),
    Encoding("MPEG-4", ("-c:v", "mpeg4", "-q:v", "4", "-bf", "2")),
)


@dataclass(frozen=True)
class Row:
    """One encoding. decode, auto, every: what each cost; again, gone, new: see `decoding.Sum`."""

    name: str
    decode: Cost
    auto: Cost
    every: Cost
    decoded: float
    again: int
    gone: int
    new: int


def measured(film: Path, folder: Path, say: Callable[[str], None]) -> list[Row]:
    """A row for each encoding that this ffmpeg can make of the film; the excerpts are made in `folder`."""
    rows = []
    for encoding in ENCODINGS:
        try:
            path = _encoded(film, encoding, folder)
        except CommandError as error:
            say(f"{encoding.name} is left out: {error}")
            continue
        rows.append(_row(encoding, path))
        say(f"{encoding.name}: {rows[-1].auto.wall_s / rows[-1].decode.wall_s:.2f} times {Decode.name}")
    return rows


def as_table(rows: Sequence[Row]) -> str:
    """Ratios to ffmpeg's decoding of the same file."""
    header = ["encoding", "frames decoded", "times ffmpeg decode", "with every frame", "processor time"]
    header += ["with every frame", "boundaries as with every frame", "gone", "new"]
    told = [
        [
            row.name,
            f"{100 * row.decoded:.0f} %",
            number(row.auto.wall_s / row.decode.wall_s, 2),
            number(row.every.wall_s / row.decode.wall_s, 2),
            number(row.auto.cpu_s / row.decode.cpu_s, 2),
            number(row.every.cpu_s / row.decode.cpu_s, 2),
            row.again,
            row.gone,
            row.new,
        ]
        for row in rows
    ]
    return table(header, told)


def _encoded(film: Path, encoding: Encoding, folder: Path) -> Path:
    width, height = encoding.size
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease"
    picture = f"{fit},pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1"
    rate = ["-r", "50"] if encoding.doubled else []
    picture += ",setpts=PTS/2" if encoding.doubled else ""
    made = folder / f"{len(list(folder.iterdir()))}{encoding.suffix}"
    length = ["-t", str(encoding.length_s)]
    ffmpeg("-i", film, *length, "-vf", picture, *rate, *encoding.arguments, "-c:a", "aac", made)
    return made


def _row(encoding: Encoding, path: Path) -> Row:
    decode, auto, every = Decode.run(path), OURS.detect(path), OURS_EVERY.detect(path)
    again, _, gone, new = compared(sorted(auto.kinds), sorted(every.kinds))
    return Row(encoding.name, decode, auto.cost, every.cost, _decoded(auto), again, gone, new)


def _decoded(found: Detection) -> float:
    media = found.document["media"]
    return float(media["frames_decoded"] / media["frames"])


def main() -> int:
    """Measure one film."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, help="a video of at least a minute")
    asked = parser.parse_args()
    if not asked.film.exists():
        parser.error(f"there is no {asked.film}")

    def say(text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="codecs-") as folder:
        print(as_table(measured(asked.film, Path(folder), say)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
