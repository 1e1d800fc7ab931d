"""Draws the timeline of the page: one row for each level, one bar for each segment, linked to its card.

The bars are placed by SVG attributes, because the page's policy forbids inline styles. Knows no image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from cluster.contract.results import Segment
from cluster.contract.vocabulary import SOUND_LABELS, Level
from cluster.terminal import clock
from serve_app.exports.material import title

_WIDTH = 10_000  # of a row in SVG units; the row is stretched to the page's width
_TICKS = 5  # times below the rows
_DENSE = 400
"""Bars of a row from which on they have no lines between them, for want of room."""
_COLOURED = frozenset({*SOUND_LABELS, "black"})
"""Labels that the style sheet has a colour for."""


def strip(levels: Mapping[Level, Sequence[Segment]]) -> str:
    """HTML of the rows, coarse to fine, the times below them and the legend; "" for no segments."""
    rows = {level: segments for level, segments in levels.items() if segments}
    if not rows:
        return ""
    finest = list(rows.values())[-1]
    start_s, end_s = finest[0].start_s, finest[-1].end_s
    lines = "".join(
        f'<span class="name">{level}s</span>{_row(segments, start_s, end_s)}'
        for level, segments in rows.items()
    )
    ticks = "".join(
        f"<span>{clock(start_s + (end_s - start_s) * tick / (_TICKS - 1))}</span>" for tick in range(_TICKS)
    )
    used = sorted({_colour(segment) for segments in rows.values() for segment in segments})
    legend = "".join(
        f'<span><svg viewBox="0 0 10 10"><rect class="{name}" width="10" height="10"/></svg>'
        f"{name.replace('-', '+')}</span>"
        for name in used
    )
    return (
        f'<div class="strip">{lines}<span></span><div class="ticks">{ticks}</div></div>'
        f'<div class="legend">{legend}</div>'
    )


def _row(segments: Sequence[Segment], start_s: float, end_s: float) -> str:
    scale = _WIDTH / max(end_s - start_s, 1e-9)
    dense = " dense" if len(segments) > _DENSE else ""
    bars = []
    for segment in segments:
        x, width = (segment.start_s - start_s) * scale, (segment.end_s - segment.start_s) * scale
        told = f"{title(segment)}, {clock(segment.start_s)} – {clock(segment.end_s)}"
        bars.append(
            f'<a href="#{segment.level}-{segment.index}"><rect class="{_colour(segment)}" x="{x:.2f}" y="0" '
            f'width="{width:.2f}" height="10"><title>{escape(told)}</title></rect></a>'
        )
    return (
        f'<svg class="row{dense}" viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{segments[0].level}s">{"".join(bars)}</svg>'
    )


def _colour(segment: Segment) -> str:
    """CSS class of a segment's colour."""
    return segment.label.replace("+", "-") if segment.label in _COLOURED else "other"
