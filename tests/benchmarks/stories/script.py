"""What a film shows and when: scenes, the shots they are made of, and how one scene turns into the next.

Kinds of scenes: `talk` (a view and its reverse, in turn), `place` (from wide to close, and back), `insert`
(one view, again and again broken by a detail), `parallel` (two places in turn: one scene, as people who label
films have it), `montage` (a place a shot). Knows places and framings; no pictures, no sound, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.benchmarks.edits.places import Place
from tests.benchmarks.edits.takes import Framing, Rng, framing

FPS = 25
KINDS = {"talk": 0.34, "place": 0.26, "insert": 0.18, "parallel": 0.12, "montage": 0.10}
"""Share of each kind among the scenes."""
SHOT_S = {"talk": (1.5, 6.0), "place": (2.0, 7.0), "insert": (1.0, 6.0), "parallel": (1.5, 5.0)}
"""Seconds of a shot, least and most, in a film of middle pace; of a montage 0.8 to 2.5."""
SCENE_S = (8.0, 70.0)
"""Seconds of most scenes, which are from moments to minutes long: the logarithm is even between them; a third
are half as long."""
LEAST_SOURCES = 4
"""Files that places must come from: a scene shows up to two, the next none of them."""


@dataclass(frozen=True)
class Shot:
    """So many frames of a place; `shake`: see `edits.takes.shot`."""

    place: Place
    framing: Framing
    frames: int
    shake: float


@dataclass(frozen=True)
class Scene:
    """kind: one of KINDS. joined: how it follows the one before, "cut", "dissolve" or "fade", and over how
    many frames (0 for a cut)."""

    kind: str
    shots: tuple[Shot, ...]
    joined: str
    mixed_frames: int

    @property
    def frames(self) -> int:
        """Of all shots, without what is mixed before the first."""
        return sum(shot.frames for shot in self.shots)


def script(rng: Rng, places: Sequence[Place], seconds: float) -> list[Scene]:
    """Scenes of so many seconds in all or some more; no two in a row show one source. Two files of one film
    count as two sources. ValueError for places from fewer than LEAST_SOURCES files."""
    if len({place.source for place in places}) < LEAST_SOURCES:
        raise ValueError(f"a film needs places from {LEAST_SOURCES} files or more")
    scenes: list[Scene] = []
    calm = float(rng.uniform(0.7, 1.8))
    """Of a film: how long its shots are against others'."""
    shake = float(rng.choice([0, 0, 0.004, 0.012]))
    before: set[str] = set()
    while sum(scene.frames for scene in scenes) < seconds * FPS:
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        free = [place for place in places if place.source not in before]
        cast = [free[k] for k in rng.permutation(len(free))]
        montage = kind == "montage"
        shots = _montage(rng, cast, shake) if montage else _shots(rng, kind, cast, calm, shake)
        joined, mixed = "cut", 0
        if scenes:
            joined = str(rng.choice(["cut", "dissolve", "fade"], p=[0.76, 0.12, 0.12]))
            mixed = 0 if joined == "cut" else int(rng.integers(10, 40))
        scenes.append(Scene(kind, tuple(shots), joined, mixed))
        before = {shot.place.source for shot in shots}
    return scenes


def _shots(rng: Rng, kind: str, cast: Sequence[Place], calm: float, shake: float) -> list[Shot]:
    length_s = float(rng.choice([1.0, 1.0, 0.5])) * _even(rng, *SCENE_S)
    views = _views(rng, kind, cast)
    shots: list[Shot] = []
    turn = 0
    while not shots or sum(shot.frames for shot in shots) < length_s * FPS:
        frames = max(16, round(calm * FPS * _even(rng, *SHOT_S[kind])))
        place, view = views[turn]
        shots.append(Shot(place, view, frames, shake))
        # most often the other view, or the next; one never follows itself
        skipped = int(rng.integers(len(views) - 1)) if rng.random() < 0.3 else 0
        turn = (turn + 1 + skipped) % len(views)
    return shots


def _views(rng: Rng, kind: str, cast: Sequence[Place]) -> list[tuple[Place, Framing]]:
    """Of a scene, in the order in which they come first."""
    place = cast[0]
    of_source = [other for other in cast[1:] if other.source == place.source]
    other = of_source[0] if of_source and rng.random() < 0.6 else place
    look = framing(rng, place)
    wide = replace(look, zoom=float(rng.uniform(0.85, 1.0)), x=0.5, y=0.5)
    near = replace(look, zoom=float(rng.uniform(0.5, 0.65)), x=float(rng.uniform(0, 0.3)))
    far_side = replace(look, zoom=float(rng.uniform(0.5, 0.65)), x=float(rng.uniform(0.7, 1.0)))
    detail = replace(look, zoom=0.36, x=float(rng.uniform()), y=float(rng.uniform()))
    if kind == "talk":
        return [(place, near), (other, far_side)]
    if kind == "insert":
        return [(place, wide), (other, detail)]
    if kind == "parallel":
        elsewhere = next(one for one in cast if one.source != place.source)
        return [(place, wide), (elsewhere, framing(rng, elsewhere)), (place, near)]
    return [(place, wide), (place, near), (other, far_side), (place, detail)]


def _montage(rng: Rng, cast: Sequence[Place], shake: float) -> list[Shot]:
    count = int(rng.integers(5, 14))
    of_source = {place.source: place for place in cast}
    cast = list(of_source.values())[: max(2, len(of_source) // 2 - 1)]  # the next scene needs others
    return [
        Shot(place, framing(rng, place), round(FPS * _even(rng, 0.8, 2.5)), shake)
        for place in (cast[k % len(cast)] for k in range(count))
    ]


def _even(rng: Rng, low: float, high: float) -> float:
    """A number whose logarithm is even between two."""
    return float(low * (high / low) ** rng.random())
