"""What each set of numbers is fitted to, measured on, and how strictly it is held: everything but the folder.

Three roles. FITTED: the numbers are chosen by these films. COMPARED: measured, as the benchmark does, but not
fitted to; their footage or sound is in the fitted ones, too. HELD_OUT: other footage and other sound, that no
fit and no choice has looked at; only measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.fit import programmes

FITTED, COMPARED, HELD_OUT = "fitted", "compared", "held out"
IN_SAMPLE, CROSS_VALIDATED = "in sample", "cross-validated"
"""What figures of FITTED films are called: with the numbers fitted to them, and with numbers fitted without
them."""


@dataclass(frozen=True)
class Labelled:
    """A folder of labelled films."""

    folder: str
    role: str
    counted: int = 1


WHOLE, TWO_THIRDS, THIRD = "whole", "two thirds", "third"
"""Parts of a folder of takes: all of them; without every third by name; every third by name."""


@dataclass(frozen=True)
class Takes:
    """A folder of single takes, whose list names their frames and rates: whatever is found there is wrong.
    part: WHOLE, TWO_THIRDS or THIRD of them."""

    folder: str
    role: str
    part: str = WHOLE


@dataclass(frozen=True)
class Edits:
    """Films of `tests.benchmarks.edits`, made of the films and stills of some folders."""

    sources: tuple[str, ...]
    seed: int
    count: int
    role: str
    counted: int = 1
    part: str = WHOLE


DRAWN = ""
"""In place of a folder: places that are drawn (`tests.benchmarks.edits.textures`)."""


@dataclass(frozen=True)
class Cases:
    """Films of one difficulty each (`cases`, `decks`, `happenings`, `passings` of `benchmarks.edits`), `each`
    of every kind, or of `kinds` alone, made of a part of a folder of takes, or of drawn places (DRAWN)."""

    folder: str
    part: str
    seed: int
    each: int
    role: str
    counted: int = 1
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Programmes:
    """Films of the generator of programmes. pool: see `fit.programmes`."""

    pool: str
    seeds: tuple[int, ...]
    role: str
    counted: int = 1


@dataclass(frozen=True)
class Features:
    """A folder of films of which only features of shots and scenes are known (`scene_features`)."""

    folder: str
    role: str


Material = Labelled | Takes | Edits | Cases | Programmes | Features


@dataclass(frozen=True)
class Number:
    """Where a search starts, and how far one step is, in the number's unit. step 0: the number stays."""

    start: float
    step: float


@dataclass(frozen=True)
class Recipe:
    """penalty: see the method of the set. folds: parts of the fitted films that are left out in turn, whole
    films each; the searches leave out one film at a time. numbers: of a search, by dotted name in the
    file. kept: models of the shots that are not fitted, but stay as the library's file has them."""

    material: tuple[Material, ...]
    penalty: float
    folds: int = 5
    numbers: Mapping[str, Number] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


CASES_COUNTED = 2
"""Films of one difficulty are short: they have as few examples of it as the others have hundreds of plain
cuts."""
HAND_LABELLED_COUNTED = 10
"""Films that were not generated are few: each counts as often as ten generated ones."""
_PROGRAMMES = (
    Programmes(programmes.FITTED, tuple(range(1, 7)), FITTED),
    Labelled("programme", COMPARED),
    Programmes(programmes.HELD_OUT, tuple(range(1, 5)), HELD_OUT),
)

_SOUND = {
    "speech.speech": Number(0.35, 0.1),
    "speech.vad": Number(0.83, 0.1),
    "speech.singing": Number(-0.70, 0.1),
    "speech.bias": Number(-1.22, 0.2),
    "music.music": Number(1.30, 0.1),
    "music.singing": Number(0.27, 0.1),
    "music.bias": Number(0.38, 0.2),
    "silence_db": Number(-58.0, 2.0),
    "silence_slope_db": Number(2.0, 0.5),
    "evidence_max": Number(1.25, 0.25),
    "switch_cost": Number(6.0, 1.0),
}
"""See `sound.weights`. The starts are the numbers that the library had before there was a recipe; a step is
about the smallest change that shows."""

_FUSION = {
    "scene_bias": Number(-1.2, 0.4),
    "fade": Number(3.0, 0.5),
    "soft_edge": Number(1.2, 0.4),
    "one_take": Number(-5.0, 0.5),
    "classes": Number(3.0, 0.5),
    "timbre": Number(3.5, 0.5),
    "loudness": Number(0.3, 0.1),
    "pause": Number(0.8, 0.2),
    "speaking": Number(-0.5, 0.0),
    "usual_sound": Number(2.5, 0.25),
    "sound_max": Number(4.0, 0.5),
    "usual_rise": Number(0.5, 0.25),
    "rise_deviation": Number(1.0, 0.25),
    "picture_pairs": Number(2.2, 0.4),
    "sound_pairs": Number(0.5, 0.1),
    "take_alike": Number(1.0, 0.25),
    "embedding": Number(9.0, 1.0),
    "colour": Number(4.0, 0.5),
    "same_embedding": Number(0.75, 0.05),
    "unlike_embedding": Number(0.30, 0.05),
    "same_colour": Number(0.85, 0.05),
    "unlike_colour": Number(0.35, 0.05),
    "alike_max": Number(5.0, 0.5),
    "unlike_max": Number(1.5, 0.25),
    "heard_classes": Number(2.0, 0.25),
    "heard_timbre": Number(1.0, 0.25),
    "classes_middle": Number(0.4, 0.1),
    "timbre_middle": Number(1.0, 0.1),
    "heard_max": Number(1.5, 0.25),
    "break_strength": Number(0.7, 0.05),
    "without_pause": Number(0.7, 0.1),
    "pause_alone": Number(0.25, 0.05),
    "change_min": Number(0.15, 0.05),
}
"""See `fusion.weights`, likewise. speaking stays as it was set by hand: the search would turn its sign, as
programmes are cut without regard to what is said."""

RECIPES = {
    "shots": Recipe(
        (
            Labelled("dev", FITTED, HAND_LABELLED_COUNTED),
            Labelled("composite", FITTED, HAND_LABELLED_COUNTED),
            Labelled("programme", FITTED, HAND_LABELLED_COUNTED),
            Edits(("dev", "images"), seed=1, count=16, role=FITTED),
            Cases("takes", TWO_THIRDS, seed=13, each=8, role=FITTED, counted=CASES_COUNTED),
            Cases("takes", TWO_THIRDS, 17, 12, FITTED, CASES_COUNTED, ("jump cuts",)),
            Cases(DRAWN, WHOLE, seed=18, each=8, role=FITTED, counted=CASES_COUNTED),
            Takes("takes", FITTED, TWO_THIRDS),
            Labelled("real", HELD_OUT),
            Takes("takes", HELD_OUT, THIRD),
            Cases("takes", THIRD, seed=4, each=3, role=HELD_OUT),
        ),
        penalty=1.0,
        folds=3,
        kept=("cut", "dissolve", "wipe", "fade"),
    ),
    "scenes": Recipe((Features("scene_features", FITTED), *_PROGRAMMES), penalty=100.0),
    "sound": Recipe((*_PROGRAMMES, Labelled("composite", COMPARED)), penalty=0.0005, numbers=_SOUND),
    "fusion": Recipe(_PROGRAMMES, penalty=0.0005, numbers=_FUSION),
}
