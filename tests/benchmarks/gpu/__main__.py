"""`python -m tests.benchmarks.gpu [--film FILE] [--out FOLDER] [--limit-s 480]`: what a GPU does here.

Whether the boundaries are those of the processor, which paths run (NVDEC or not, networks, precision),
frames a second by stage, and how many actors one GPU takes before it is busy, with the memory of each. Of
the picture alone: the sound is analysed on the processor. Writes gpu.json and gpu.md.

Needs no Ray, no server and no labelled film: this repository's folder with Python 3.11, PyTorch, PyAV,
numpy, scipy, Pillow, structlog and the packages of the picture's networks is enough. Without a CUDA device
the processor is measured, and the result says so. What fails, or comes after the time, is left out and
named; the film should have a minute or two.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from actors.segmentation import MediaError
from tests.benchmarks.gpu import report
from tests.benchmarks.gpu.film import made
from tests.benchmarks.gpu.measuring import Measuring

FILM_S = 60.0
SAME, DIFFERENT, UNREADABLE, NOT_COMPARED = range(4)
"""Exit codes, by the boundaries; UNREADABLE: the film is none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; one of the exit codes above."""
    parser = argparse.ArgumentParser(prog="gpu", description=__doc__)
    parser.add_argument("--film", type=Path, help="instead of one that is drawn")
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder of gpu.json and gpu.md")
    parser.add_argument("--limit-s", type=float, default=480.0)
    parser.add_argument("--film-s", type=float, default=FILM_S, help="length of the film that is drawn")
    parser.add_argument("--device", default="cuda:0" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args(arguments)
    end_s = time.monotonic() + asked.limit_s
    asked.out.mkdir(parents=True, exist_ok=True)
    film = asked.film or made(asked.out / f"drawn-{asked.film_s:g}s.mp4", asked.film_s)
    try:
        measured = Measuring(film, asked.device, end_s).run()
    except (MediaError, OSError, ValueError) as error:
        print(f"{film} cannot be measured: {error}", file=sys.stderr)
        return UNREADABLE
    (asked.out / "gpu.json").write_text(report.as_json(measured), encoding="utf-8")
    told = report.as_markdown(measured)
    (asked.out / "gpu.md").write_text(told, encoding="utf-8")
    print(told)
    if not measured.same:
        return NOT_COMPARED
    return SAME if all(one.same for one in measured.same) else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
