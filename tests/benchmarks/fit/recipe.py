"""What each set of numbers is fitted to, measured on, and how strictly it is held: everything but the folder.

Three roles. FITTED: the numbers are chosen by these films. COMPARED: measured, as the benchmark does, but not
fitted to; their footage or sound is in the fitted ones, too. HELD_OUT: other footage and other sound, that no
fit and no choice has looked at; only measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.fit import programmes

FITTED, COMPARED, HELD_OUT = "fitted", "compared", "held out"


@dataclass(frozen=True)
class Labelled:
    """A folder of labelled films."""

    folder: str
    role: str
    counted: int = 1


@dataclass(frozen=True)
class Takes:
    """A folder of single takes, whose list names their frames and rates: whatever is found there is wrong."""

    folder: str
    role: str


@dataclass(frozen=True)
class Edits:
    """Films of `tests.benchmarks.edits`, made of the films and stills of some folders."""

    sources: tuple[str, ...]
    seed: int
    count: int
    role: str
    counted: int = 1


@dataclass(frozen=True)
class Programmes:
    """Films of the generator of programmes. pool: see `fit.programmes`."""

    pool: str
    seeds: tuple[int, ...]
    role: str
    counted: int = 1


Material = Labelled | Takes | Edits | Programmes


@dataclass(frozen=True)
class Recipe:
    """penalty: see the method of the set."""

    material: tuple[Material, ...]
    penalty: float


HAND_LABELLED_COUNTED = 10
"""Films that were not generated are few: each counts as often as ten generated ones."""
_PROGRAMMES = (
    Programmes(programmes.FITTED, tuple(range(1, 9)), FITTED),
    Labelled("programme", COMPARED),
    Programmes(programmes.HELD_OUT, tuple(range(1, 7)), HELD_OUT),
)

RECIPES = {
    "shots": Recipe(
        (
            Labelled("dev", FITTED, HAND_LABELLED_COUNTED),
            Labelled("composite", FITTED, HAND_LABELLED_COUNTED),
            Labelled("programme", FITTED, HAND_LABELLED_COUNTED),
            Edits(("dev", "images"), seed=1, count=60, role=FITTED),
            Labelled("real", HELD_OUT),
            Takes("takes", HELD_OUT),
            Edits(("takes",), seed=2, count=12, role=HELD_OUT),
        ),
        penalty=1.0,
    ),
    "sound": Recipe((*_PROGRAMMES, Labelled("composite", COMPARED)), penalty=0.0005),
    "fusion": Recipe(_PROGRAMMES, penalty=0.0005),
}
