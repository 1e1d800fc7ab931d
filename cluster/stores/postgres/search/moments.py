"""The moments of one video: what is said, shown, called and seen in it, each with its time.

A pure function of what the other stores keep: segments, transcript, text on the screen, the file's name. A
field that a document does not have (yet) gives no moments. Knows neither SQL nor languages' stems.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cluster.contract.vocabulary import MomentSource

MOMENTS_VERSION = 2
"""Raise it with every change of what is made here or in `text`: all videos are then indexed anew."""
_LONGEST_TEXT = 2000
"""Characters that are kept of one moment; a sentence has some hundreds at most."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
"""Of a file name; what follows a full stop in a title is none."""
_TAG_LANGUAGE = "en"
"""Tags are the English names of ImageNet's classes."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a video that has words. Times in seconds as a player shows them.

    `language`: code of ISO 639-1, None if unknown. `scene`: index of the scene that contains the start, None
    if none does. `keyframe`: frame of the image that shows it. `word_starts_ms`: of the words of `text` as
    white space parts them, from `start_s`; empty where they are not known.
    """

    source: MomentSource
    start_s: float
    end_s: float
    text: str
    language: str | None
    scene: int | None
    keyframe: int | None
    word_starts_ms: tuple[int, ...] = ()


def moments_of(
    segments: Sequence[Document],
    transcript: Document | None,
    screen_text: Sequence[Document],
    filename: str,
) -> list[Moment]:
    """All moments of a video, in order of source and time; the first one is its name.

    `segments`: of all levels, in order of level and index. `transcript`: the contract's Transcript.
    `screen_text`: stretches with `start_s`, `end_s` and `text`.
    """
    where = _Places(segments)
    language = None if transcript is None else transcript.get("language")
    made = [
        where.moment("name", where.start_s, where.end_s, _SUFFIX.sub("", filename) or filename, language),
        *_titles(segments, where, language),
        *_speech(transcript, where),
        *(
            where.moment("screen", shown["start_s"], shown["end_s"], shown["text"], language)
            for shown in screen_text
        ),
        *_tags(segments, where),
    ]
    return [moment for moment in made if moment.text]


class _Places:
    """Finds the scene and the keyframe of a time."""

    def __init__(self, segments: Sequence[Document]) -> None:
        self._scenes = _Level(segments, "scene")
        self._shots = _Level(segments, "shot")
        self.start_s = min((segment["start_s"] for segment in segments), default=0.0)
        self.end_s = max((segment["end_s"] for segment in segments), default=0.0)

    def moment(
        self, source: MomentSource, start_s: float, end_s: float, text: str, language: str | None, **more: Any
    ) -> Moment:
        scene = self._scenes.at(start_s)
        finest = self._shots.at(start_s) or scene
        if "keyframe" not in more:
            more["keyframe"] = None if finest is None else finest.get("thumbnail")
        return Moment(
            source=source,
            start_s=float(start_s),
            end_s=float(end_s),
            text=" ".join(text.replace("\x00", " ").split())[:_LONGEST_TEXT],
            language=language,
            scene=None if scene is None else scene["index"],
            **more,
        )


class _Level:
    """The segments of one level, by time."""

    def __init__(self, segments: Iterable[Document], level: str) -> None:
        self._segments = sorted(
            (segment for segment in segments if segment["level"] == level), key=lambda one: one["start_s"]
        )
        self._starts = [segment["start_s"] for segment in self._segments]

    def at(self, time_s: float) -> Document | None:
        """The segment that contains a time; the last one contains its end, too."""
        place = bisect_right(self._starts, time_s) - 1
        if place < 0 or time_s > self._segments[place]["end_s"]:
            return None
        return self._segments[place]


def _titles(segments: Sequence[Document], where: _Places, language: str | None) -> Iterator[Moment]:
    """Titles of scenes and chapters with their keywords; what a scene and its chapter share comes once."""
    seen: set[tuple[float, str]] = set()
    for segment in segments:
        keywords = ", ".join(segment.get("keywords") or ())
        # that a scene is called "Music" says less than all of its other moments
        own = None if segment.get("title_source") == "class" else segment.get("title")
        title = " · ".join(part for part in (own, keywords) if part)
        if title and (segment["start_s"], title) not in seen:
            seen.add((segment["start_s"], title))
            image = segment.get("thumbnail")
            yield where.moment("title", segment["start_s"], segment["end_s"], title, language, keyframe=image)


def _speech(transcript: Document | None, where: _Places) -> Iterator[Moment]:
    """A moment for each sentence."""
    for sentence in (transcript or {}).get("sentences", ()):
        text = " ".join(sentence["text"].split())
        words = sentence.get("words") or ()
        starts = tuple(round((word["start_s"] - sentence["start_s"]) * 1000) for word in words)
        known = (
            len(text) <= _LONGEST_TEXT
            and len(words) == len(text.split())
            and all(0 <= first <= second for first, second in pairwise((0, *starts)))
        )
        yield where.moment(
            "speech",
            sentence["start_s"],
            sentence["end_s"],
            text,
            sentence.get("language"),
            word_starts_ms=starts if known else (),
        )


def _tags(segments: Sequence[Document], where: _Places) -> Iterator[Moment]:
    """A moment for each tag in each scene, from the first shot with it to the last one, with the image of
    the shot in which it is likeliest. Without shots, of the scenes themselves.
    """
    finest = [one for one in segments if one["level"] == "shot"] or [
        one for one in segments if one["level"] == "scene"
    ]
    runs: dict[tuple[int | None, str], list[tuple[float, Document]]] = {}
    for segment in finest:
        scene = segment["parent"] if segment["level"] == "shot" else segment["index"]
        for tag in (segment.get("visual") or {}).get("tags", ()):
            runs.setdefault((scene, tag["label"]), []).append((tag["probability"], segment))
    for (_, label), shots in runs.items():
        image = max(shots, key=lambda one: one[0])[1].get("thumbnail")
        start_s, end_s = shots[0][1]["start_s"], shots[-1][1]["end_s"]
        yield where.moment("tag", start_s, end_s, label, _TAG_LANGUAGE, keyframe=image)
