"""Writes chapters for the description of a video on YouTube. Knows no other format.

YouTube takes a list for chapters only if it has at least three, the first is at 0:00, and each lasts at least
ten seconds (support.google.com/youtube/answer/9884579).
"""

from __future__ import annotations

from collections.abc import Sequence

from cluster.contract.results import Segment
from cluster.contract.vocabulary import COARSE_TO_FINE
from serve_app.exports.material import Export, chapter_title

SHORTEST_S = 10.0
FEWEST = 3


def write_youtube(made: Export) -> str:
    """A line for each segment of the level; without one, of the coarsest of which YouTube takes the list.

    Segments shorter than it allows are left to the one before them. Where no level gives three lines, those
    of the finest are written all the same: YouTube then shows no chapters. Times count
    from the film's first picture, in whole seconds, which is all that YouTube knows.
    """
    if made.level:
        kept = _kept(made, made.chosen())
    else:
        lists = [_kept(made, made.of(level)) for level in COARSE_TO_FINE]
        kept = next((one for one in lists if len(one) >= FEWEST), lists[-1] or lists[-2])
    return "".join(f"{_clock(at_s)} {_plain(chapter_title(segment))}\n" for at_s, segment in kept)


def _kept(made: Export, segments: Sequence[Segment]) -> list[tuple[int, Segment]]:
    """The segments that are long enough, with the seconds at which they begin."""
    origin_s = made.picture_start_s
    kept: list[tuple[int, Segment]] = []
    for segment in segments:
        at_s = 0 if not kept else round(segment.start_s - origin_s)
        left_s = int(segments[-1].end_s - origin_s) - at_s
        if not kept or (at_s - kept[-1][0] >= SHORTEST_S and left_s >= SHORTEST_S):
            kept.append((at_s, segment))
    return kept


def _clock(total_s: int) -> str:
    minutes, seconds = divmod(total_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def _plain(text: str) -> str:
    """Without angle brackets, which YouTube's descriptions may not have."""
    return text.replace("<", "‹").replace(">", "›")
