"""Hostile files without end: the same seed gives the same files.

Knows what is spoilt and how; does not know what reads the files.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.hostile.bases import make_bases
from tests.support.hostile.boasts import BOASTS
from tests.support.hostile.disguises import disguised
from tests.support.hostile.names import name
from tests.support.hostile.spoiling import SPOILERS


@dataclass(frozen=True)
class HostileFile:
    """`kind`: what was done to which sort of file, for people."""

    path: Path
    kind: str


class Generator:
    """Writes its files into `folder`. `port`: of this machine, to which disguised texts lead."""

    def __init__(self, folder: Path, seed: int, port: int) -> None:
        self._folder = folder
        self._seed = seed
        self._port = port
        bases = folder / "bases"
        bases.mkdir(parents=True)
        self._bases = make_bases(bases)

    def files(self, count: int, first: int = 0) -> Iterator[HostileFile]:
        """The files of these numbers; each is the same whatever others are made."""
        for number in range(first, first + count):
            rng = random.Random(f"{self._seed} {number}")
            kind, content = self._content(rng)
            path = self._folder / name(rng, number)
            path.write_bytes(content)
            yield HostileFile(path, kind)

    def _content(self, rng: random.Random) -> tuple[str, bytes]:
        choice = rng.random()
        if choice < 0.25:
            boast = rng.choice(sorted(BOASTS))
            return f"claims {boast}", BOASTS[boast](rng)
        if choice < 0.3:
            kind, content = disguised(rng, self._port)
            return f"disguised {kind}", content
        base, way = rng.choice(sorted(self._bases)), rng.choice(sorted(SPOILERS))
        content = SPOILERS[way](self._bases[base], rng)
        if rng.random() < 0.2:
            second = rng.choice(sorted(SPOILERS))
            return f"{base}: {way}, {second}", SPOILERS[second](content, rng) if content else content
        return f"{base}: {way}", content
