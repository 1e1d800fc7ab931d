"""Films of one difficulty each, cut from places: very short shots, mixed frames, interruptions, moving edges,
long dissolves, time left out of a take.

Each maker takes (rng, places, size) and returns a case whose labels are exact to the frame. A film of one
kind says what its kind does to a detector, which a film of everything does not. Knows takes and mixes; no
files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from tests.benchmarks.edits.mixes import blend, eased, wipe
from tests.benchmarks.edits.places import Place, Rgb
from tests.benchmarks.edits.takes import Framing, Rng, Size, View, framing, seen, shot

FPS = 25.0
SHOTS = 8
"""Of a film, about."""


@dataclass
class Case:
    """Pictures of a film, in order, and what is true of them. jump_cuts: those of `cuts` within one take.
    fps: the rate that belongs to them, if any does."""

    pictures: list[Rgb] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    jump_cuts: list[int] = field(default_factory=list)
    gradual: list[tuple[int, int, str]] = field(default_factory=list)
    negatives: list[tuple[int, int, str]] = field(default_factory=list)
    fps: int | None = None

    def cut_to(self, pictures: Sequence[Rgb]) -> int:
        """Append a shot after a cut; its first frame."""
        at = len(self.pictures)
        if at:
            self.cuts.append(at)
        self.pictures += pictures
        return at


Maker = Callable[[Rng, Sequence[Place], Size], Case]


def filmed(rng: Rng, place: Place, size: Size, length: int) -> list[Rgb]:
    """A shot of so many frames."""
    take = shot(rng, place, framing(rng, place), size, length, FPS, float(rng.choice([0, 0, 0.004, 0.01])))
    return [take(k) for k in range(length)]


def others(rng: Rng, places: Sequence[Place], count: int) -> list[Place]:
    """So many places, no two of the same source in a row."""
    out: list[Place] = []
    while len(out) < count:
        place = places[int(rng.integers(len(places)))]
        if not out or out[-1].source != place.source:
            out.append(place)
    return out


def shots(rng: Rng, places: Sequence[Place], size: Size, low: int = 25, high: int = 90) -> list[list[Rgb]]:
    """SHOTS shots of low .. high frames."""
    return [filmed(rng, place, size, int(rng.integers(low, high))) for place in others(rng, places, SHOTS)]


def montage(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Shots of one to eight frames each, between two long ones; in half of the films of few places, to which
    it comes back."""
    case, length = Case(), int(rng.integers(1, 9))
    if rng.random() < 0.5:
        of_source = {place.source: place for place in places}
        some = rng.permutation(sorted(of_source))[: int(rng.integers(3, 6))]
        places = [of_source[name] for name in some.tolist()]
    cast = others(rng, places, 12)
    for k, place in enumerate(cast):
        case.cut_to(filmed(rng, place, size, 45 if k in (0, len(cast) - 1) else length))
    return case


def mixed_frames(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Each new shot begins with a frame that has both: blended, or every other row of either."""
    case, share = Case(), float(rng.uniform(0.25, 0.75))
    fields = rng.random() < 0.4
    for pictures in shots(rng, places, size):
        if case.pictures:
            old, new = case.pictures[-1], pictures[0]
            first = blend(old, new, share)
            if fields:
                first = new.copy()
                first[1::2] = old[1::2]
            pictures = [first, *pictures[1:]]
        case.cut_to(pictures)
    return case


def converted(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Another frame rate by blending the two pictures between which a new one falls."""
    rate = float(rng.choice([24 / 25, 30 / 25, 60000 / 1001 / 25, 50 / 29.97]))
    film = Case()
    for pictures in shots(rng, places, size):
        film.cut_to(pictures)
    at = np.arange(int((len(film.pictures) - 1) * rate)) / rate
    out = [blend(film.pictures[int(p)], film.pictures[int(p) + 1], p - int(p)) for p in at.tolist()]
    # the first picture with anything of the new shot in it
    return Case(out, [int((cut - 1) * rate) + 1 for cut in film.cuts])


def interrupted(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """In the middle of each shot one to seven frames are black, white, of one colour, inverted, or of another
    place; then the shot goes on. Neither end is a cut: so short and alone, it is damage or an effect."""
    case, length = Case(), int(rng.integers(1, 8))
    what = str(rng.choice(["black", "white", "colour", "inverted", "grey", "other place"]))
    colour = np.array(rng.integers(0, 256, 3), np.uint8)
    fills = {"black": 0, "white": 255, "grey": 128}
    strange = filmed(rng, others(rng, places, 1)[0], size, 8) if what == "other place" else []
    for pictures in shots(rng, places, size, 50, 90):
        at = case.cut_to(pictures) + int(rng.integers(20, len(pictures) - 28))
        for k in range(at, at + length):
            old = case.pictures[k]
            if what == "inverted":
                case.pictures[k] = 255 - old
            elif what == "colour":
                case.pictures[k] = np.broadcast_to(colour, old.shape).copy()
            elif what in fills:
                case.pictures[k] = np.full_like(old, fills[what])
        if what == "other place":
            case.pictures[at : at + length] = strange[:length]
        case.negatives.append((at, at + length - 1, f"interrupted by {what}"))
    return case


def moving_edges(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Pushes, slides, uncovers and wipes of 4 to 30 frames between shots that move."""
    plain = ["push", "push", "slide", "uncover"]
    shaped = ["left", "up", "diagonal", "iris", "clock", "doors", "box"]
    kind, length = str(rng.choice(plain if rng.random() < 0.6 else shaped)), int(rng.integers(4, 31))
    mixer, ease = wipe(rng, kind, size), eased(rng)
    return _joined(rng, places, size, length, "wipe", lambda a, b, p: mixer(a, b, ease(p)))


def swishes(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Pushes of 3 to 8 frames, blurred along their way."""
    length, mixer = int(rng.integers(3, 9)), wipe(rng, "push", size)
    blur_px, axis = max(3, int(0.7 * size[0] / length)), int(rng.integers(2))

    def mix(old: Rgb, new: Rgb, share: float) -> Rgb:
        out: Rgb = uniform_filter1d(mixer(old, new, share), blur_px, axis=axis, mode="nearest")
        return out

    return _joined(rng, places, size, length, "wipe", mix)


def dissolves(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Of 3 to 200 frames, the long ones as likely as the short."""
    length = round(float(np.exp(rng.uniform(np.log(3), np.log(200)))))
    return _joined(rng, places, size, length, "dissolve", blend)


def jump_cuts(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Takes of which 6 to 60 frames are left out again and again; in half of them the framing is punched in
    by 10 to 35 % now and then."""
    case, punched = Case(), rng.random() < 0.5
    moving = [place for place in places if not place.still and len(place.frames) >= 70]
    for place in others(rng, moving, 5):
        frame = replace(framing(rng, place), speed=1.0)
        at, first = 0, True
        while at < len(place.frames) - 20:
            length = int(rng.integers(15, 60))
            source = place.frames[at : at + length]
            if len(source) < 12:
                break
            if punched and not first and rng.random() < 0.5:
                frame = replace(frame, zoom=max(0.3, frame.zoom * float(rng.uniform(0.65, 0.9))))
            begins = case.cut_to(_plainly(replace(place, frames=source), frame, size))
            if not first:
                case.jump_cuts.append(begins)
            first = False
            at += length + int(rng.integers(6, 61))
    return case


def _plainly(place: Place, frame: Framing, size: Size) -> list[Rgb]:
    """Every picture of a place once, seen by a camera that stands still."""
    count = len(place.frames)
    x, y, zoom = (np.full(count, value) for value in (frame.x, frame.y, frame.zoom))
    view = View(x, y, zoom, np.arange(count, dtype=np.float64))
    return [seen(place, frame, view, size, k) for k in range(count)]


def _joined(
    rng: Rng,
    places: Sequence[Place],
    size: Size,
    length: int,
    kind: str,
    mix: Callable[[Rgb, Rgb, float], Rgb],
) -> Case:
    """Shots that turn into each other over so many frames."""
    case = Case()
    cast = others(rng, places, 6)
    films = [filmed(rng, place, size, int(rng.integers(40, 80)) + 2 * length) for place in cast]
    for k, pictures in enumerate(films):
        begin, end = (length if k else 0), len(pictures) - (length if k < len(films) - 1 else 0)
        case.pictures += pictures[begin:end]
        if k < len(films) - 1:
            at = len(case.pictures)
            for j in range(length):
                case.pictures.append(mix(pictures[end + j], films[k + 1][j], (j + 1) / (length + 1)))
            case.gradual.append((at, at + length - 1, kind))
    return case


CASES: dict[str, Maker] = {
    "montage": montage,
    "mixed frames": mixed_frames,
    "converted": converted,
    "interruptions": interrupted,
    "moving edges": moving_edges,
    "swishes": swishes,
    "dissolves": dissolves,
    "jump cuts": jump_cuts,
}
