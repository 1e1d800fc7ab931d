"""`python -m tests.benchmarks.naming`: whether chapters and segments get the names and roles that they have.

Lectures are made: slides with headings that are built line by line, read aloud by FFmpeg's voices, several
slides to a section. Tells how well sections are found as chapters (within 2 s), and how often a chapter's
title is the heading of its section. Then a tape: colour bars, slate, black, title card, footage, a picture
that stands still, more footage, credits that roll; tells for how much of the time the role of the shots is
right. Nothing was fitted to these videos.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import wave
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from actors.meaning_model import meaning_model
from actors.segmentation import segment_file
from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.timeline import Timeline
from actors.speech_model import speech_model
from cluster.segment_settings import resolve
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.markdown import number, table
from tests.support import lettering
from tests.support.lettering import Lettering, Rgb, lettered, plain, view
from tests.support.media import Picture, make_media
from tests.support.spoken import read_aloud

SIZE, FPS = (1280, 720), 12
WITHIN_S = 2.0
PAUSE_S, REST_S = 0.8, 8.0
"""Seconds of silence before a section, and before each further sentence: so long a slide stays."""
SECTIONS: Mapping[str, Sequence[str]] = {
    "Volcanoes and magma": (
        "A volcano is an opening through which molten rock reaches the surface.",
        "Below it lies a chamber that is filled with magma.",
        "Gas in the magma drives the eruption, as in a bottle that was shaken.",
        "Lava that holds much silica is thick and builds steep mountains.",
        "Thin lava flows far and builds wide shields.",
        "Ash from one eruption can cool the whole earth for a year.",
    ),
    "The water cycle": (
        "The sun warms the ocean, and water evaporates into the air.",
        "Warm air rises, cools, and the vapor becomes clouds.",
        "Rain and snow bring the water back to the land.",
        "Some of it runs into rivers, and some sinks into the ground.",
        "Trees drink water with their roots and give it back to the air.",
        "A drop stays in the ocean for about three thousand years.",
    ),
    "How bees find flowers": (
        "Bees see ultraviolet light, which we do not.",
        "Many flowers have marks that only a bee can see.",
        "A scout that has found nectar returns to the hive and dances.",
        "The angle of the dance tells the other bees the direction.",
        "Its length tells how far the flowers are.",
        "Pollen sticks to the hairs of the bee and travels to the next flower.",
    ),
    "Bridges that hang": (
        "A suspension bridge hangs from cables between two towers.",
        "The cables carry the weight to anchors at both ends.",
        "Steel wires are spun together, thousands to a cable.",
        "Wind is the enemy of such a deck, because it can make it swing.",
        "Engineers test models in a tunnel before they build.",
        "The longest span today is more than two kilometers.",
    ),
    "Money and inflation": (
        "Prices rise when there is more money for the same goods.",
        "Economists call this inflation and measure it with a basket of goods.",
        "A central bank raises interest rates to slow it down.",
        "Loans become dear then, and people spend less.",
        "If prices fall for long, companies stop investing.",
        "A small and steady inflation is what most banks want.",
    ),
    "Sleep and memory": (
        "During sleep the brain replays what happened in the day.",
        "Deep sleep moves memories from the hippocampus to the cortex.",
        "Dreams come mostly in a phase with rapid eye movements.",
        "Students who sleep after learning remember more words.",
        "Coffee in the evening makes deep sleep shorter.",
        "Babies sleep so long because they have so much to learn.",
    ),
}  # fmt: skip
GROUNDS = ((245, 245, 240), (20, 30, 60), (255, 255, 255), (30, 60, 45))
VOICES = ("slt", "awb", "rms")
SLATE = ("PROGRAMME: The Old Bridge", "EPISODE: 4", "DURATION: 00:24:10", "DATE: 12.03.2021")
NAMES = (
    "Directed by", "Anna Bergstrom", "Written by", "Thomas Whitfield", "Produced by", "Carla Mendes",
    "Camera", "Joseph Adler", "Edited by", "Ingrid Solberg", "Music by", "Peter Halloran",
)  # fmt: skip


def slide(heading: str, lines: Sequence[str], ground: tuple[int, int, int]) -> Rgb:
    """A heading at the top, lines below."""
    ink = (20, 20, 20) if sum(ground) > 380 else (250, 250, 250)
    texts = [Lettering(heading, x=0.07, y=0.13, height=0.085, font=1, ink=ink, anchor="lm")]
    texts += [
        Lettering(line, x=0.09, y=0.32 + 0.13 * place, height=0.05, font=1, ink=ink, anchor="lm")
        for place, line in enumerate(lines)
    ]
    return lettered(plain(SIZE, ground), texts)


def short(sentence: str) -> str:
    """What a slide shows of a sentence."""
    return " ".join(sentence.rstrip(".").split()[:6])


def lecture(folder: Path, seed: int) -> tuple[Path, list[tuple[float, str]]]:
    """A lecture; (start in seconds, heading) of its sections."""
    order = np.random.default_rng(seed).permutation(list(SECTIONS)).tolist()
    frames: list[int] = []
    pictures: list[Rgb] = []
    sounds: list[bytes] = []
    truth: list[tuple[float, str]] = []
    ground = GROUNDS[seed % len(GROUNDS)]
    for heading in order:
        truth.append((sum(frames) / FPS, heading))
        shown: list[str] = []
        for place, sentence in enumerate(SECTIONS[heading]):
            shown = [*(shown if place % 3 else []), short(sentence)]  # three lines to a slide
            file = read_aloud(
                sentence,
                folder / "voice.wav",
                voice=VOICES[seed % len(VOICES)],
                delay_s=REST_S if place else PAUSE_S,
            )
            with wave.open(str(file)) as voice:
                samples = voice.readframes(voice.getnframes())
            count = -(-len(samples) // 2 * FPS // 16_000)
            frames.append(count)
            pictures.append(slide(heading, shown, ground))
            sounds.append(samples.ljust(2 * (count * 16_000 // FPS), b"\0"))
    return written(folder / f"lecture_{seed}", frames, pictures, b"".join(sounds)), truth


def written(name: Path, frames: Sequence[int], pictures: Sequence[Rgb], sound: bytes | None) -> Path:
    """A film of pictures that stand still, with 16-bit sound of 16 kHz."""
    options = {"preset": "veryfast", "crf": "24"}
    shown = {"picture": lambda shot, *_: pictures[shot], "number": False, "options": options}
    spec = Picture(shots=list(frames), size=SIZE, fps=Fraction(FPS), **shown)  # type: ignore[arg-type]
    silent = name.with_suffix(".silent.mp4")
    make_media(silent, spec)
    if sound is None:
        return silent
    with wave.open(str(name.with_suffix(".wav")), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(sound)
    film = name.with_suffix(".mkv")
    inputs = ["-i", str(silent), "-i", str(name.with_suffix(".wav"))]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *inputs, "-c:v", "copy", "-c:a", "flac", str(film)], check=True
    )
    return film


def bars() -> Rgb:
    """Seven bars of 75 %."""
    colours = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)]
    row = np.repeat(np.array(colours), -(-SIZE[0] // 7), axis=0)[: SIZE[0]] * 191
    return np.broadcast_to(row.astype(np.uint8), (SIZE[1], SIZE[0], 3)).copy()


def tape(folder: Path, seed: int) -> tuple[Path, list[tuple[float, float, str]]]:
    """A tape; (start, end, role) of its parts."""
    scenes = [lettering.scenery(seed * 10 + n, 1600, SIZE[1]) for n in range(4)]
    black = plain(SIZE)
    title = lettered(plain(SIZE, (10, 10, 30)), [Lettering("The Old Bridge", height=0.12, font=seed)])
    slate = lettered(
        black,
        [Lettering(line, y=0.3 + 0.12 * place, height=0.06, font=1) for place, line in enumerate(SLATE)],
    )
    rolled = [Lettering(name, y=1.1 + 0.11 * place, height=0.05, font=1) for place, name in enumerate(NAMES)]
    parts: list[tuple[float, str, Any]] = [
        (5, "bars", lambda _: bars()),
        (5, "slate", lambda _: slate),
        (2, "black", lambda _: black),
        (4, "title", lambda _: title),
        (6, "content", lambda share: view(scenes[0], SIZE, share)),
        (5, "content", lambda share: view(scenes[1], SIZE, 1 - share)),
        (6, "static", lambda _: view(scenes[2], SIZE, 0.4)),
        (7, "content", lambda share: view(scenes[3], SIZE, share)),
        (2, "black", lambda _: black),
        (14, "credits", lambda share: lettered(black, rolled, shift=-2.6 * share)),
    ]
    frames = [int(seconds * FPS) for seconds, _, _ in parts]
    starts = np.concatenate([[0], np.cumsum(frames)])

    def picture(shot: int, k: int, _: tuple[int, int]) -> Rgb:
        made: Rgb = parts[shot][2]((k - int(starts[shot])) / frames[shot])
        return made

    options = {"preset": "veryfast", "crf": "24"}
    path = folder / f"tape_{seed}.mp4"
    make_media(
        path,
        Picture(shots=frames, size=SIZE, fps=Fraction(FPS), picture=picture, number=False, options=options),
    )
    return path, [
        (float(start) / FPS, float(start) / FPS + seconds, role)
        for start, (seconds, role, _) in zip(starts, parts, strict=False)
    ]


def f1(right: float, found: float, true: float) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * right / (found + true) if found + true else 1.0


def chapters_of(timeline: Timeline, truth: Sequence[tuple[float, str]]) -> tuple[int, int, int, int]:
    """Boundaries that are right, found and true; sections whose chapter has the heading as title."""
    chapters = timeline.level("chapter")
    starts = [chapter.start_s for chapter in chapters[1:]]
    wanted = [start_s for start_s, _ in truth[1:]]
    right = sum(any(abs(start - one) <= WITHIN_S for start in starts) for one in wanted)
    ends = [*wanted, chapters[-1].end_s]
    titled = 0
    for (begin, heading), end in zip(truth, ends, strict=True):
        best = max(chapters, key=lambda one: min(end, one.end_s) - max(begin, one.start_s))
        titled += (best.title or "").casefold() == heading.casefold()
    return right, len(starts), len(wanted), titled


def roles_of(
    timeline: Timeline, truth: Sequence[tuple[float, float, str]]
) -> dict[str, tuple[float, float, float]]:
    """Seconds right, found and true of each role, by the shots."""
    found: dict[str, list[float]] = {}
    for shot in timeline.level("shot"):
        found.setdefault(shot.role, [0.0, 0.0, 0.0])[1] += shot.end_s - shot.start_s
        for start_s, end_s, role in truth:
            both = min(end_s, shot.end_s) - max(start_s, shot.start_s)
            if role == shot.role and both > 0:
                found[role][0] += both
    for start_s, end_s, role in truth:
        found.setdefault(role, [0.0, 0.0, 0.0])[2] += end_s - start_s
    return {role: (one[0], one[1], one[2]) for role, one in found.items()}


def main() -> None:
    """Makes the videos, segments them, prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lectures", type=int, default=3)
    parser.add_argument("--tapes", type=int, default=3)
    parser.add_argument("--presets", nargs="+", default=["default", "screencast", "talk"])
    chosen = parser.parse_args()
    logs.configure(get_settings().model_copy(update={"log": LogSettings(level="WARNING")}))
    models: dict[str, Any] = {
        "speech_model": speech_model(get_settings()),
        "meaning_model": meaning_model(get_settings()),
        "text_readers": TextReadersLoading(),
    }
    rows = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lectures = [lecture(folder, seed) for seed in range(chosen.lectures)]
        for name in chosen.presets:
            sums = np.zeros(4)
            for film, truth in lectures:
                settings = resolve(None if name == "default" else name, {})
                sums += chapters_of(segment_file(film, settings, **models), truth)
            right, found, true, titled = sums
            rows.append(
                [
                    name,
                    number(found, 0),
                    number(f1(right, found, true), 3),
                    f"{titled:.0f} of {true + chosen.lectures:.0f}",
                ]
            )
        print(table(["preset", "boundaries", "chapters, F1 within 2 s", "titles that are the heading"], rows))
        total: dict[str, np.ndarray] = {}
        for seed in range(chosen.tapes):
            film, parts = tape(folder, seed)
            timeline = segment_file(film, {"words": "screen"}, text_readers=models["text_readers"])
            for role, seconds in roles_of(timeline, parts).items():
                total[role] = total.get(role, np.zeros(3)) + seconds
    cues = sum(one for role, one in total.items() if role != "content")
    lines = [
        [role, *(number(value, 1) for value in one), number(f1(*one), 3)]
        for role, one in sorted(total.items())
    ]
    lines.append(["all but content", *(number(value, 1) for value in cues), number(f1(*cues), 3)])
    print()
    print(table(["role", "right, s", "found, s", "true, s", "F1"], lines))


if __name__ == "__main__":
    main()
