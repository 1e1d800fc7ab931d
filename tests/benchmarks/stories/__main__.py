"""`python -m tests.benchmarks.stories OUT --pictures FOLDER --speech F… --music F… [--noise F…]`: make films.

Each is told like a film (`script`), with sound (`sound`), and has its labels beside it, so that
`make bench BENCH_ARGS=OUT` says what picture, sound and both make of its scenes. FOLDER: labelled films and
stills; each film once, as two files of one would count as two places. A film that is there already is not
made again. The same versions, sources and seed give the same pictures and labels.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks.edits.places import places_below
from tests.benchmarks.films import SUFFIX
from tests.benchmarks.stories.film import make
from tests.benchmarks.stories.sound import Recordings, read


def main(arguments: list[str] | None = None) -> int:
    """Make the films; 2 when there is too little to make them of."""
    parser = argparse.ArgumentParser(prog="stories", description="Make labelled films that are told.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pictures", type=Path, required=True, help="labelled films and stills")
    parser.add_argument("--speech", type=Path, nargs="+", required=True, help="recordings, one a voice")
    parser.add_argument("--music", type=Path, nargs="+", required=True)
    parser.add_argument("--noise", type=Path, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1, help="of the first film")
    parser.add_argument("--seconds", type=float, default=240.0, help="about so long is each")
    asked = parser.parse_args(arguments)
    places = places_below(asked.pictures)
    recordings = Recordings(*([read(path) for path in of] for of in (asked.speech, asked.music, asked.noise)))
    asked.out.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.seed, asked.seed + asked.count):
        path = asked.out / f"story_{seed}.mp4"
        if path.with_name(path.name + SUFFIX).exists():
            continue
        try:
            make(path, places, recordings, [seed], asked.seconds)
        except ValueError as error:
            print(f"Below {asked.pictures} there is too little: {error}.", file=sys.stderr)
            return 2
        print(path, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
