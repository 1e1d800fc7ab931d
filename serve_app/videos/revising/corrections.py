"""Works out what corrections by hand make of a result: all starts of each level, and what later fusions keep.

A correction names the starts of the segments of a level. Compared with the result that is corrected, a start
that is new or changed is locked, and one that is gone is removed; what earlier corrections say goes on. Pure:
all values are handed in. The documents it makes are read by `actors.segmentation.fusion.corrections`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cluster.contract.corrections import CorrectionsRequest, GroupStart, ShotStart
from cluster.contract.problems import FieldProblem
from cluster.contract.vocabulary import COARSE_TO_FINE, LEVELS, VIDEO_START, Level
from cluster.stores.corrections import start_of
from serve_app.web.problems import Problem

MAX_ERRORS = 20
"""Wrong entries that one answer names: a list that is shifted by one has thousands."""
HARD_KINDS = ("cut", "jump", "audio")
"""Kinds of boundaries that last no time."""
MAX_REMOVED = 20_000
"""Removed starts of a level that are remembered: as many as a day-long film has, several times corrected."""
_NAMES: Mapping[Level, str] = {"shot": "shots", "scene": "scenes", "chapter": "chapters"}

Asked = ShotStart | GroupStart
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Corrected:
    """`exact`: every start, by level, as entries for a fusion. `kept`: {"locked", "removed"}, each a list of
    entries by level, for later fusions."""

    exact: dict[Level, list[Entry]]
    kept: dict[str, dict[str, list[Entry]]]


def corrected(
    segments: Sequence[Mapping[str, Any]], earlier: Mapping[str, Any], asked: CorrectionsRequest
) -> Corrected:
    """The result of `asked` on `segments` (of all levels, as stored), whose corrections so far are `earlier`.

    Problem `invalid_request`, naming each entry that is wrong.
    """
    levels = [level for level in LEVELS if any(one["level"] == level for one in segments)]
    base = _Base(segments, levels)
    given = {level: getattr(asked, _NAMES[level]) for level in LEVELS}
    _check(given, base)
    entries = {level: {one.start_frame: one for one in given[level] or ()} for level in levels}
    frames = _frames(given, base)
    marks = {frame: base.mark(frame, entries[levels[0]].get(frame)) for frame in frames[levels[0]]}
    exact: dict[Level, list[Entry]] = {}
    above: dict[int, Entry] = {}
    for level in reversed(levels):
        made = [
            base.start(level, frame, marks[frame], entries[level].get(frame), above.get(frame))
            for frame in sorted(frames[level])
        ]
        above = {one["frame"]: one for one in made}
        exact[level] = made
    return Corrected(
        exact, {"locked": _locked(exact, earlier, base), "removed": _removed(exact, earlier, base)}
    )


class _Base:
    """The result that is corrected. `starts`: its starts by level and frame; `titles`: those it shows."""

    def __init__(self, segments: Iterable[Mapping[str, Any]], levels: Sequence[Level]) -> None:
        self.levels = levels
        self.starts: dict[Level, dict[int, Entry]] = {level: {} for level in levels}
        self.titles: dict[tuple[Level, int], str | None] = {}
        ends = []
        for segment in segments:
            frame = int(segment["start_frame"])
            self.starts[segment["level"]][frame] = start_of(segment)
            self.titles[segment["level"], frame] = segment.get("title")
            ends.append(int(segment["end_frame"]))
        self.first, self.end = min(self.starts["chapter"]), max(ends)

    def mark(self, frame: int, asked: Asked | None) -> Entry:
        """Kind and extent of the boundary at a frame, which are the same at every level."""
        was = self.starts[self.levels[0]].get(frame)
        if frame == self.first:
            return {"kind": VIDEO_START, "from_frame": frame, "to_frame": frame}
        usual = "cut" if "shot" in self.levels else "audio"
        kind = getattr(asked, "kind", None) or (was["kind"] if was else usual)
        if getattr(asked, "from_frame", None) is not None:
            return {"kind": kind, "from_frame": asked.from_frame, "to_frame": asked.to_frame}  # type: ignore[union-attr]
        if was is None or (kind in HARD_KINDS and kind != was["kind"]):
            return {"kind": kind, "from_frame": frame, "to_frame": frame}
        return {"kind": kind, **_extent(was)}

    def start(self, level: Level, frame: int, mark: Entry, asked: Asked | None, above: Entry | None) -> Entry:
        """One start of the new result. `above`: the same of the next coarser level, if that starts here."""
        was = self.starts[level].get(frame)
        seen = was or self.starts[self.levels[0]].get(frame) or {}
        title = self._title(level, frame, asked)
        old_title = (was or {}).get("title")
        is_changed = was is None or title != old_title or not _same_mark(was, mark)
        if asked is not None and asked.locked is not None:
            locked = asked.locked
        elif was is None and asked is None and above is not None:
            locked = bool(above["locked"])
        else:
            locked = is_changed or bool(was and was.get("locked"))
        if frame == self.first:
            locked = title is not None
        confirmed = locked and (is_changed or not (was or {}).get("locked"))
        entry = {
            "frame": frame,
            **mark,
            "confidence": 1.0 if was is None or confirmed else was["confidence"],
            "visual": seen.get("visual", 0.0),
            "audio": seen.get("audio", 0.0),
            "scene_probability": seen.get("scene_probability"),
            "topic": seen.get("topic"),
            "locked": locked,
        }
        return entry if title is None else {**entry, "title": title}

    def _title(self, level: Level, frame: int, asked: Asked | None) -> str | None:
        """The title that is given by hand, None where it is the automatic one."""
        own: str | None = self.starts[level].get(frame, {}).get("title")
        if not isinstance(asked, GroupStart) or "title" not in asked.model_fields_set:
            return own
        title = " ".join((asked.title or "").split())
        if not title:
            return None
        shown = self.titles.get((level, frame)) or ""
        return own if title == " ".join(shown.split()) else title


def _frames(given: Mapping[Level, list[Asked] | None], base: _Base) -> dict[Level, set[int]]:
    """Where segments of each level start: as given or as it was, and where one of a coarser level does."""
    found: dict[Level, set[int]] = {}
    for level in base.levels:
        asked = given[level]
        starts = base.starts[level] if asked is None else (one.start_frame for one in asked)
        found[level] = {base.first, *starts}
    for above, below in pairwise(reversed(base.levels)):
        found[below] |= found[above]
    return found


def _check(given: Mapping[Level, list[Asked] | None], base: _Base) -> None:
    """Problem `invalid_request` unless the entries ascend, lie in the video, and say what is possible."""
    errors: list[FieldProblem] = []

    def wrong(level: Level, index: int, field: str, why: str) -> None:
        errors.append(FieldProblem(where=f"body.{_NAMES[level]}.{index}.{field}", message=why))

    for level in LEVELS:
        asked = given[level]
        if asked is not None and level not in base.levels:
            why = "the file has sound only, and so no shots; leave them out"
            errors.append(FieldProblem(where=f"body.{_NAMES[level]}", message=why))
            continue
        last: int | None = None
        for index, one in enumerate(asked or ()):
            frame = one.start_frame
            if why := _misplaced(frame, last, base.first, base.end):
                wrong(level, index, "start_frame", why)
            else:
                last = frame
            if isinstance(one, ShotStart):
                for field, why in _wrong_mark(one, base):
                    wrong(level, index, field, why)
    if not errors:
        return
    told = errors[:MAX_ERRORS]
    lines = [f"{_in_brackets(one.where)}: {one.message}" for one in told]
    if len(errors) > len(told):
        lines.append(f"and {len(errors) - len(told)} more")
    raise Problem("invalid_request", "; ".join(lines) + ".", errors=told)


def _misplaced(frame: int, last: int | None, first: int, end: int) -> str:
    """Why no segment can start at a frame, after one that starts at `last`; empty if it can."""
    if frame < first:
        return f"{frame} lies before the first frame that is segmented, {first}"
    if frame >= end:
        return f"{frame} lies past the end; the last frame is {end - 1}"
    if last is not None and frame == last:
        return f"{frame} is there twice"
    if last is not None and frame < last:
        return f"{frame} stands after {last}; starts must ascend"
    return ""


def _wrong_mark(one: ShotStart, base: _Base) -> list[tuple[str, str]]:
    first, end = base.first, base.end
    frame, extent = one.start_frame, (one.from_frame, one.to_frame)
    if one.kind == VIDEO_START and frame != first:
        return [("kind", f"only the first segment, at {first}, begins with the start of the video")]
    if one.kind not in (None, VIDEO_START) and frame == first:
        return [("kind", "the first segment begins with the start of the video; leave kind out")]
    if None in extent:
        if extent == (None, None):
            return []
        return [("from_frame", "from_frame and to_frame go together; give both or none")]
    assert one.from_frame is not None
    assert one.to_frame is not None
    mark, was = base.mark(frame, one), base.starts["shot"].get(frame)
    if was and mark["kind"] == was["kind"] and extent == (was.get("from_frame"), was.get("to_frame")):
        return []  # what was read may be sent back, also where it crosses an end of the part
    if not one.from_frame <= frame <= one.to_frame or one.from_frame < first or one.to_frame > end:
        return [
            ("from_frame", f"{one.from_frame}..{one.to_frame} must hold the start, {frame}, within the video")
        ]
    if mark["kind"] in HARD_KINDS and one.from_frame != one.to_frame:
        why = f"a {mark['kind']} lasts no time; leave from_frame and to_frame out, or name another kind"
        return [("kind", why)]
    return []


def _in_brackets(where: str) -> str:
    """`body.scenes.3.start_frame` as people write it: `scenes[3].start_frame`."""
    _, name, *rest = where.split(".")
    return f"{name}[{rest[0]}].{rest[1]}" if rest else name


def _same_mark(was: Entry, mark: Entry) -> bool:
    return all(was.get(name) == mark[name] for name in mark)


def _extent(entry: Mapping[str, Any]) -> Entry:
    """In frames where they are known: results of earlier versions have seconds alone."""
    names = ("from_frame", "to_frame") if "from_frame" in entry else ("from_s", "to_s")
    return {name: entry[name] for name in names}


def _locked(
    exact: Mapping[Level, list[Entry]], earlier: Mapping[str, Any], base: _Base
) -> dict[str, list[Entry]]:
    """The starts that later fusions keep, those outside of the part that is segmented included."""
    found: dict[str, list[Entry]] = {}
    for level in COARSE_TO_FINE:
        now = {
            one["frame"]: {
                "frame": one["frame"], "kind": one["kind"], **_extent(one), "title": one.get("title")
            }
            for one in exact.get(level, ())
            if one["locked"]
        }  # fmt: skip
        others = (one for one in (earlier.get("locked") or {}).get(level, ()) if _goes_on(one, base))
        found[level] = [*(one for one in others if one["frame"] not in now), *now.values()]
    return found


def _goes_on(locked: Entry, base: _Base) -> bool:
    """Whether an earlier entry says nothing about the part that is segmented now: it lies outside, or it is
    the name of the first segment of another part, which has that name again when it is segmented again."""
    frame = locked["frame"]
    if not base.first <= frame < base.end:
        return True
    return locked.get("kind") == VIDEO_START and frame != base.first


def _removed(
    exact: Mapping[Level, list[Entry]], earlier: Mapping[str, Any], base: _Base
) -> dict[str, list[Entry]]:
    """The starts that do not come back: those gone now, and earlier ones that nobody has put back. Of more
    than MAX_REMOVED of a level earlier ones are left out."""
    found: dict[str, list[Entry]] = {}
    for level in COARSE_TO_FINE:
        ordered = [one["frame"] for one in exact.get(level, ())]
        there = set(ordered)
        before = {one["frame"]: one for one in (earlier.get("removed") or {}).get(level, ())}
        gone = {frame: {"frame": frame, **_extent(one)} for frame, one in base.starts.get(level, {}).items()}
        newest_first = {**gone, **{frame: one for frame, one in before.items() if frame not in gone}}
        frames = [frame for frame in newest_first if frame not in there][:MAX_REMOVED]
        found[level] = [_between(newest_first[frame], ordered) for frame in sorted(frames)]
    return found


def _between(removed: Entry, there: Sequence[int]) -> Entry:
    """A removed start whose extent holds none of the starts that stay (ascending): they do not go with it."""
    if "from_frame" not in removed:
        return removed
    frame = removed["frame"]
    place = bisect_left(there, frame)
    before = there[place - 1] if place else -1
    after = there[place] if place < len(there) else removed["to_frame"] + 1
    first, last = max(removed["from_frame"], before + 1), min(removed["to_frame"], after - 1)
    return {**removed, "from_frame": min(first, frame), "to_frame": max(last, frame)}
