"""One edited film: which shots, joined how, disturbed by what; its pictures in order and its exact labels.

Everything is drawn from one random generator, so a seed makes the same film again. Knows takes, mixes,
effects and looks; does not know files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.benchmarks.edits.effects import DISTURBANCES, HIDDEN_CUTS, title
from tests.benchmarks.edits.mixes import WIPES, Mixer, blend, eased, toward, wipe
from tests.benchmarks.edits.places import Place, Rgb, as_rgb
from tests.benchmarks.edits.takes import (
    LASTING,
    Effect,
    Framing,
    Rng,
    Size,
    Take,
    credits_roll,
    framing,
    lettering,
    shot,
    title_card,
    words,
)

ROOM_FRAMES = 6
"""Clean frames between a disturbance and a transition."""
BLACK = (0, 0, 0)


@dataclass(frozen=True)
class Manner:
    """What one film is like. pace: median shot length in seconds; rates are shares of shots or joins."""

    size: Size
    fps: float
    frames: int
    pace: float
    shake: float
    gradual: float
    disturbed: float
    hidden: float
    subtitles: bool


@dataclass
class Join:
    """How a shot turns into the next. Frames in which both run (`over`), or of a fade: out, hold, in_."""

    kind: str
    over: int = 0
    out: int = 0
    hold: int = 0
    in_: int = 0
    colour: tuple[int, ...] = BLACK
    mix: Mixer = field(default=blend)

    @property
    def tail(self) -> int:
        """Frames that the old shot goes on."""
        return self.over + self.out

    @property
    def head(self) -> int:
        """Frames that the new shot has begun earlier."""
        return self.over + self.in_


@dataclass
class Film:
    """`pictures` yields each frame once; the label lists are complete from the beginning."""

    manner: Manner
    takes: list[Take]
    joins: list[Join]
    opening: int
    closing: int
    overlays: list[Effect] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    gradual: list[tuple[int, int, str]] = field(default_factory=list)
    edges: list[tuple[int, int, str, str]] = field(default_factory=list)
    negatives: list[tuple[int, int, str]] = field(default_factory=list)
    total: int = 0

    def pictures(self) -> Iterator[Rgb]:
        """(height, width, 3) each."""
        for k, picture in enumerate(self._joined()):
            if k < self.opening:
                picture = toward(picture, BLACK, 1 - (k + 1) / (self.opening + 1))
            if self.total - k <= self.closing:
                picture = toward(picture, BLACK, 1 - (self.total - 1 - k) / (self.closing + 1))
            for overlay in self.overlays:
                if overlay.first <= k <= overlay.last:
                    picture = overlay.apply(picture, k - overlay.first)
            yield picture

    def _joined(self) -> Iterator[Rgb]:
        head = 0
        for take, join, after in zip(
            self.takes, [*self.joins, Join("end")], [*self.takes[1:], None], strict=True
        ):
            body_end = take.length - join.tail
            yield from (take(k) for k in range(head, body_end))
            for j in range(join.over):
                assert after is not None
                yield join.mix(take(body_end + j), after(j), (j + 1) / (join.over + 1))
            for j in range(join.out):
                yield toward(take(body_end + j), join.colour, (j + 1) / (join.out + 1))
            for _ in range(join.hold):
                yield np.broadcast_to(np.array(join.colour, np.uint8), (*self.manner.size[::-1], 3)).copy()
            for j in range(join.in_):
                assert after is not None
                yield toward(after(j), join.colour, 1 - (j + 1) / (join.in_ + 1))
            head = join.head


def direct(rng: Rng, places: Sequence[Place], manner: Manner) -> Film:
    """Plan a film of about `manner.frames` frames from some of the places."""
    cast = [places[i] for i in rng.permutation(len(places))[: int(rng.integers(5, 14))]]
    settings: list[tuple[Place, Framing] | str] = []
    joins: list[Join] = []
    bodies: list[int] = []
    while sum(bodies) + sum(j.over + j.out + j.hold + j.in_ for j in joins) < manner.frames:
        if settings:
            joins.append(_join(rng, manner, settings[-1], allow_gradual=bodies[-1] >= 10))
        settings.append(_next_setting(rng, cast, settings))
        bodies.append(_body(rng, manner))
    takes = []
    for k, (setting, body) in enumerate(zip(settings, bodies, strict=True)):
        length = body + (joins[k - 1].head if k else 0) + (joins[k].tail if k < len(joins) else 0)
        takes.append(_take(rng, setting, manner, length))
    for k, join in enumerate(joins):
        if "card" in (settings[k], settings[k + 1]) and join.kind in ("dissolve", "wipe"):
            joins[k] = replace(join, kind="fade", over=0, out=join.over, hold=2, in_=join.over)
    film = Film(
        manner,
        takes,
        joins,
        opening=int(rng.integers(5, 40)) if rng.random() < 0.3 and bodies[0] > 50 else 0,
        closing=int(rng.integers(5, 40)) if rng.random() < 0.3 and bodies[-1] > 50 else 0,
    )
    _schedule(rng, film, bodies)
    return film


def _next_setting(rng: Rng, cast: list[Place], before: list[Any]) -> tuple[Place, Framing] | str:
    choice = rng.random()
    last = before[-1] if before else "card"
    if choice < 0.05 and last not in ("card", "credits"):
        return "card" if rng.random() < 0.7 else "credits"
    if choice < 0.30 and len(before) > 1 and isinstance(before[-2], tuple) and before[-2] != last:
        return before[-2]
    if choice < 0.50 and isinstance(last, tuple):
        return last[0], _other_framing(rng, last[1], last[0])
    place = cast[int(rng.integers(len(cast)))]
    if isinstance(last, tuple) and last[0] is place:
        return place, _other_framing(rng, last[1], place)
    return place, framing(rng, place)


def _other_framing(rng: Rng, old: Framing, place: Place) -> Framing:
    """Of the same place under the same light: nearer, farther or beside."""
    for _ in range(50):
        new = replace(framing(rng, place), grade=old.grade, mirrored=old.mirrored)
        nearer = max(new.zoom, old.zoom) / min(new.zoom, old.zoom)
        beside = (abs(new.x - old.x) + abs(new.y - old.y)) * (1 - max(new.zoom, old.zoom))
        if nearer > 1.25 or beside > 0.15:
            return new
    return replace(old, zoom=0.6 * old.zoom)


def _body(rng: Rng, manner: Manner) -> int:
    """Clean frames of a shot: mostly around the film's pace, some very short, some long."""
    if rng.random() < 0.12:
        return int(rng.integers(8, 21))
    length = manner.pace * manner.fps * float(np.exp(rng.normal(0, 0.5)))
    return int(np.clip(length, 8, manner.frames / 2))


def _join(rng: Rng, manner: Manner, last: Any, allow_gradual: bool) -> Join:
    if not allow_gradual or rng.random() >= manner.gradual:
        return Join("cut")
    slow = max(1.0, manner.fps / 30)
    kind = rng.choice(["dissolve", "fade", "wipe"], p=[0.4, 0.35, 0.25])
    if kind == "dissolve":
        ease = eased(rng)
        over = round(slow * np.exp(rng.uniform(np.log(4), np.log(60))))
        return Join("dissolve", over=over, mix=lambda a, b, p: blend(a, b, ease(p)))
    if kind == "wipe":
        over = round(slow * np.exp(rng.uniform(np.log(6), np.log(45))))
        return Join("wipe", over=over, mix=wipe(rng, str(rng.choice(WIPES)), manner.size))
    out, in_ = (round(slow * np.exp(v)) for v in rng.uniform(np.log(4), np.log(40), 2))
    if rng.random() < 0.5:
        in_ = out
    hold = int(rng.choice([0, 1, 2, 5, 10, 25]) * slow)
    colour: tuple[int, ...] = BLACK
    if rng.random() < 0.3:
        colour = (255,) * 3 if rng.random() < 0.6 else tuple(int(v) for v in rng.integers(0, 256, 3))
    if rng.random() < 0.2:
        if rng.random() < 0.5:
            return Join("fade and cut", out=out, hold=max(6, hold), colour=colour)
        return Join("cut and fade", hold=max(6, hold), in_=in_, colour=colour)
    return Join("fade", out=out, hold=hold, in_=in_, colour=colour)


def _take(rng: Rng, setting: tuple[Place, Framing] | str, manner: Manner, length: int) -> Take:
    if setting == "card":
        return title_card(rng, manner.size, length)
    if setting == "credits":
        return credits_roll(rng, manner.size, length)
    assert isinstance(setting, tuple)
    return shot(rng, *setting, manner.size, length, manner.fps, manner.shake)


def _schedule(rng: Rng, film: Film, bodies: list[int]) -> None:
    """Labels by adding up lengths; disturbances where there is room; overlays."""
    at = 0
    for k, (take, body) in enumerate(zip(film.takes, bodies, strict=True)):
        head = film.joins[k - 1].head if k else film.opening
        room = body - (film.opening if k == 0 else 0) - (film.closing if k == len(bodies) - 1 else 0)
        start = at - (film.joins[k - 1].head if k else 0)
        if take.name not in ("title card", "credits"):
            _disturb(rng, film.manner, take, head, room)
        for effect in take.effects:
            if not effect.name.endswith(" cut"):
                last = min(effect.last, head + body - 1)
                film.negatives.append((start + effect.first, start + last, effect.name))
        at += body
        if k < len(film.joins):
            at = _label(rng, film, k, at)
    film.total = at
    if film.opening:
        film.edges.append((0, film.opening - 1, "fade", "from black"))
    if film.closing:
        film.edges.append((at - film.closing, at - 1, "fade", "to black"))
    if film.manner.subtitles:
        film.overlays += _subtitles(rng, film)


def _disturb(rng: Rng, manner: Manner, take: Take, head: int, room: int) -> None:
    wanted = rng.poisson(manner.disturbed * (0.3 + room / (6 * manner.fps)))
    end = head
    for _ in range(min(int(wanted), 4)):
        latest = head + room - ROOM_FRAMES - 4
        if end + ROOM_FRAMES >= latest:
            return
        at = int(rng.integers(end + ROOM_FRAMES, latest))
        effect = DISTURBANCES[int(rng.integers(len(DISTURBANCES)))](rng, take, manner.size, at, manner.fps)
        lasting = effect.last == LASTING
        if lasting or effect.last < head + room - ROOM_FRAMES:
            take.effects.append(effect)
            end = at + round(0.6 * manner.fps) if lasting else effect.last


def _label(rng: Rng, film: Film, k: int, at: int) -> int:
    """Note the join that begins at frame `at`; returns the first frame of the next shot's body."""
    join, old, new = film.joins[k], film.takes[k], film.takes[k + 1]
    end = at + join.over + join.out + join.hold + join.in_
    if join.kind == "cut":
        film.cuts.append(at)
        if rng.random() < film.manner.hidden and min(old.length, new.length) > 24:
            hide = HIDDEN_CUTS[int(rng.integers(len(HIDDEN_CUTS)))]
            hide(rng, old, old.length - 1, new, 0, film.manner.size, film.manner.fps)
    elif join.kind == "fade and cut":
        film.gradual.append((at, at + join.out - 1, "fade"))
        film.cuts.append(end)
    elif join.kind == "cut and fade":
        film.cuts.append(at)
        film.gradual.append((at + join.hold, end - 1, "fade"))
    else:
        film.gradual.append((at, end - 1, join.kind))
    if join.kind == "fade" and rng.random() < 0.2:
        staying = title(rng, old, film.manner.size, max(0, at - 15), film.manner.fps)
        film.overlays.append(staying)
        film.negatives.append((staying.first, staying.last, staying.name))
    return end


def _subtitles(rng: Rng, film: Film) -> list[Effect]:
    """Lines at the foot of the picture that appear and go at once."""
    size, out, at = film.manner.size, [], 0
    while at < film.total:
        length = int(rng.uniform(0.8, 3.0) * film.manner.fps)
        if rng.random() < 0.75:
            mask = lettering(words(rng, 6), size, max(9, size[1] // 14), (0.5, 0.9))[..., None]
            out.append(Effect("subtitle", at, at + length - 1, _printed(mask)))
        at += length
    return out


def _printed(mask: npt.NDArray[np.float32]) -> Any:
    return lambda picture, j: as_rgb(picture * (1 - mask) + 240 * mask)
