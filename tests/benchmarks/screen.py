"""`python -m tests.benchmarks.screen [FOLDER]`: how well text that is shown in videos is read.

Videos in 720p are made, encoded and read: title cards and slides in several fonts, sizes and colours over
plain, blurred and photographic grounds, slides that are built line by line, names over running footage,
subtitles, credits that roll and stand, and footage without any text. Tells character error rates, how often
the kind is right, how far times are off, lines that are not there, and processor time. `--pictures FILE…`
takes photographs for footage in place of drawn scenes (without text in them). With FOLDER, what is read in
its videos is printed as well.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from rapidfuzz.distance import Levenshtein

from actors.segmentation import Models, analyse_chunk, build_plan
from actors.segmentation.screen.joining import joined
from actors.segmentation.screen.pictures import find_pictures
from actors.segmentation.screen.reading import read_pictures
from actors.segmentation.screen.text_reader import PackagedReader
from actors.segmentation.screen_text import ScreenText, ShownLine
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.markdown import number, table
from tests.support import lettering
from tests.support.lettering import Lettering, Rgb, lettered, plain, view
from tests.support.media import Picture, make_media

SIZE = (1280, 720)
FPS = 12
SCENE_WIDTH = 1600
LIKE = 0.5
"""Share of a text's letters that must be right for a line to be taken for it."""
INKS = ((255, 255, 255), (255, 230, 90), (200, 220, 255), (255, 150, 120))
GROUNDS = ((0, 0, 0), (12, 24, 70), (90, 10, 20), (20, 60, 40))
TITLES = (
    "The Old Bridge",
    "CHAPTER TWO",
    "Ten Years Later",
    "Harbour Lights",
    "Summer of 1969",
    "A Quiet Man",
)
SUBTITLES = (
    "Nobody in the village knew about it.",
    "When will the road be open again?",
    "They said it would take two winters.",
    "Then we shall walk along the river.",
    "It is not far, and the weather is fine.",
    "Good. Let us go before it gets dark.",
)
NAMES = (("Maria Lindgren", "Harbour master, Turku"), ("Dr. Paul Okafor", "University of Leeds"))
SLIDES = (
    (
        "Budget for the coming year",
        ("Schools and hospitals: 42 %", "Roads and bridges: 18 %", "Reserve: 7 %"),
    ),
    (
        "How the index is built",
        ("Read every packet once", "Sort frames by time", "Check against the decoder"),
    ),
)
CREDITS = (
    "Directed by", "Anna Bergstrom", "Written by", "Thomas Whitfield", "Produced by", "Carla Mendes",
    "Camera", "Joseph Adler", "Edited by", "Ingrid Solberg", "Music by", "Peter Halloran", "Sound",
    "Lucia Ferrante",
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """A line that is shown, and when, in seconds of the video."""

    text: str
    kind: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Part:
    """Some seconds of a video: its picture by the share of the part that has passed, and what stands
    there."""

    seconds: float
    picture: Callable[[float], Rgb]
    truths: tuple[Truth, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """One video. letters, errors: of the lines that are shown. off_s: errors of their starts and ends."""

    name: str
    lines: int
    letters: int
    errors: int
    right_kinds: int
    false_lines: tuple[str, ...]
    off_s: tuple[float, ...]
    pictures: int
    minutes: float
    cpu_s: float


def told(
    lines: Sequence[Lettering], kinds: Sequence[str], seconds: float, start_s: float = 0.0
) -> tuple[Truth, ...]:
    """The truth of lines that stand from `start_s` of a part to its end."""
    return tuple(Truth(line.text, kind, start_s, seconds) for line, kind in zip(lines, kinds, strict=True))


def still(picture: Rgb) -> Callable[[float], Rgb]:
    """A picture that does not change."""
    return lambda _: picture


def over(scene: Rgb, lines: Sequence[Lettering]) -> Callable[[float], Rgb]:
    """Lines over footage that pans."""
    return lambda share: lettered(view(scene, SIZE, share), lines)


def cards(scenes: Sequence[Rgb]) -> Iterator[Part]:
    """Title cards, with footage between."""
    for place, title in enumerate(TITLES):
        edge = None
        if place < 3:
            ground = plain(SIZE, GROUNDS[place])
        elif place < 5:
            blurred = Image.fromarray(view(scenes[place % len(scenes)], SIZE, 0.5)).resize((32, 18))
            ground = np.asarray(blurred.resize(SIZE, Image.Resampling.BICUBIC))
            edge = (0, 0, 0)
        else:
            ground = plain(SIZE, (240, 236, 225))
        ink = (30, 30, 30) if place == 5 else INKS[place % len(INKS)]
        lines = [Lettering(title, height=(0.08, 0.12, 0.06)[place % 3], font=place, ink=ink, edge=edge)]
        if place % 2:
            lines.append(
                Lettering("a film by Helen Marsh", y=0.62, height=0.04, font=place, ink=ink, edge=edge)
            )
        yield Part(3.0, still(lettered(ground, lines)), told(lines, ["title_card"] * len(lines), 3.0))
        yield Part(2.0, over(scenes[(place + 1) % len(scenes)], ()))


def slides(_: Sequence[Rgb]) -> Iterator[Part]:
    """Slides, whole and line by line, light and dark, with large and small letters."""
    for place in range(4):
        title, points = SLIDES[place % 2]
        dark, step = place >= 2, 0.0 if place % 2 else 2.0
        ink = (235, 235, 235) if dark else (25, 25, 40)
        ground = plain(SIZE, (25, 30, 45) if dark else (250, 250, 250))
        small = (0.045, 0.03)[place // 2]
        lines = [Lettering(title, 0.07, 0.12, 1.6 * small, place, ink, "lm")]
        lines += [
            Lettering(text, 0.09, 0.3 + 0.1 * row, small, place, ink, "lm") for row, text in enumerate(points)
        ]
        seconds = 4.0 + step * len(points)
        kinds = ["heading", *["slide"] * len(points)]
        pictures = [lettered(ground, lines[: 1 + count]) for count in range(len(lines))]
        truths = tuple(
            Truth(line.text, kind, step * row, seconds)
            for row, (line, kind) in enumerate(zip(lines, kinds, strict=True))
        )

        def shown(
            share: float, *, at: list[Rgb] = pictures, length: float = seconds, each: float = step
        ) -> Rgb:
            return at[-1] if each == 0 else at[min(len(at) - 1, int(share * length / each))]

        yield Part(seconds, shown, truths)


def names(scenes: Sequence[Rgb]) -> Iterator[Part]:
    """Names in the lower third of running footage, with and without a bar behind them."""
    for place, (name, role) in enumerate(NAMES * 2):
        lines = [
            Lettering(name, 0.06, 0.8, 0.055, place, WHITE, "lm", (0, 0, 0) if place % 2 else None),
            Lettering(role, 0.06, 0.87, 0.04, place, WHITE, "lm", (0, 0, 0) if place % 2 else None),
        ]
        scene = scenes[place % len(scenes)]

        def shown(
            share: float, *, at: Rgb = scene, bar: bool = not place % 2, what: list[Lettering] = lines
        ) -> Rgb:
            picture = view(at, SIZE, 0.3 + share / 3).copy()
            if bar:
                picture[round(0.75 * SIZE[1]) : round(0.91 * SIZE[1]), : SIZE[0] // 2] = (20, 40, 90)
            return lettered(picture, what)

        yield Part(3.0, over(scene, ()))
        yield Part(5.0, shown, told(lines, ["lower_third"] * 2, 5.0))


def subtitles(scenes: Sequence[Rgb]) -> Iterator[Part]:
    """Subtitles of running footage, one after the other."""
    for place, text in enumerate(SUBTITLES):
        lines = [Lettering(text, y=0.9, height=0.05, font=1, edge=(0, 0, 0))]
        yield Part(3.0, over(scenes[place // 3 % len(scenes)], lines), told(lines, ["caption"], 3.0))


def rolling(scenes: Sequence[Rgb]) -> Iterator[Part]:
    """Credits that roll, and a page of them that stands."""
    rows = [Lettering(text, y=1.05 + 0.1 * row, height=0.045) for row, text in enumerate(CREDITS)]
    length, ground = 16.0, plain(SIZE)
    rise = rows[-1].y + 0.05
    truths = tuple(
        Truth(row.text, "credits", (row.y - 1) / rise * length, row.y / rise * length) for row in rows
    )
    yield Part(3.0, over(scenes[0], ()))
    yield Part(length, lambda share: lettered(ground, rows, -share * rise), truths)
    stacked = [
        Lettering(text.upper(), y=0.2 + 0.09 * row, height=0.04, font=2)
        for row, text in enumerate(CREDITS[1:8])
    ]
    yield Part(4.0, still(lettered(ground, stacked)), told(stacked, ["credits"] * len(stacked), 4.0))


def without(scenes: Sequence[Rgb]) -> Iterator[Part]:
    """What bears no text."""
    drawn = (lettering.bricks, lettering.leaves, lettering.fence)
    for place, draw in enumerate(drawn):
        yield Part(5.0, over(draw(place, SCENE_WIDTH, SIZE[1]), ()))
    snow = [lettering.noise(seed, *SIZE) for seed in range(8)]
    yield Part(4.0, lambda share: snow[int(share * 48) % 8])
    for scene in scenes:
        yield Part(3.0, over(scene, ()))


WHITE = lettering.WHITE
VIDEOS = {
    "title cards": cards, "slides": slides, "lower thirds": names, "subtitles": subtitles, "credits": rolling,
    "without text": without,
}  # fmt: skip


def make(path: Path, parts: Sequence[Part]) -> tuple[Truth, ...]:
    """Write a video; the truth in its own times."""
    frames = [round(part.seconds * FPS) for part in parts]
    starts = np.concatenate([[0], np.cumsum(frames)])
    truths = [
        Truth(one.text, one.kind, one.start_s + float(start) / FPS, one.end_s + float(start) / FPS)
        for part, start in zip(parts, starts, strict=False)
        for one in part.truths
    ]

    def picture(shot: int, k: int, _: tuple[int, int]) -> Rgb:
        return parts[shot].picture((k - int(starts[shot])) / frames[shot])

    options = {"preset": "veryfast", "crf": "24"}
    spec = Picture(shots=frames, size=SIZE, fps=Fraction(FPS), picture=picture, number=False, options=options)
    make_media(path, spec)
    return tuple(truths)


def read(path: Path, models: Models, reader: PackagedReader) -> tuple[ScreenText, int, float, float]:
    """What is read, pictures, minutes of film, processor seconds of the reading alone."""
    plan = build_plan(path).in_one_chunk()
    tracks = analyse_chunk(path, plan, 0, models)
    began_s = time.process_time()
    pictures = find_pictures(plan, tracks.frames)
    rows = read_pictures(path, plan, pictures, reader)
    text = joined(rows, pictures, plan.index.clock, reader.name)
    return text, len(pictures), plan.index.clock.duration_s / 60, time.process_time() - began_s


def compared(name: str, truths: Sequence[Truth], found: tuple[ScreenText, int, float, float]) -> Outcome:
    """Each line that is shown with the one that was read for it."""
    text, pictures, minutes, cpu_s = found
    left = list(text.lines)
    errors = right = 0
    off_s: list[float] = []
    for truth in truths:
        near = [line for line in left if line.start_s < truth.end_s and truth.start_s < line.end_s]
        best = min(near, key=lambda line: Levenshtein.distance(truth.text, line.text), default=None)
        distance = len(truth.text) if best is None else Levenshtein.distance(truth.text, best.text)
        if best is None or distance > (1 - LIKE) * len(truth.text):
            errors += len(truth.text)
            continue
        left.remove(best)
        errors += distance
        right += best.kind == truth.kind
        off_s += [abs(best.start_s - truth.start_s), abs(best.end_s - truth.end_s)]
    letters = sum(len(truth.text) for truth in truths)
    false = tuple(line.text for line in left)
    return Outcome(name, len(truths), letters, errors, right, false, tuple(off_s), pictures, minutes, cpu_s)


def report(outcomes: Sequence[Outcome]) -> str:
    """A table of the videos."""
    rows = [
        (
            one.name,
            one.lines,
            number(one.errors / one.letters, 3) if one.letters else "",
            f"{one.right_kinds} of {one.lines}" if one.lines else "",
            number(median(one.off_s), 2) if one.off_s else "",
            len(one.false_lines),
            one.pictures,
            number(one.cpu_s / max(one.pictures, 1), 2),
            number(one.cpu_s / one.minutes, 1),
        )
        for one in outcomes
    ]
    header = (
        "what", "lines", "character error rate", "kinds right", "times off (s, median)", "false lines",
        "pictures", "processor s a picture", "a minute of film",
    )  # fmt: skip
    shown = [one for one in outcomes if one.lines]
    if not shown:
        return table(header, rows)
    rate = sum(one.errors for one in shown) / sum(one.letters for one in shown)
    kinds = sum(one.right_kinds for one in shown) / sum(one.lines for one in shown)
    return f"{table(header, rows)}\n\ncharacter error rate {rate:.3f}, kinds right {kinds:.2f}"


def described(line: ShownLine) -> str:
    """One line of what was read."""
    place = " ".join(f"{share:.2f}" for share in line.box)
    times = f"{line.start_s:8.2f} {line.end_s:8.2f}"
    return f"  {times}  {line.kind:<11} {line.probability:.2f}  [{place}]  {line.text}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make, read, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.screen", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--pictures", nargs="*", type=Path, default=[], help="photographs for footage")
    parser.add_argument("--only", choices=sorted(VIDEOS), help="this video alone")
    parser.add_argument("--show", action="store_true", help="print what was read in the videos that are made")
    given = parser.parse_args(arguments)
    logs.configure(get_settings().with_values(log=LogSettings(level="ERROR")))
    scenes = [
        np.asarray(Image.open(path).convert("RGB").resize((SCENE_WIDTH, SIZE[1]))) for path in given.pictures
    ] or [lettering.scenery(seed, SCENE_WIDTH, SIZE[1]) for seed in range(3)]
    models, reader = Models.load(), PackagedReader()
    outcomes = []
    for name, parts in VIDEOS.items():
        if given.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "made.mp4"
                truths = make(path, list(parts(scenes)))
                found = read(path, models, reader)
            outcomes.append(compared(name, truths, found))
            if given.show or outcomes[-1].false_lines:
                print(name, *map(described, found[0].lines), sep="\n")
    print(report(outcomes))
    for path in sorted(given.folder.iterdir()) if given.folder else ():
        if path.suffix.lower() in (".mp4", ".webm", ".mkv", ".mov", ".mpg", ".avi", ".ts"):
            text, pictures, minutes, cpu_s = read(path, models, reader)
            print(f"{path.name}: {pictures} pictures, {cpu_s / minutes:.1f} processor s a minute of film")
            print(*map(described, text.lines), sep="\n")


if __name__ == "__main__":
    main()
