"""What we hold ourselves to, and whether a run kept it.

Only what was measured is judged; a target whose part did not run is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.benchmarks.ablation import BOTH, PICTURE, SOUND
from tests.benchmarks.detectors import Adaptive, Decode, Scenestream, TransNet
from tests.benchmarks.quality import Row, mean_of
from tests.benchmarks.results import Results

SHOT_F1 = 0.95
KINDS_RIGHT = 0.85
SOUND_RIGHT = 0.95
SCENE_F1 = 0.80
TIMES_DECODE = 1.5
TIMES_FASTER_THAN_TRANSNET = 5.0
MEMORY_BYTES = 1.5e9
REFUSION_S = 1.0
CALIBRATION_ERROR = 0.1
"""Of boundaries given 0.9, nine in ten: off by less than one in ten on average."""


@dataclass(frozen=True)
class Target:
    """`wanted` and `measured` as people read them."""

    name: str
    wanted: str
    measured: str
    met: bool


def held_against(results: Results) -> list[Target]:
    """Every target that the run has numbers for."""
    return [*_quality(results), *_scenes(results), *_speed(results), *_rest(results)]


def _at_least(name: str, value: float | None, wanted: float) -> Iterator[Target]:
    if value is not None:
        yield Target(name, f"≥ {wanted:.2f}", f"{value:.4f}", value >= wanted)


def _at_most(
    name: str, value: float | None, wanted: float, show: Callable[[float], str] = "{:.2f}".format
) -> Iterator[Target]:
    if value is not None:
        yield Target(name, f"≤ {show(wanted)}", show(value), value <= wanted)


def _quality(results: Results) -> Iterator[Target]:
    ours = results.mean(Scenestream.name)
    if ours is None:
        return
    yield from _at_least("shots, mean F1", ours.f1, SHOT_F1)
    yield from _at_least("kinds right", ours.kinds_right, KINDS_RIGHT)
    mine, theirs = _shot_f1(results, Scenestream.name), _shot_f1(results, TransNet.name)
    both = [film for film in mine if film in theirs]
    if both:
        below = [film for film in both if mine[film] < theirs[film]]
        said = ", ".join(film for _, film in below) if below else f"0 of {len(both)}"
        yield Target("films on which TransNetV2 finds shots better", "none", said, not below)


def _shot_f1(results: Results, detector: str) -> dict[tuple[str, str], float]:
    rows = [row for row in results.quality if row.detector == detector]
    return {(row.group, row.film): row.shots.f1 for row in rows if row.shots is not None}


def _scenes(results: Results) -> Iterator[Target]:
    """On programmes: films whose scenes are labelled."""
    programmes = [r for r in results.quality if r.detector == Scenestream.name and r.scenes is not None]
    heard = [row.sound for row in programmes if row.sound is not None]
    yield from _at_least("programmes: sound, 100 ms steps right", mean_of(heard, float), SOUND_RIGHT)
    yield from _at_least("programmes: scenes, mean F1", mean_of(programmes, _scene_f1), SCENE_F1)
    mean = results.ablation.mean_f1
    if mean:
        alone = max(mean[PICTURE], mean[SOUND])
        measured = f"{mean[BOTH]:.4f} against {mean[PICTURE]:.4f} and {mean[SOUND]:.4f}"
        above = mean[BOTH] > alone
        yield Target("scenes: both cues against picture, sound alone", "above", measured, above)
    takes = [row.sound_only for row in programmes if row.sound_only is not None]
    if takes:
        found, wanted = sum(t.found for t in takes), sum(t.found + t.missed for t in takes)
        yield Target("long takes divided by the sound", "all", f"{found} of {wanted}", found == wanted)


def _scene_f1(row: Row) -> float:
    assert row.scenes is not None
    return row.scenes.f1


def _speed(results: Results) -> Iterator[Target]:
    if results.speed is None:
        return
    wall_s = {row.name: row.wall_s for row in results.speed.rows}
    ours = wall_s.get(Scenestream.name)
    if ours is None:
        return
    row = results.speed.row(Scenestream.name)
    assert row is not None
    yield from _at_most(f"speed, times {Decode.name}", row.times_decode, TIMES_DECODE)
    adaptive, transnet = wall_s.get(Adaptive.name), wall_s.get(TransNet.name)
    if adaptive is not None:
        yield from _at_most(f"speed, times {Adaptive.name}", ours / adaptive, 1.0)
    if transnet is not None:
        faster = transnet / ours
        yield from _at_least("speed, times faster than TransNetV2", faster, TIMES_FASTER_THAN_TRANSNET)


def _rest(results: Results) -> Iterator[Target]:
    error = results.reliability.expected_calibration_error
    yield from _at_most("confidence, expected calibration error", error, CALIBRATION_ERROR, "{:.3f}".format)
    if results.consistency:
        broken = [row.film for row in results.consistency if not row.holds]
        yield Target("films on which chunks leave a trace", "none", ", ".join(broken) or "none", not broken)
    if results.refusion is not None:
        yield from _at_most("re-fusion of two hours, s", results.refusion.fuse_s, REFUSION_S)
    if results.memory is not None:
        peak = results.memory.peak_rss_bytes
        yield from _at_most("two hours of 1080p, peak memory", peak, MEMORY_BYTES, megabytes)


def megabytes(count: float) -> str:
    """For people: 1234 MB."""
    return f"{count / 1e6:.0f} MB"
