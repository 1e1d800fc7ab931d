"""Names the segments of a timeline: title, keywords and role of each, from what is shown and said.

A pure function of segments, transcript and screen text, so it can be done again whenever one of them
changes. Reads transcript and screen text as the contract's JSON, in which they are stored. Finds no
boundaries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from actors.segmentation.naming.keywords import keywords_of
from actors.segmentation.naming.roles import group_role, shot_role
from actors.segmentation.naming.terms import Terms, terms_of
from actors.segmentation.naming.titles import title_of
from actors.segmentation.timeline import HUMAN, Segment

KEYWORDS = {"chapter": 8, "scene": 5}
"""Keywords of a segment at most, by level; shots have none, since they hold a sentence or two."""

_LONG_S = 30.0
"""Seconds; entries that are shown longer are few."""

Document = Mapping[str, Any]


def named(
    segments: Sequence[Segment], transcript: Document | None, screen_text: Sequence[Document] | None
) -> tuple[Segment, ...]:
    """The same segments with `title`, `title_source`, `keywords`, `role` and `role_confidence`. Titles that
    were given by hand stay.

    transcript: as in the document of `scenestream segment`; None without one. screen_text likewise.
    """
    if not segments:
        return ()
    shown = _ByTime(screen_text or [])
    sentences = _ByTime((transcript or {}).get("sentences") or [])
    from_s = min(segment.start_s for segment in segments)
    to_s = max(segment.end_s for segment in segments)
    shots = [_with_role(shot, shot_role(shot, shown.over(shot), from_s, to_s))
             for shot in segments if shot.level == "shot"]  # fmt: skip
    starts = [shot.start_frame for shot in shots]
    groups = {level: [one for one in segments if one.level == level] for level in ("chapter", "scene")}
    terms = _terms(groups, sentences)
    whole = Terms()
    for one in terms["chapter"]:
        whole.update(one)
    found: list[Segment] = []
    for level, group in groups.items():
        for segment, here in zip(group, terms[level], strict=True):
            inside = shots[bisect_left(starts, segment.start_frame) : bisect_left(starts, segment.end_frame)]
            role = group_role(inside) if shots else (segment.role, segment.role_confidence)
            keywords = keywords_of(here, whole, KEYWORDS[level])
            texts = sentences.middle_in(segment)
            title = title_of(
                segment.start_s,
                segment.end_s,
                shown.over(segment),
                " ".join(str(sentence["text"]) for sentence in texts),
                sum(sentence["end_s"] - sentence["start_s"] for sentence in texts),
                keywords,
                segment.label,
            )
            found.append(
                replace(_with_role(segment, role), keywords=keywords)
                if segment.title_source == HUMAN
                else replace(
                    _with_role(segment, role),
                    title=None if title is None else title.text,
                    title_source=None if title is None else title.source,
                    keywords=keywords,
                )
            )
    return (*found, *shots)


def _terms(groups: Mapping[str, Sequence[Segment]], sentences: _ByTime) -> dict[str, list[Terms]]:
    """The terms of each chapter and scene; a chapter's are those of its scenes."""
    scenes = [terms_of(sentences.middle_in(scene)) for scene in groups["scene"]]
    chapters = [Terms() for _ in groups["chapter"]]
    for scene, terms in zip(groups["scene"], scenes, strict=True):
        if scene.parent is not None:
            chapters[scene.parent].update(terms)
    return {"chapter": chapters, "scene": scenes}


def _with_role(segment: Segment, role: tuple[str, float]) -> Segment:
    return replace(segment, role=role[0], role_confidence=role[1])


class _ByTime:
    """Entries with start_s and end_s, found by time."""

    def __init__(self, entries: Sequence[Document]) -> None:
        ordered = sorted(entries, key=lambda entry: entry["start_s"])
        self._entries = ordered
        middles = [((entry["start_s"] + entry["end_s"]) / 2, index) for index, entry in enumerate(ordered)]
        self._middles = sorted(middles)
        # apart, so that a logo that is always shown does not make every search look at everything
        self._long = [one for one in ordered if one["end_s"] - one["start_s"] > _LONG_S]
        self._short = [one for one in ordered if one["end_s"] - one["start_s"] <= _LONG_S]
        self._starts = [entry["start_s"] for entry in self._short]

    def over(self, segment: Segment) -> list[Document]:
        """Those that are shown or said in the segment, in whole or in part, by their start."""
        first = bisect_left(self._starts, segment.start_s - _LONG_S)
        last = bisect_left(self._starts, segment.end_s)
        near = [one for one in self._short[first:last] if one["end_s"] > segment.start_s]
        near += [
            one for one in self._long if segment.start_s < one["end_s"] and one["start_s"] < segment.end_s
        ]
        return sorted(near, key=lambda one: one["start_s"])

    def middle_in(self, segment: Segment) -> list[Document]:
        """Those whose middle lies in the segment: each is in one segment of a level."""
        first = bisect_left(self._middles, (segment.start_s, -1))
        last = bisect_left(self._middles, (segment.end_s, -1))
        return [self._entries[index] for _, index in self._middles[first:last]]
