"""Screen recordings: slides of one template, code, photographs on slides, and what else happens on a screen.

A slide that is replaced by another is a cut. What is added to a slide (a line, a cursor, a window that opens
and goes) or scrolls is none. Knows drawing; no files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.edits.cases import Case, Maker, filmed, others
from tests.benchmarks.edits.places import Place, Rgb
from tests.benchmarks.edits.takes import WORDS, Rng, Size, framing, shot

Ink = tuple[int, int, int]

SCHEMES: tuple[tuple[Ink, Ink], ...] = (
    *(((255, 255, 255), (30, 30, 30)), ((250, 248, 240), (40, 40, 80)), ((24, 26, 32), (220, 220, 210))),
    *(((0, 0, 0), (235, 235, 235)), ((20, 40, 90), (240, 240, 240)), ((235, 240, 245), (20, 60, 110))),
)
"""Ground and ink of a template."""
KEYWORDS = ("def", "return", "for", "if", "else", "import", "class", "while", "with", "yield", "self", "None")


def words(rng: Rng, count: int) -> str:
    """So many of them."""
    return " ".join(rng.choice(WORDS, count))


class Template:
    """What all slides of a deck have in common."""

    def __init__(self, rng: Rng, size: Size, kind: str) -> None:
        self.size, self.kind = size, kind
        self.ground, self.ink = SCHEMES[int(rng.integers(len(SCHEMES)))]
        self.line_px = max(8, size[1] // int(rng.integers(11, 16)))
        self.title_px = int(self.line_px * 1.5)
        self.bar = bool(rng.random() < 0.5)
        self.left = int(size[0] * rng.uniform(0.05, 0.12))
        self.footer = words(rng, 3)

    def blank(self) -> Image.Image:
        """Ground, bar and footer."""
        image = Image.new("RGB", self.size, self.ground)
        pen = ImageDraw.Draw(image)
        if self.bar:
            pen.rectangle((0, 0, self.size[0], self.size[1] // 40), fill=self.ink)
        font = ImageFont.load_default(max(7, self.line_px // 2))
        pen.text((self.left, self.size[1] * 0.93), self.footer, self.ink, font)
        return image

    def slide(self, rng: Rng, photo: Rgb | None) -> list[Image.Image]:
        """A slide in the steps in which it is shown: whole at once, or line by line."""
        image = self.blank()
        pen = ImageDraw.Draw(image)
        y = self.size[1] * 0.07
        if self.kind != "code":
            title = words(rng, int(rng.integers(1, 5))).title()
            pen.text((self.left, y), title, self.ink, ImageFont.load_default(self.title_px))
            y += self.title_px * 1.6
        if photo is not None:
            wide = int(self.size[0] * rng.uniform(0.25, 0.45))
            inset = Image.fromarray(photo).resize((wide, wide * 9 // 16))
            image.paste(inset, (self.size[0] - wide - self.left, int(y)))
        steps = []
        font = ImageFont.load_default(self.line_px)
        for _ in range(int(rng.integers(3, 8))):
            if self.kind == "code":
                indent = int(rng.integers(0, 4)) * self.line_px
                text = f"{rng.choice(KEYWORDS)} {words(rng, int(rng.integers(1, 4)))}()"
            else:
                indent, text = 0, "- " + words(rng, int(rng.integers(2, 7)))
            pen.text((self.left + indent, y), text, self.ink, font)
            steps.append(image.copy())
            y += self.line_px * 1.5
        return steps if rng.random() < 0.25 and self.kind == "text" else steps[-1:]


def deck(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Eight to twelve slides of one template, with or without a speaker's picture in the corner."""
    kind = str(rng.choice(["text", "text", "code", "photo", "photo"]))
    template, case = Template(rng, size, kind), Case(fps=int(rng.choice([5, 10, 15, 25, 30])))
    steady = bool(rng.random() < 0.4)  # title and lines stay, the photograph changes
    seed = int(rng.integers(1 << 32))
    inset = _inset(rng, places, size) if rng.random() < 0.3 else None
    cursor = rng.uniform(0.2, 0.8, 2) * size
    for _ in range(int(rng.integers(8, 13))):
        photo = None
        if kind == "photo":
            place = places[int(rng.integers(len(places)))]
            photo = place.frames[int(rng.integers(len(place.frames)))]
        drawn_by = np.random.default_rng(seed) if steady and photo is not None else rng
        steps = template.slide(drawn_by, photo)
        length = int(rng.integers(15, 60))
        at = len(case.pictures)
        pictures = []
        for k in range(length):
            step = steps[min(k * len(steps) // length, len(steps) - 1)]
            if rng.random() < 0.1:
                cursor = np.clip(cursor + rng.normal(0, 20, 2), 0, np.array(size) - 12)
            pictures.append(_with(step, cursor, inset, at + k))
        case.cut_to(pictures)
        if len(steps) > 1:
            case.negatives.append((at, at + length - 1, "lines appear"))
        if rng.random() < 0.2:
            _window(rng, case, at, length)
    return case


def scrolled(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """A page that scrolls now and then, and twice is replaced by another."""
    case = Case()
    for _ in range(3):
        template = Template(rng, (size[0], size[1] * 5), "text")
        page = template.blank()
        pen = ImageDraw.Draw(page)
        font = ImageFont.load_default(max(8, size[1] // 14))
        for k in range(70):
            pen.text(
                (template.left, k * size[1] / 13), words(rng, int(rng.integers(3, 9))), template.ink, font
            )
        tall, offset, pictures = np.asarray(page), 0.0, []
        speed = 0.0
        for _k in range(int(rng.integers(60, 120))):
            if rng.random() < 0.08:
                speed = float(rng.choice([0, 0, 3, 8, 25, 60]))
            offset = min(offset + speed, tall.shape[0] - size[1] - 1)
            pictures.append(tall[int(offset) : int(offset) + size[1]])
        at = case.cut_to(pictures)
        case.negatives.append((at, at + len(pictures) - 1, "scrolls"))
    return case


def _inset(rng: Rng, places: Sequence[Place], size: Size) -> Callable[[int], Image.Image]:
    """A speaker in the corner, moving all the time."""
    moving = [place for place in places if not place.still]
    place = moving[int(rng.integers(len(moving)))]
    small = size[0] // 5, size[1] // 5
    take = shot(rng, place, framing(rng, place), small, 400, 25.0, 0.0)
    return lambda k: Image.fromarray(take(k % 400))


def _with(step: Image.Image, cursor: np.ndarray, inset: Callable[[int], Image.Image] | None, k: int) -> Rgb:
    """A step of a slide with cursor and speaker."""
    image = step.copy()
    if inset is not None:
        speaker = inset(k)
        image.paste(speaker, (image.width - speaker.width, image.height - speaker.height))
    x, y = cursor.tolist()
    ImageDraw.Draw(image).polygon([(x, y), (x + 8, y + 4), (x + 4, y + 8)], fill=(200, 60, 60))
    return np.asarray(image)


def _window(rng: Rng, case: Case, at: int, length: int) -> None:
    """A small window opens over the slide and closes."""
    first = at + int(rng.integers(4, max(5, length - 8)))
    last = min(at + length - 2, first + int(rng.integers(4, 20)))
    height, width = case.pictures[at].shape[:2]
    wide, high = int(width * rng.uniform(0.15, 0.35)), int(height * rng.uniform(0.12, 0.3))
    left, top = int(rng.integers(width - wide)), int(rng.integers(height - high))
    for k in range(first, last + 1):
        picture = case.pictures[k].copy()
        picture[top : top + high, left : left + wide] = 210
        picture[top : top + high // 6, left : left + wide] = 90
        case.pictures[k] = picture
    case.negatives.append((first, last, "window"))


def sheets(rng: Rng, places: Sequence[Place], size: Size) -> Case:
    """Slides or photographs of one to three frames each, as recorders that write a frame when something
    changes, or one frame a slide; nothing else around them."""
    template = Template(rng, size, str(rng.choice(["text", "code", "photo"])))
    drawn, length = rng.random() < 0.5, int(rng.integers(1, 4))
    case = Case(fps=int(rng.choice([1, 2, 5, 10])))
    for place in others(rng, places, int(rng.integers(12, 40))):
        photo = place.frames[int(rng.integers(len(place.frames)))]
        if drawn:
            picture = np.asarray(template.slide(rng, photo if template.kind == "photo" else None)[-1])
        else:
            picture = filmed(rng, place, size, 1)[0]
        case.cut_to([picture] * length)
    return case


SCREENS: dict[str, Maker] = {"deck": deck, "scrolled": scrolled, "sheets": sheets}
