"""`python -m tests.benchmarks.words [FOLDER]`: how well what is said is written down.

FOLDER holds sound or video files, each with the words that are said in NAME.words.txt (empty: nobody speaks).
Every file is heard alone and, with `--beds FILE…`, over each bed of music or noise that many decibels below;
with `--telephone` also at 8 kHz, with `--surround` also in the centre of 5.1, the beds on its other channels.
Without FOLDER, voices of FFmpeg (its filter `flite`) read passages, whose sentences begin and end at known
times. Tells word error rates, words that were invented where nobody speaks, errors of times, and speed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import mean

import numpy as np
import numpy.typing as npt

from actors.segmentation import Models, segment_file
from actors.segmentation.speech.recogniser import Recogniser
from actors.segmentation.timeline import Timeline
from actors.speech_model import speech_model
from cluster.settings import LogSettings, get_settings
from cluster.telemetry import logs
from tests.benchmarks.markdown import number, table

RATE_HZ = 16_000
TELEPHONE_HZ = 8_000
VOICES = ("slt", "rms", "awb")
PASSAGES = (
    (
        "The old bridge was closed for the whole winter.",
        "Nobody in the village knew when it would open again.",
        "So the children walked to school along the river.",
    ),
    (
        "Today we look at the budget of the coming year.",
        "The largest part is spent on schools and hospitals.",
        "Please keep your questions until the end of the talk.",
    ),
)
"""Sentences in words that are written in one way only."""
PAUSE_S = 1.5
"""Seconds between two sentences."""
NEAR_S = 0.2
"""Seconds by which the time of a word may be wrong."""
AUDIBLE = 0.02
"""Amplitude from which the voice of a passage is heard (full scale is 1); the voices' pauses are silent."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """Something to hear. words: those that are said. edges_s: start and end of each of its sentences.

    rate_hz: of the file that is heard. around: what is on the channels around the centre of a file in 5.1;
    None: the file is mono.
    """

    name: str
    samples: Samples
    words: tuple[str, ...]
    edges_s: tuple[tuple[float, float], ...] = ()
    rate_hz: int = RATE_HZ
    around: Samples | None = None


@dataclass(frozen=True)
class Outcome:
    """errors: words that are wrong, missing or too many. off_s: errors of the edges of sentences."""

    case: Case
    heard: tuple[str, ...]
    errors: int
    off_s: tuple[float, ...]
    wall_s: float


def words_of(text: str) -> tuple[str, ...]:
    """Words in lower case without punctuation."""
    return tuple(re.findall(r"[\w']+", text.lower()))


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Edit distance (Levenshtein): words to change, leave out or put in."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def over_bed(speech: Samples, bed: Samples, below_db: float) -> Samples:
    """Speech over a bed, repeated as long as it lasts, whose mean power is `below_db` less than its own."""
    repeated = np.resize(bed, len(speech))
    mix: Samples = (speech + np.float32(_gain(speech, repeated, below_db)) * repeated).astype(np.float32)
    return mix / max(1.0, float(np.abs(mix).max()))


def _gain(speech: Samples, bed: Samples, below_db: float) -> float:
    """The factor by which the mean power of a bed is `below_db` less than that of speech."""
    power = [float(np.mean(np.square(part, dtype=np.float64))) for part in (speech, bed)]
    return float(np.sqrt(power[0] / max(power[1], 1e-12)) * 10 ** (-below_db / 20))


def read(path: Path) -> Samples:
    """float32[n] at RATE_HZ, mono."""
    return _decoded("-i", str(path), "-vn", "-ac", "1")


def labelled(folder: Path) -> Iterator[Case]:
    """The files of a folder that have their words beside them."""
    for text in sorted(folder.glob("*.words.txt")):
        name = text.name.removesuffix(".words.txt")
        (path,) = [file for file in folder.glob(f"{name}.*") if file != text]
        yield Case(name, read(path), words_of(text.read_text("utf-8")))


def read_aloud() -> Iterator[Case]:
    """Passages, by every voice, a pause between sentences."""
    for voice, (number_of, passage) in product(VOICES, enumerate(PASSAGES)):
        parts: list[Samples] = [np.zeros(round(PAUSE_S * RATE_HZ), np.float32)]
        edges_s: list[tuple[float, float]] = []
        for sentence in passage:
            said = _spoken(sentence, voice)
            audible = np.flatnonzero(np.abs(said) >= AUDIBLE)
            at = sum(map(len, parts))
            edges_s.append(((at + int(audible[0])) / RATE_HZ, (at + int(audible[-1])) / RATE_HZ))
            parts += [said, np.zeros(round(PAUSE_S * RATE_HZ), np.float32)]
        yield Case(
            f"{voice} {number_of + 1}", np.concatenate(parts), words_of(" ".join(passage)), tuple(edges_s)
        )


def _spoken(sentence: str, voice: str) -> Samples:
    return _decoded("-f", "lavfi", "-i", f"flite=text='{sentence}':voice={voice}")


def _decoded(*source: str) -> Samples:
    command = ["ffmpeg", "-v", "error", *source, "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<f4")


def heard(case: Case, models: Models, recogniser: Recogniser) -> Outcome:
    """Write it down by way of a file, as a video's sound is."""
    began_s: list[float] = []

    def model() -> Recogniser:
        began_s.append(time.perf_counter())
        return recogniser

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        with wave.open(str(path), "wb") as file:
            channels = _channels(case)
            file.setparams((channels.shape[1], 2, case.rate_hz, 0, "NONE", ""))
            file.writeframes((np.clip(channels, -1, 1) * 32_767).astype("<i2").tobytes())
        timeline = segment_file(path, models=models, speech_model=model)
    wall_s = time.perf_counter() - began_s[0] if began_s else 0.0
    found = words_of(_text(timeline))
    return Outcome(case, found, word_errors(case.words, found), _off_s(case, timeline), wall_s)


def _channels(case: Case) -> Samples:
    """float32[n, channels]: mono, or front left and right, centre, bass, back left and right."""
    speech = case.samples
    if case.rate_hz != RATE_HZ:
        speech = _resampled(speech, case.rate_hz)
    if case.around is None:
        return speech[:, None]
    beside = np.resize(case.around, len(speech))
    none = np.zeros_like(speech)
    return np.stack([beside, beside, speech, none, beside, beside], axis=1)


def _resampled(samples: Samples, rate_hz: int) -> Samples:
    command = ["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "-"]
    made = subprocess.run(
        [*command, "-ar", str(rate_hz), "-f", "f32le", "-"],
        input=samples.astype("<f4").tobytes(),
        check=True,
        capture_output=True,
    )
    return np.frombuffer(made.stdout, "<f4")


def in_other_ways(
    cases: Sequence[Case], beds: Mapping[str, Samples], given: argparse.Namespace
) -> list[Case]:
    """The spoken cases over each bed, by telephone, and in the centre of 5.1 with a bed around it."""
    spoken = [case for case in cases if case.words]
    made = [
        replace(case, name=f"{case.name} over {name}", samples=over_bed(case.samples, bed, given.below_db))
        for case in spoken
        for name, bed in beds.items()
    ]
    if given.telephone:
        made += [replace(case, name=f"{case.name} at 8 kHz", rate_hz=TELEPHONE_HZ) for case in spoken]
    if given.surround:
        for case in spoken:
            made.append(replace(case, name=f"{case.name} in 5.1", around=np.zeros(1, np.float32)))
            for name, bed in beds.items():
                gain = _gain(case.samples, np.resize(bed, len(case.samples)), given.below_db)
                made.append(
                    replace(case, name=f"{case.name} in 5.1 amid {name}", around=np.float32(gain / 2) * bed)
                )
    return made


def _text(timeline: Timeline) -> str:
    sentences = () if timeline.transcript is None else timeline.transcript.sentences
    return " ".join(sentence.text for sentence in sentences)


def _off_s(case: Case, timeline: Timeline) -> tuple[float, ...]:
    """How far the nearest start or end of a word is from each edge of a sentence; far off without words."""
    sentences = () if timeline.transcript is None else timeline.transcript.sentences
    words = [word for sentence in sentences for word in sentence.words]
    return tuple(
        min((abs(time_s - edge_s) for time_s in times), default=np.inf)
        for edge_s, times in [
            *((start, [word.start_s for word in words]) for start, _ in case.edges_s),
            *((end, [word.end_s for word in words]) for _, end in case.edges_s),
        ]
    )


def report(outcomes: Sequence[Outcome]) -> str:
    """A table of the cases, and what they come to."""
    rows = [
        (
            one.case.name,
            len(one.case.words),
            one.errors,
            number(one.errors / len(one.case.words), 3) if one.case.words else "",
            number(mean(off <= NEAR_S for off in one.off_s), 2) if one.off_s else "",
            number(len(one.case.samples) / RATE_HZ / one.wall_s, 1) if one.wall_s else "",
        )
        for one in outcomes
    ]
    spoken = [one for one in outcomes if one.case.words]
    lines = [
        table(("what", "words", "errors", "error rate", f"times within {NEAR_S} s", "x real time"), rows),
        "",
    ]
    for kind, those in _kinds(spoken).items():
        said = sum(len(one.case.words) for one in those)
        lines.append(f"{kind}: word error rate {sum(one.errors for one in those) / said:.3f} of {said} words")
    if spoken:
        said = sum(len(one.case.words) for one in spoken)
        lines.append(f"word error rate {sum(one.errors for one in spoken) / said:.3f} of {said} words")
    off = [each for one in outcomes for each in one.off_s]
    if off:
        lines.append(f"times within {NEAR_S} s: {mean(each <= NEAR_S for each in off):.3f} of {len(off)}")
    silent = [one for one in outcomes if not one.case.words]
    if silent:
        lines.append(
            f"words where nobody speaks: {sum(len(one.heard) for one in silent)} in {len(silent)} files"
        )
    return "\n".join(lines)


def _kinds(spoken: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """By what was done to the speech; empty where all was heard as it is."""
    kinds: dict[str, list[Outcome]] = {}
    for one in spoken:
        case = one.case
        kind = "at 8 kHz" if case.rate_hz != RATE_HZ else "in 5.1" if case.around is not None else "as it is"
        if " over " in case.name:
            kind = "over music or noise"
        elif " amid " in case.name:
            kind = "in 5.1 amid music or noise"
        kinds.setdefault(kind, []).append(one)
    return kinds if len(kinds) > 1 else {}


def main(arguments: Sequence[str] | None = None) -> None:
    """Hear everything and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.words", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--beds", nargs="*", type=Path, default=[], help="music or noise below the speech")
    parser.add_argument("--below-db", type=float, default=10.0, help="by how much it is below (10)")
    parser.add_argument("--telephone", action="store_true", help="at 8 kHz as well")
    parser.add_argument("--surround", action="store_true", help="in the centre of 5.1 as well")
    parser.add_argument("--show", action="store_true", help="print what was heard where it is wrong")
    given = parser.parse_args(arguments)
    logs.configure(get_settings().with_values(log=LogSettings(level="ERROR")))
    model = speech_model(get_settings())
    if model is None:
        parser.error("there is no speech model: `scenestream models add whisper-base`")
    cases = list(labelled(given.folder) if given.folder else read_aloud())
    beds = {path.stem: read(path) for path in given.beds}
    cases += in_other_ways(cases, beds, given)
    cases += [Case(name, bed, ()) for name, bed in beds.items()]
    models, recogniser = Models.load(), model()
    outcomes = []
    for case in cases:
        outcomes.append(heard(case, models, recogniser))
        if given.show and outcomes[-1].errors:
            print(f"{case.name}\n  said:  {' '.join(case.words)}\n  heard: {' '.join(outcomes[-1].heard)}")
    print(report(outcomes))


if __name__ == "__main__":
    main()
