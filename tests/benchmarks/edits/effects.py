"""What happens inside a shot and is easily taken for a transition: light, camera, objects, titles, faults.

Each maker returns an effect of about the given place and length in a take. Knows pictures; no film.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, uniform_filter1d

from tests.benchmarks.edits.mixes import blend
from tests.benchmarks.edits.places import Rgb, as_rgb
from tests.benchmarks.edits.takes import LASTING, Effect, Rng, Size, Take, lettering, words

Maker = Callable[[Rng, Take, Size, int, float], Effect]
Mask = npt.NDArray[np.float32]


def lit(picture: Rgb, gain: Mask | float, glow: Mask | float = 0.0) -> Rgb:
    """Brighter by a factor and by an amount (0..255), clipped as a sensor does."""
    return as_rgb(picture.astype(np.float32) * gain + glow)


def blob(size: Size, x: float, y: float, radius: float) -> Mask:
    """(height, width, 1) 0..1, a soft disc; middle and radius as shares of the width."""
    across = np.arange(size[0], dtype=np.float32)[None] / size[0] - x
    down = (np.arange(size[1], dtype=np.float32)[:, None] / size[0]) - y * size[1] / size[0]
    out: Mask = np.exp(-(across**2 + down**2) / (2 * radius**2))[..., None].astype(np.float32)
    return out


def envelope(length: int, rise: int) -> npt.NDArray[np.float64]:
    """0..1..0 with ramps of `rise` pictures."""
    k = np.arange(length)
    out: npt.NDArray[np.float64] = np.clip(np.minimum(k + 1, length - k) / (rise + 1), 0, 1)
    return out


def flash(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """A camera's flash: one to four bright pictures, all over or around a point."""
    length = int(rng.integers(1, 5))
    strength = rng.uniform(60, 400) * np.exp(-rng.uniform(0, 1) * np.arange(length))
    where: Mask | float = 1.0
    if rng.random() < 0.4:
        where = blob(size, rng.uniform(), rng.uniform(), rng.uniform(0.1, 0.5))
    gain = 1 + strength / 150
    return Effect("flash", at, at + length - 1, lambda p, j: lit(p, gain[j], strength[j] * where))


def strobe(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """Many flashes, or lightning: bursts of light at even or random distances."""
    length = int(rng.integers(12, 40))
    if rng.random() < 0.5:
        light = (np.arange(length) % int(rng.integers(2, 8)) == 0) * rng.uniform(50, 220)
    else:
        light = (rng.random(length) < 0.25) * rng.uniform(30, 220, length)
        light = np.maximum(light, 0.5 * np.roll(light, 1))
    return Effect("strobe", at, at + length - 1, lambda p, j: lit(p, 1 + light[j] / 120, light[j]))


def panned(picture: Rgb, offset_px: float, blur_px: float) -> Rgb:
    """The picture moved sideways (its mirror image follows it) and blurred by the movement."""
    width = picture.shape[1]
    index = np.mod(np.arange(width) + round(offset_px), 2 * width)
    out = picture[:, np.where(index < width, index, 2 * width - 1 - index)]
    if blur_px >= 2:
        out = uniform_filter1d(out, round(blur_px), axis=1, mode="nearest")
    return out


def whip(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """A whip pan: the camera turns away, at most to a mirrored view, and rests there."""
    length = max(4, round(rng.uniform(0.15, 0.6) * fps))
    ways = int(rng.integers(1, 3)) * rng.choice([-1, 1])
    p = np.clip((np.arange(take.length - at) + 1) / length, 0, 1)
    path = ways * size[0] * p * p * (3 - 2 * p)
    speed = np.abs(np.gradient(path))
    return Effect("whip pan", at, LASTING, lambda pic, j: panned(pic, path[j], 0.7 * speed[j]))


def zoomed(picture: Rgb, factor: float, blur: float) -> Rgb:
    """Enlarged around the middle; blur: by how much more within the same picture."""
    height, width = picture.shape[:2]
    steps = 5 if blur > 0.02 else 1
    total = np.zeros(picture.shape, np.float32)
    for step in range(steps):
        inside = factor * (1 + blur * step / steps)
        rows = ((np.arange(height) - height / 2) / inside + height / 2).astype(int)
        columns = ((np.arange(width) - width / 2) / inside + width / 2).astype(int)
        total += picture[rows[:, None], columns[None]]
    return as_rgb(total / steps)


def crash_zoom(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """A sudden zoom in, or out of a detail, within a fraction of a second."""
    length = max(4, round(rng.uniform(0.15, 0.6) * fps))
    most = rng.uniform(1.8, 4.0)
    p = np.clip((np.arange(take.length) + 1 - at) / length, 0, 1)
    course = most ** (p if rng.random() < 0.6 else 1 - p)
    blur = np.abs(np.gradient(np.log(course)))
    return Effect("crash zoom", 0, LASTING, lambda pic, j: zoomed(pic, course[j], blur[j]))


def explosion(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """Fire that bursts from a point, fills much of the picture and burns down."""
    length = max(8, round(rng.uniform(0.3, 1.6) * fps))
    x, y, most = rng.uniform(0.2, 0.8), rng.uniform(0.3, 0.8), rng.uniform(0.15, 0.7)
    cloud = gaussian_filter(rng.random((size[1], size[0])), 9)
    cloud = ((cloud - cloud.min()) / np.ptp(cloud)).astype(np.float32)[..., None]
    growth = np.minimum(1, (np.arange(length) + 1) / (0.25 * length)) ** 0.5
    decay = np.clip((length - np.arange(length)) / (0.7 * length), 0, 1)

    def apply(picture: Rgb, j: int) -> Rgb:
        heat = blob(size, x, y, most * growth[j]) * (0.6 + 0.8 * np.roll(cloud, 3 * j, 0)) * decay[j]
        fire = np.clip(heat * np.array([3.0, 1.6, 0.6], np.float32), 0, 1) * 255
        return as_rgb(picture * (1 - np.clip(heat, 0, 0.9)) + fire)

    return Effect("explosion", at, at + length - 1, apply)


def title(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """A title fades (or jumps) in and out over the running shot, on a band or a dimmed picture perhaps."""
    length = max(12, round(rng.uniform(1.0, 3.0) * fps))
    rise = int(rng.choice([0, 3, 8, 15, 25]))
    lines = "\n".join(words(rng, 3) for _ in range(int(rng.integers(1, 4))))
    height_px = int(size[1] * rng.uniform(0.08, 0.25))
    mask = lettering(lines, size, height_px, (0.5, rng.uniform(0.3, 0.8)))[..., None]
    dim = np.zeros((size[1], 1, 1), np.float32)
    style = rng.random()
    if style < 0.25:
        dim[:] = rng.uniform(0.3, 0.7)
    elif style < 0.5:
        dim[int(0.6 * size[1]) : int(0.9 * size[1])] = 0.8
    ink = np.array(rng.choice([[240, 240, 240], [250, 220, 60], [20, 20, 20], [230, 60, 50]]), np.float32)
    course = envelope(length, rise)

    def apply(picture: Rgb, j: int) -> Rgb:
        under = picture * (1 - dim * course[j])
        cover = mask * course[j]
        return as_rgb(under * (1 - cover) + ink * cover)

    return Effect("title", at, at + length - 1, apply)


def passer_by(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """Somebody close to the lens walks through: a dark, soft, wide shape crosses the picture."""
    length = max(6, round(rng.uniform(0.3, 1.4) * fps))
    half, soft = rng.uniform(0.15, 0.75), rng.uniform(0.02, 0.15)
    cloth = gaussian_filter(rng.random((size[1], size[0], 3)), (12, 6, 0))
    cloth = (cloth - cloth.min()) / np.ptp(cloth) * rng.uniform(20, 120) + rng.uniform(0, 60, 3)
    across = np.linspace(0, 1, size[0])[None, :, None]
    outline = 0.12 * np.sin(np.linspace(0, rng.uniform(2, 6), size[1]))[:, None, None]
    p = np.linspace(-half - 0.3, 1.3 + half, length)
    course = p if rng.random() < 0.5 else p[::-1]

    def apply(picture: Rgb, j: int) -> Rgb:
        cover = np.clip((half + outline - np.abs(across - course[j])) / soft, 0, 1)
        return as_rgb(picture * (1 - cover) + cloth * cover)

    return Effect("passer-by", at, at + length - 1, apply)


def exposure(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """The light or the white balance changes, at once or over some pictures, and stays."""
    length = int(rng.choice([1, 2, 5, 12, 25, 50]))
    gain = np.exp(rng.choice([rng.uniform(-1.2, -0.25), rng.uniform(0.2, 0.7)])) * np.ones(3)
    if rng.random() < 0.35:
        gain = rng.uniform(0.6, 1.5, 3)
    p = np.clip((np.arange(take.length - at) + 1) / length, 0, 1)[:, None]
    course = (1 + (gain - 1) * p).astype(np.float32)
    return Effect("exposure", at, LASTING, lambda pic, j: lit(pic, course[j]))


def dimmed(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """The lights go down, though not out, and come up again on the same picture."""
    length = max(12, round(rng.uniform(0.5, 3.0) * fps))
    course = 1 - rng.uniform(0.3, 0.75) * envelope(length, length // 3)
    return Effect("dimmed", at, at + length - 1, lambda pic, j: lit(pic, float(course[j])))


def pop_up(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """A logo, a small picture or a banner appears at once, stays and goes."""
    length = max(10, round(rng.uniform(0.6, 3.0) * fps))
    wide, high = (int(s * f) for s, f in zip(size, rng.uniform(0.12, 0.5, 2), strict=True))
    left, top = int(rng.integers(size[0] - wide)), int(rng.integers(size[1] - high))
    inset = gaussian_filter(rng.random((high, wide, 3)) * 255, (4, 4, 0))
    inset = ((inset - inset.min()) / np.ptp(inset) * 255).astype(np.uint8)
    live = rng.random() < 0.5

    def apply(picture: Rgb, j: int) -> Rgb:
        out = picture.copy()
        if live:
            rows, columns = np.arange(high) * size[1] // high, np.arange(wide) * size[0] // wide
            out[top : top + high, left : left + wide] = picture[rows[:, None], columns[None], ::-1]
        else:
            out[top : top + high, left : left + wide] = inset
        return out

    return Effect("pop-up", at, at + length - 1, apply)


def freeze(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """The picture stands still, then jumps to where it should be (stutter), or goes on (a longer hold)."""
    length = int(rng.integers(2, 30))
    held: list[Rgb] = []

    def apply(picture: Rgb, j: int) -> Rgb:
        if not held:
            held.append(take.draw(at))
        return held[0]

    return Effect("freeze", at, at + length - 1, apply)


def rack_focus(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """The focus leaves the picture and comes back."""
    length = max(8, round(rng.uniform(0.4, 2.0) * fps))
    sigma = rng.uniform(2, 8) * size[0] / 480 * envelope(length, length // 3)
    return Effect(
        "focus",
        at,
        at + length - 1,
        lambda pic, j: gaussian_filter(pic, (sigma[j], sigma[j], 0), truncate=2.5),
    )


def glitch(rng: Rng, take: Take, size: Size, at: int, fps: float) -> Effect:
    """One to three damaged pictures: shifted rows, grey blocks, or black."""
    length, kind = int(rng.integers(1, 4)), rng.random()
    shifts = rng.integers(-size[0] // 3, size[0] // 3, size[1] // 8 + 1)
    rows = np.arange(size[1])

    def apply(picture: Rgb, j: int) -> Rgb:
        if kind < 0.2:
            return np.zeros_like(picture)
        if kind < 0.6:
            out = picture.copy()
            out[size[1] // 3 : size[1] * 3 // 4] = 128
            return blend(picture, out, 0.9)
        columns = (np.arange(size[0])[None] + shifts[rows // 8][:, None]) % size[0]
        return np.asarray(picture[rows[:, None], columns])

    return Effect("glitch", at, at + length - 1, apply)


DISTURBANCES: tuple[Maker, ...] = (
    *(flash, flash, strobe, whip, whip, crash_zoom, explosion, title, title, passer_by, passer_by),
    *(exposure, exposure, dimmed, pop_up, freeze, rack_focus, glitch),
)


def whip_cut(rng: Rng, old: Take, at: int, new: Take, entry: int, size: Size, fps: float) -> None:
    """A whip pan away from `old`, whose last picture is `at`, goes on in `new` from its picture `entry`."""
    length = max(3, round(rng.uniform(0.1, 0.3) * fps))
    way = rng.choice([-1, 1]) * rng.uniform(0.6, 1.5) * size[0]
    p = (np.arange(length) + 1) / length
    path, back = way * p * p, -way * (1 - p) ** 2
    speed = np.abs(np.gradient(path))
    old.effects.append(
        Effect("whip cut", at - length + 1, at, lambda pic, j: panned(pic, path[j], 0.7 * speed[j]))
    )
    new.effects.append(
        Effect(
            "whip cut", entry, entry + length - 1, lambda pic, j: panned(pic, back[j], 0.7 * speed[-1 - j])
        )
    )


def zoom_cut(rng: Rng, old: Take, at: int, new: Take, entry: int, size: Size, fps: float) -> None:
    """A crash zoom into `old` ends in `new`, which opens enlarged and settles."""
    length, most = max(3, round(rng.uniform(0.1, 0.3) * fps)), rng.uniform(1.6, 3.0)
    p = (np.arange(length) + 1) / length
    blur = np.log(most) / length
    old.effects.append(
        Effect("zoom cut", at - length + 1, at, lambda pic, j: zoomed(pic, most ** p[j] ** 2, blur))
    )
    new.effects.append(
        Effect(
            "zoom cut", entry, entry + length - 1, lambda pic, j: zoomed(pic, most ** (1 - p[j]) ** 2, blur)
        )
    )


def flash_cut(rng: Rng, old: Take, at: int, new: Take, entry: int, size: Size, fps: float) -> None:
    """A flash covers the cut, on both its sides."""
    before, after = int(rng.integers(0, 3)), int(rng.integers(1, 4))
    light = rng.uniform(60, 160)
    if before:
        old.effects.append(
            Effect("flash cut", at - before + 1, at, lambda pic, j: lit(pic, 1.4, light * (j + 1) / before))
        )
    new.effects.append(
        Effect("flash cut", entry, entry + after - 1, lambda pic, j: lit(pic, 1.4, light * (1 - j / after)))
    )


HIDDEN_CUTS = (whip_cut, zoom_cut, flash_cut)
