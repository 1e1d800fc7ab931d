"""Films in which something sudden happens inside shots that is no cut: drawn figures that jump from pose to
pose, light that is switched, graphics that appear.

Between such shots there are plain cuts. Knows takes; no files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from tests.benchmarks.edits.cases import Case, Maker, filmed, others, shots
from tests.benchmarks.edits.effects import lit
from tests.benchmarks.edits.places import Place, Rgb, as_rgb
from tests.benchmarks.edits.takes import Rng, Size, lettering, words

Change = Callable[[Rgb], Rgb]


def animated(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Figures of a few plain colours over a still ground, in a new pose every 1 to 4 frames; now and then one
    is elsewhere and of another size at once."""
    case, hold = Case(), int(rng.integers(1, 5))
    for place in others(rng, places, 7):
        ground = filmed(rng, place, size, 2)[0]
        if rng.random() < 0.6:  # flat, as painted grounds are
            few = Image.fromarray(ground).quantize(int(rng.integers(4, 12))).convert("RGB")
            ground = np.asarray(few)
        figures = [_Figure(rng, size) for _ in range(int(rng.integers(1, 4)))]
        pictures: list[Rgb] = []
        length = int(rng.integers(30, 90))
        while len(pictures) < length:
            image = Image.fromarray(ground)
            for figure in figures:
                figure.move(rng)
                figure.draw(rng, image)
            if rng.random() < 0.04:
                figures[0].jump(rng)
            pictures += [np.asarray(image)] * hold
        at = case.cut_to(pictures)
        case.negatives.append((at, at + len(pictures) - 1, "animated"))
    return case


class _Figure:
    """Ellipses that hang together."""

    def __init__(self, rng: Rng, size: Size) -> None:
        self._size = size
        self._parts = [
            (rng.uniform(-0.1, 0.1, 2), rng.uniform(0.03, 0.12, 2), tuple(rng.integers(0, 256, 3).tolist()))
            for _ in range(int(rng.integers(3, 8)))
        ]
        self._lively = float(rng.choice([0.005, 0.02, 0.05]))
        self.jump(rng)

    def jump(self, rng: Rng) -> None:
        """To another place and size at once, as drawn figures do."""
        self._at, self._scale = rng.uniform(0.15, 0.85, 2), float(rng.choice([0.5, 0.8, 1.0, 1.3, 1.8]))
        self._way = rng.normal(0, 0.01, 2)

    def move(self, rng: Rng) -> None:
        self._at = np.clip(self._at + self._way + rng.normal(0, self._lively, 2), 0, 1)
        if rng.random() < 0.1:
            self._way = rng.normal(0, 0.02, 2)

    def draw(self, rng: Rng, image: Image.Image) -> None:
        pen, wide = ImageDraw.Draw(image), np.array(self._size)
        for offset, radius, colour in self._parts:
            middle = self._at + self._scale * (offset + rng.normal(0, self._lively, 2))
            low, high = (wide * (middle + sign * self._scale * radius) for sign in (-1, 1))
            pen.ellipse([*low.tolist(), *high.tolist()], fill=colour, outline=(20, 20, 20))


def switched(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """In the middle of each shot the light changes within a frame or two and stays: lamps, exposure, white
    balance, a camera that goes over to infrared; some change again and again."""
    case = Case()
    for pictures in shots(rng, places, size, 45, 90):
        at = case.cut_to(pictures)
        change, what = _light(rng)
        first = at + int(rng.integers(12, len(pictures) - 12))
        last = len(case.pictures) if rng.random() < 0.6 else first + int(rng.integers(2, 9))
        for k in range(first, min(last, len(case.pictures))):
            case.pictures[k] = change(case.pictures[k])
        case.negatives.append((first, min(last, len(case.pictures)) - 1, what))
    return case


def _light(rng: Rng) -> tuple[Change, str]:
    kind = str(rng.choice(["lamp", "lamp", "exposure", "balance", "infrared", "coloured"]))
    gain = float(np.exp(rng.uniform(np.log(0.35), np.log(1.9))))
    if kind == "exposure":
        gain = float(rng.uniform(0.9, 1.1))
    tint = rng.uniform(0.6, 1.3, 3) if kind in ("balance", "coloured") else np.ones(3)
    lift = float(rng.uniform(-20, 30)) if kind == "lamp" else 0.0

    def change(picture: Rgb) -> Rgb:
        light = picture.astype(np.float32)
        if kind == "infrared":
            light = np.repeat(light.mean(axis=2, keepdims=True), 3, axis=2)
        return lit(light * gain, tint, lift)

    return change, f"light: {kind}"


def overlaid(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """In each shot graphics appear at once and go again: a band with a title, bars of a wider format, an
    inset, a logo, a table over half of the picture."""
    case = Case()
    guest = filmed(rng, others(rng, places, 1)[0], size, 60)
    for pictures in shots(rng, places, size, 45, 90):
        at = case.cut_to(pictures)
        kind = str(rng.choice(["band", "bars", "inset", "logo", "table"]))
        put = graphic(rng, kind, size, guest)
        first = at + int(rng.integers(10, len(pictures) - 15))
        last = min(first + int(rng.integers(6, 60)), len(case.pictures) - 1)
        for k in range(first, last + 1):
            case.pictures[k] = put(case.pictures[k], k - first)
        case.negatives.append((first, last, f"overlaid: {kind}"))
    return case


def graphic(rng: Rng, kind: str, size: Size, guest: list[Rgb]) -> Callable[[Rgb, int], Rgb]:
    """Puts a band, bars, an inset (of the guest's pictures), a logo or a table into the frame of a number."""
    width, height = size
    colour = np.array(rng.integers(0, 256, 3), np.uint8)
    share = {"band": (0.12, 0.25), "bars": (0.08, 0.14), "inset": (0.2, 0.4), "logo": (0.06, 0.12)}
    part = float(rng.uniform(*share.get(kind, (0.3, 0.5))))
    high, wide = int(height * part), int(width * (0.9 if kind == "band" else part))
    top, left = int(rng.integers(height - high)), int(rng.integers(width - wide))
    middle = (left + wide / 2) / width, (top + high / 2) / height
    height_px = max(8, min(high // 2, height // 8))
    text = lettering(words(rng, 3), size, height_px, middle)[..., None]

    def put(picture: Rgb, k: int) -> Rgb:
        out = picture.copy()
        if kind == "bars":
            out[:high] = out[-high:] = 0
        elif kind == "inset":
            small = Image.fromarray(guest[k % len(guest)]).resize((wide, high))
            out[top : top + high, left : left + wide] = np.asarray(small)
        else:
            out[top : top + high, left : left + wide] = colour
            if kind in ("band", "table"):
                out = as_rgb(out * (1 - text) + 240 * text)
        return out

    return put


def divided(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Two shots in one picture, side by side or one above the other, or one inset in the other; now and then
    one of them is replaced by another, which is no cut; twice both are."""
    case = Case()
    for _ in range(3):
        share = float(rng.choice([0.15, 0.25, 0.35, 0.5]))
        axis, inset = int(rng.integers(2)), bool(rng.random() < 0.3)
        length, count = int(rng.integers(60, 110)), int(rng.integers(1, 4))
        wide = filmed(rng, others(rng, places, 1)[0], size, length)
        parts = [filmed(rng, place, size, length) for place in others(rng, places, count + 1)]
        bounds = sorted(rng.integers(8, length - 8, count).tolist())
        pictures = []
        for k, picture in enumerate(wide):
            part = parts[sum(k >= bound for bound in bounds)][k]
            pictures.append(_divided(picture, part, share, axis, inset))
        at = case.cut_to(pictures)
        case.negatives += [(at + bound, at + bound, "one part is replaced") for bound in bounds]
    return case


def _divided(picture: Rgb, part: Rgb, share: float, axis: int, inset: bool) -> Rgb:
    out = picture.copy()
    if inset:
        high, wide = (int(share * length) for length in picture.shape[:2])
        out[-high:, -wide:] = np.asarray(Image.fromarray(part).resize((wide, high)))
    elif axis:
        wide = int(share * picture.shape[1])
        out[:, :wide] = part[:, (picture.shape[1] - wide) // 2 :][:, :wide]
    else:
        high = int(share * picture.shape[0])
        out[:high] = part[(picture.shape[0] - high) // 2 :][:high]
    return out


def flashed(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """One to five flashes, 3 to 20 frames apart, some of them just before or after a cut."""
    case = Case()
    taken = shots(rng, places, size, 45, 90)
    for pictures in taken:
        at = case.cut_to(pictures)
        begins = int(rng.choice([1, 2, 4, 6, 15, 25]))
        apart, lasts = int(rng.integers(3, 21)), int(rng.integers(1, 5))
        strength = float(rng.uniform(50, 300)) * np.exp(-0.7 * np.arange(lasts))
        for start in range(begins, min(len(pictures) - lasts, begins + 5 * apart), apart):
            for k, glow in enumerate(strength.tolist()):
                case.pictures[at + start + k] = lit(pictures[start + k], 1 + glow / 150, glow)
        case.negatives.append((at + begins, at + begins + 5 * apart, "flashes"))
    case.negatives = [(a, min(b, len(case.pictures) - 1), what) for a, b, what in case.negatives]
    return case


HAPPENINGS: dict[str, Maker] = {
    "animated": animated,
    "switched": switched,
    "overlaid": overlaid,
    "divided": divided,
    "flashed": flashed,
}
