"""Writes what is said: subtitles as SubRip (`srt`) and as WebVTT captions, and plain text.

A sentence becomes one caption or several, each short enough to be read while it is shown. Knows no other
format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serve_app.exports.material import Export, one_line

LINE_CHARACTERS = 42
"""A caption has at most two lines of so many characters: what viewers can read and television uses (Netflix
Timed Text Style Guide; BBC Subtitle Guidelines have 37)."""
LONGEST_S = 7.0
"""Seconds of the longest caption, after the same guides."""
SHORTEST_S = 0.8
"""Seconds for which a caption is shown at least, if the next one leaves them; five sixths in these guides."""
PARAGRAPH_PAUSE_S = 3.0
"""Seconds without a word that begin a paragraph of the plain text. No measurement; longer than a breath."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A text and when it is shown, in whole milliseconds; begin < end."""

    begin_ms: int
    end_ms: int
    lines: tuple[str, ...]


def write_srt(made: Export) -> str:
    """SubRip: numbered captions, times with a comma."""
    blocks = [
        f"{number}\n{_clock(one.begin_ms, ',')} --> {_clock(one.end_ms, ',')}\n" + "\n".join(one.lines) + "\n"
        for number, one in enumerate(captions(made), start=1)
    ]
    return "\n".join(blocks)


def write_captions(made: Export) -> str:
    """WebVTT (W3C), cues of kind captions."""
    blocks = [
        f"{_clock(one.begin_ms, '.')} --> {_clock(one.end_ms, '.')}\n"
        + "\n".join(_escaped(line) for line in one.lines)
        + "\n"
        for one in captions(made)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def write_text(made: Export) -> str:
    """The sentences, in paragraphs that end at long pauses."""
    paragraphs: list[list[str]] = []
    end_s = None
    for sentence in _sentences(made):
        if end_s is None or sentence["start_s"] - end_s >= PARAGRAPH_PAUSE_S:
            paragraphs.append([])
        paragraphs[-1].append(one_line(str(sentence["text"])))
        end_s = float(sentence["end_s"])
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs) + ("\n" if paragraphs else "")


def captions(made: Export) -> list[Caption]:
    """All captions in order of time; none overlaps the next."""
    parts = [part for sentence in _sentences(made) for part in _parts(sentence)]
    out: list[Caption] = []
    for place, (words, text) in enumerate(parts):
        begin_ms = max(0, round(float(words[0]["start_s"]) * 1000), out[-1].end_ms if out else 0)
        end_ms = max(round(float(words[-1]["end_s"]) * 1000), begin_ms + round(SHORTEST_S * 1000))
        if place + 1 < len(parts):
            next_ms = round(float(parts[place + 1][0][0]["start_s"]) * 1000)
            end_ms = min(end_ms, max(next_ms, begin_ms + 1))
        out.append(Caption(begin_ms, end_ms, _lines(text)))
    return out


def _sentences(made: Export) -> Sequence[Mapping[str, Any]]:
    return () if made.transcript is None else made.transcript["sentences"]


def _parts(sentence: Mapping[str, Any]) -> Iterator[tuple[list[Mapping[str, Any]], str]]:
    """A sentence's words in parts that a caption holds, each with its text as it is written."""
    part: list[Mapping[str, Any]] = []
    text = ""
    for word, written in _written(sentence):
        longer = (text + written).strip()
        lasts_s = float(word["end_s"]) - float(part[0]["start_s"]) if part else 0.0
        if part and (not _fits(longer) or lasts_s > LONGEST_S):
            yield part, text.strip()
            part, text = [], ""
        part.append(word)
        text += written
    if part:
        yield part, text.strip()


def _written(sentence: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each word with what stands in the sentence up to its end: not all languages have spaces between."""
    text, at = str(sentence["text"]), 0
    for word in sentence["words"]:
        found = text.find(str(word["text"]), at)
        end = at if found < 0 else found + len(str(word["text"]))
        yield word, f" {word['text']}" if found < 0 else text[at:end]
        at = end


def _fits(text: str) -> bool:
    return all(len(line) <= LINE_CHARACTERS for line in _lines(text))


def _lines(text: str) -> tuple[str, ...]:
    """One line, or two of about the same length, broken at a space if there is one."""
    text = one_line(text)
    if len(text) <= LINE_CHARACTERS:
        return (text,)
    spaces = [place for place, character in enumerate(text) if character == " "]
    fitting = [place for place in spaces if max(place, len(text) - place - 1) <= LINE_CHARACTERS]
    if not fitting:
        return (text,)
    middle = min(fitting, key=lambda place: abs(place - len(text) / 2))
    return text[:middle], text[middle + 1 :]


def _clock(total_ms: int, point: str) -> str:
    """A time as HH:MM:SS and milliseconds."""
    seconds, ms = divmod(total_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{ms:03d}"


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
