"""`python -m tests.benchmarks.exports FILM FILM.json`: every export of a real film in a reader of others.

FILM.json is what `scenestream segment FILM --json` wrote. Each format is written at each level and read by
something that knows nothing of Scenestream: OpenTimelineIO and its adapter, webvtt-py, ffprobe, the standard
library's JSON, CSV, XML and HTML. What it finds is held against the film itself: times against the timestamps
of its decoded frames, editing tools' frames against the frames' numbers, so FILM has to be of a constant
rate. Where it has a timecode tag, editing tools' frames have to begin there.
Exit codes: 0 all agree, 1 otherwise.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import subprocess
import tempfile
from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import av
import opentimelineio as otio
import webvtt

from cluster.contract.results import Segment
from cluster.contract.vocabulary import Level
from serve_app.exports import FORMATS, Export

LEVELS: tuple[Level, ...] = ("shot", "scene", "chapter")
_GRACE_S = 1e-6  # times are written with so many digits at least where they are not whole milliseconds
_FRAMES_SHOWN = re.compile(r"frames (\d+)–(\d+)")

Spans = list[tuple[int, int]]
"""First frame of each segment, and the one after its last."""


class Film:
    """The frames of a film by number and time."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stated = float(stream.average_rate or 0)  # a duration's rounding is in it: 23.976013
            self.rate = float(otio.opentime.RationalTime.nearest_smpte_timecode_rate(stated))
            tags = {**container.metadata, **stream.metadata}
            self.timecode = next((tags[name] for name in tags if name.lower() == "timecode"), None)
            self.times_s = [float(frame.time or 0.0) for frame in container.decode(stream)]
            self.origin_s = min((container.start_time or 0) / av.time_base, self.times_s[0])

    def from_first(self, spans: Spans) -> Spans:
        """Spans of the source as editing tools count it, counted from the first picture."""
        first = spans[0][0]
        if self.timecode is not None:
            first = round(otio.opentime.from_timecode(self.timecode, self.rate).value)
        return [(start - first, end - first) for start, end in spans]

    def shown_at(self, time_s: float) -> int:
        """The frame that is seen at a time; that after the last, when the film is over."""
        end_s = self.times_s[-1] + 1 / self.rate
        return (
            len(self.times_s)
            if time_s >= end_s - _GRACE_S
            else bisect_right(self.times_s, time_s + _GRACE_S) - 1
        )


class Articles(HTMLParser):
    """The frames named in each article of a page, by the article's id."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: dict[str, tuple[int, int]] = {}
        self._id = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember in which article this is."""
        if tag == "article":
            self._id = dict(attrs)["id"] or ""

    def handle_data(self, data: str) -> None:
        """Take the frames."""
        if found := _FRAMES_SHOWN.fullmatch(data):
            self.frames[self._id] = (int(found[1]), int(found[2]) + 1)


def from_timeline(timeline: Any) -> Spans:
    """Of clips end to end. In an EDL a transition takes its place from the clips; the boundary is amid it."""
    track = timeline.video_tracks()[0]
    starts, before = [], 0.0
    for item in track:
        if isinstance(item, otio.schema.Transition):
            before = 0.0 if item.in_offset.value else item.out_offset.value / 2
        else:
            starts.append(round(item.source_range.start_time.value + before))
            before = 0.0
    end = round(list(track.find_clips())[-1].source_range.end_time_exclusive().value)
    return list(zip(starts, [*starts[1:], end], strict=True))


def read_edl(text: str, film: Film, level: Level) -> Spans:
    """With OpenTimelineIO's adapter."""
    return film.from_first(from_timeline(otio.adapters.read_from_string(text, "cmx_3600", rate=film.rate)))


def read_otio(text: str, film: Film, level: Level) -> Spans:
    """With OpenTimelineIO."""
    return film.from_first(from_timeline(otio.adapters.read_from_string(text, "otio_json")))


def read_fcpxml(text: str, film: Film, level: Level) -> Spans:
    """With the standard library: OpenTimelineIO's adapter takes 23.976 frames a second for 23."""
    root = ET.fromstring(text)
    frame_s = next(_rational(found.attrib["frameDuration"]) for found in root.iter("format"))
    places = [
        [_rational(clip.attrib[name]) / frame_s for name in ("start", "duration")]
        for clip in root.iter("asset-clip")
    ]
    return film.from_first([(int(start), int(start + length)) for start, length in places])


def read_webvtt(text: str, film: Film, level: Level) -> Spans:
    """With webvtt-py."""
    cues = webvtt.from_string(text)
    return [(film.shown_at(_seconds(cue.start)), film.shown_at(_seconds(cue.end))) for cue in cues]


def read_ffmetadata(text: str, film: Film, level: Level) -> Spans:
    """With ffprobe. Counted from where the file begins."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text)
        file.flush()
        command = ["ffprobe", "-v", "error", "-f", "ffmetadata", "-show_chapters", "-of", "json", file.name]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    times = [[float(chapter[name]) for name in ("start_time", "end_time")] for chapter in told["chapters"]]
    return [(film.shown_at(a + film.origin_s), film.shown_at(b + film.origin_s)) for a, b in times]


def read_csv(text: str, film: Film, level: Level) -> Spans:
    """With the standard library; its times and its frames have to agree."""
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    return [_agreed(film, row) for row in rows if row["level"] == level]


def read_json(text: str, film: Film, level: Level) -> Spans:
    """Likewise."""
    return [_agreed(film, row) for row in json.loads(text)["segments"] if row["level"] == level]


def read_html(text: str, film: Film, level: Level) -> Spans:
    """With the standard library."""
    articles = Articles()
    articles.feed(text)
    return [span for name, span in articles.frames.items() if name.startswith(f"{level}-")]


READERS: dict[str, Callable[[str, Film, Level], Spans]] = {
    "json": read_json,
    "csv": read_csv,
    "webvtt": read_webvtt,
    "edl": read_edl,
    "otio": read_otio,
    "fcpxml": read_fcpxml,
    "ffmetadata": read_ffmetadata,
    "html": read_html,
}


def _agreed(film: Film, row: dict[str, Any]) -> tuple[int, int]:
    span = film.shown_at(float(row["start_s"])), film.shown_at(float(row["end_s"]))
    if span != (int(row["start_frame"]), int(row["end_frame"])):
        raise ValueError(f"{row['level']} {row['index']} is at {span} by its times")
    return span


def _rational(time: str) -> Fraction:
    return Fraction(time.removesuffix("s"))


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def main() -> int:
    """Check and print a line for each format and level."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.exports", description=__doc__)
    parser.add_argument("film", type=Path)
    parser.add_argument("document", type=Path)
    asked = parser.parse_args()
    film, document = Film(asked.film), json.loads(asked.document.read_text())
    segments = [Segment.model_validate({**row, "thumbnail": None}) for row in document["segments"]]
    wrong = 0
    for name, read in READERS.items():
        for level in LEVELS:
            written = FORMATS[name].write(
                Export(
                    asked.film.name,
                    document["media"],
                    document["settings"],
                    document["audio_track"],
                    segments,
                    level,
                )
            )
            text = written if isinstance(written, str) else "".join(written)
            expected = [(s.start_frame, s.end_frame) for s in segments if s.level == level]
            found = read(text, film, level)
            wrong += found != expected
            print(f"{name:<10} {level:<8} {len(found):>4} segments  {'ok' if found == expected else 'WRONG'}")
            if found != expected:
                print(f"  expected {expected}\n  found    {found}")
    print(f"{len(film.times_s)} frames at {film.rate:.5g} a second; {wrong} of {3 * len(READERS)} wrong")
    print(f"without a reader here: {', '.join(FORMATS.keys() - READERS.keys())}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
