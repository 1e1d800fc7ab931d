"""The results as a figure: speed, precision against recall, and the reliability of confidence.

matplotlib (in the extra `bench`) is imported when something is drawn. Knows results; measures nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.detectors import OURS
from tests.benchmarks.quality import ALL
from tests.benchmarks.reliability import Reliability
from tests.benchmarks.results import Results
from tests.benchmarks.timing.speed import Speed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_IN = (4.6, 3.8)
DPI = 144
COLOURS = ("#1b6ac9", "#d9822b", "#6b8e23", "#9b59b6")
"""Ours first, then the others in order."""
GREY = "#8a8f98"
ISO_F1 = (0.6, 0.7, 0.8, 0.9)
HIGHEST_ORIGIN = 0.5
"""The axes begin here, or where the worst film is."""


def draw(results: Results, folder: Path) -> list[Path]:
    """figure.svg and figure.png in `folder`. ImportError without matplotlib."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    detectors = list(dict.fromkeys(mean.detector for mean in results.means))
    colours = dict(zip(detectors, COLOURS, strict=False))
    panels = 2 + (results.speed is not None)
    bare = {"axes.spines.top": False, "axes.spines.right": False}
    style: Any = {"svg.hashsalt": "bench", "font.size": 9, "axes.titlesize": 10, **bare}
    with mpl.rc_context(style):
        drawn = Figure(figsize=(PANEL_IN[0] * panels, PANEL_IN[1]), layout="constrained")
        FigureCanvasAgg(drawn)
        axes = list(drawn.subplots(1, panels))
        if results.speed is not None:
            _speed(axes.pop(0), results.speed, colours)
        _precision_recall(axes.pop(0), results, colours)
        _reliability(axes.pop(0), results.reliability)
        out = [folder / "figure.svg", folder / "figure.png"]
        drawn.savefig(out[0], metadata={"Date": None})
        drawn.savefig(out[1], dpi=DPI)
    return out


def _speed(axes: Axes, speed: Speed, colours: dict[str, str]) -> None:
    rows = [(row.name, row.times_decode) for row in speed.rows if row.times_decode is not None][::-1]
    names, times = [name for name, _ in rows], [value for _, value in rows]
    bars = axes.barh(names, times, color=[colours.get(name, GREY) for name in names])
    axes.bar_label(bars, [f"{value:.2f} ×" for value in times], padding=3)
    axes.axvline(1.0, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, 1.18 * max(times, default=1.0))
    axes.set_title(f"Time, as a multiple of decoding ({speed.film_s / 60:.0f} min, {speed.height_px}p)")


def _precision_recall(axes: Axes, results: Results, colours: dict[str, str]) -> None:
    """Small dots are films, large ones means; curves of equal F1."""
    for f1 in ISO_F1:
        recall = [f1 / (2 - f1) + k / 100 * (1 - f1 / (2 - f1)) for k in range(101)]
        axes.plot(recall, [f1 * r / (2 * r - f1) for r in recall], color=GREY, linewidth=0.6, alpha=0.5)
        axes.annotate(f"F1 {f1}", (1.0, f1 / (2 - f1)), color=GREY, fontsize=7, ha="right", va="bottom")
    for row in results.quality:
        if row.shots is not None:
            colour = colours.get(row.detector, GREY)
            axes.plot(row.shots.recall, row.shots.precision, "o", color=colour, markersize=3, alpha=0.45)
    for mean in results.means:
        if mean.group == ALL and mean.recall is not None and mean.precision is not None:
            marker = "*" if mean.detector == OURS.name else "o"
            size = 13 if marker == "*" else 8
            colour = colours.get(mean.detector, GREY)
            label = f"{mean.detector} (F1 {mean.f1:.3f})"
            axes.plot(mean.recall, mean.precision, marker, color=colour, markersize=size, label=label, ls="")
    least = [min(row.shots.recall, row.shots.precision) for row in results.quality if row.shots is not None]
    lowest = min([HIGHEST_ORIGIN, *least]) - 0.02
    axes.set(xlim=(lowest, 1.02), ylim=(lowest, 1.02), xlabel="recall", ylabel="precision")
    axes.set_title("Shot boundaries: means, and films as dots")
    axes.legend(loc="lower left", frameon=False, fontsize=8)


def _reliability(axes: Axes, found: Reliability) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    points = [
        (b.mean_confidence, b.share_right, b.boundaries)
        for b in found.bins
        if b.mean_confidence is not None and b.share_right is not None
    ]
    axes.plot([x for x, _, _ in points], [y for _, y, _ in points], "o-", color=COLOURS[0], markersize=4)
    for x, y, count in points:
        above = y < 0.9
        offset = (0, 6 if above else -6)
        place = "bottom" if above else "top"
        axes.annotate(
            str(count), (x, y), offset, textcoords="offset points", ha="center", va=place, fontsize=7
        )
    axes.set(xlim=(0, 1.02), ylim=(0, 1.04), xlabel="confidence", ylabel="share right")
    error = found.expected_calibration_error
    said = "" if error is None else f", off by {error:.3f}"
    axes.set_title(f"Confidence of {found.boundaries} boundaries{said}")
