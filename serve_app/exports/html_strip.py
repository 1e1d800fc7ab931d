"""The timeline of the page: a row a level, each segment a bar that leads to its card.

SVG attributes place the bars, so that no inline style is needed. Knows no image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from cluster.contract.results import Segment
from cluster.contract.vocabulary import SOUND_LABELS, Level
from cluster.terminal import clock
from serve_app.exports.material import title

_WIDTH = 10_000
_TICKS = 5
_DENSE = 400
"""From so many bars on there is no room for lines between them."""
_COLOURED = frozenset({*SOUND_LABELS, "black"})
"""Labels that the style sheet has a colour for."""


def strip(levels: Mapping[Level, Sequence[Segment]]) -> str:
    """The rows of all levels, coarse to fine, and the times below them; nothing for no segments."""
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
    """The style's class."""
    return segment.label.replace("+", "-") if segment.label in _COLOURED else "other"
