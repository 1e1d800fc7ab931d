"""Meetings as text with their topics: what is said in sentences, and at which a topic begins.

A file NAME.json has `turns`, [{"speaker", "text"}], and `topics`, [{"topic", "spans": [[first turn, last]]}]
(QMSum: M. Zhong et al., 2021; meetings of AMI, ICSI and of committees). Spans may overlap and leave turns
out;`Meeting.starts` says what is made of that. Knows the files; does not know how topics are found.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

GAP_WORDS = 200
"""Words of the shortest stretch that no topic covers which is one of its own: a minute and a half of speech.
Shorter ones go with the topic before them."""
HELD_OUT_SHARE = 5
"""Of so many meetings one is held out, by the checksum of its name."""
SERIES = {"Bed": "ICSI", "Bmr": "ICSI", "Bro": "ICSI", "ES": "AMI-ES", "IS": "AMI-IS", "TS": "AMI-TS"}
"""Collections, by how the names of their meetings begin; the others are of committees."""
_MARK = re.compile(r"\{[^}]*\}")
_LETTERS = re.compile(r"\b(?:[A-Za-z]_)+")
_BEFORE_STOP = re.compile(r"\s+([.,?!;:])")
_AFTER_SENTENCE = re.compile(r"(?<=[.?!])\s+")


@dataclass(frozen=True)
class Meeting:
    """sentences: texts in order. starts: numbers of the sentences at which a topic begins, but the first.

    Each turn has the topic of the span that begins last among those that cover it. Turns that none covers go
    with the turn before, if they have fewer than GAP_WORDS in a row, and are a topic of their own otherwise;
    those before the first topic go with it, if they are as few. A topic begins wherever that changes, also
    where one is taken up again.
    """

    name: str
    sentences: tuple[str, ...]
    starts: tuple[int, ...]

    @property
    def series(self) -> str:
        """Its collection."""
        return next((series for start, series in SERIES.items() if self.name.startswith(start)), "committees")

    @property
    def held_out(self) -> bool:
        """Whether nothing may be fitted to it, or chosen by it."""
        return int(sha256(self.name.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0


def read_meetings(folder: Path) -> list[Meeting]:
    """All of a folder, by name. OSError, KeyError or ValueError for files of another kind."""
    return [
        meeting_of(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json"))
    ]


def meeting_of(name: str, document: dict[str, Any]) -> Meeting:
    """A meeting from the content of its file."""
    turns = [sentences_of(turn["text"]) for turn in document["turns"]]
    topics = _topics(document["topics"], [sum(len(s.split()) for s in turn) for turn in turns])
    sentences: list[str] = []
    starts: list[int] = []
    last: int | None = None
    for turn, topic in zip(turns, topics, strict=True):
        if not turn:
            continue
        if last is not None and topic != last:
            starts.append(len(sentences))
        sentences += turn
        last = topic
    return Meeting(name, tuple(sentences), tuple(starts))


def sentences_of(text: str) -> list[str]:
    """What is said in a turn, without marks such as {vocalsound}; "T_V_" becomes "TV"."""
    spoken = _LETTERS.sub(lambda found: found.group().replace("_", ""), _MARK.sub(" ", text))
    spoken = _BEFORE_STOP.sub(r"\1", " ".join(spoken.split()))
    return [part for part in _AFTER_SENTENCE.split(spoken) if any(c.isalnum() for c in part)]


def _topics(topics: list[dict[str, Any]], words: list[int]) -> list[int]:
    """The topic of each turn, see `Meeting`; a stretch without one has a negative number of its own."""
    count = len(words)
    spans = sorted((int(a), int(b), number) for number, topic in enumerate(topics) for a, b in topic["spans"])
    out: list[int | None] = [None] * count
    for first, last, number in spans:
        for turn in range(max(first, 0), min(last + 1, count)):
            out[turn] = number
    found: list[int] = []
    turn = 0
    while turn < count:
        topic, end = out[turn], turn + 1
        while end < count and out[end] == topic:
            end += 1
        if topic is None and sum(words[turn:end]) >= GAP_WORDS:
            topic = -1 - turn
        elif topic is None:
            following = out[end] if end < count else None
            topic = found[-1] if found else following if following is not None else -1
        found += [topic] * (end - turn)
        turn = end
    return found
