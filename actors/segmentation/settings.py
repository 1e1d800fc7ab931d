"""The settings of one video: for the analysis (changing them needs a decode), for the fusion (does not), and
for the words.

Knows names, ranges and defaults; does not know presets, nor where settings come from. From the cluster, the
flat dictionary comes complete and validated against `configs/segment_settings.schema.json`; ranges are
checked here again, because the library is used without the cluster, too. Imports the standard library alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

TRACKS_VERSION = 7
"""Version of what is measured. Raise it whenever the analysis would measure something else: it is part of
`tracks_hash`, so that stored tracks of another version are not used."""

UNIT = (0.0, 1.0)
"""Bounds of sensitivities and weights, which have no unit."""
RANGES: dict[str, tuple[float, float]] = {
    "video_stream": (0, 1023),
    "audio_stream": (0, 1023),
    "ignore": UNIT,
    "shot_sensitivity": UNIT,
    "scene_sensitivity": UNIT,
    "chapter_sensitivity": UNIT,
    "min_shot_s": (0.0, 60.0),
    "min_scene_s": (0.0, 3_600.0),
    "min_chapter_s": (0.0, 36_000.0),
    "scene_length_s": (1.0, 3_600.0),
    "chapter_length_s": (5.0, 36_000.0),
    "audio_weight": UNIT,
    "topic_weight": UNIT,
    "from_s": (0.0, 1e10),
    "to_s": (0.0, 1e10),
    "scenes": (1, 1000),
    "chapters": (1, 1000),
}
"""Inclusive bounds of every setting that is a number: indices of streams, seconds (`_s`), numbers of
segments, shares of the picture, or without unit. Equal to those of the JSON Schema (a test compares them). No
measurement; so wide that they only catch mistakes: recorders may count seconds from 1970 on. The numbers of
segments bound the time of a fusion."""
CHOICES: dict[str, tuple[str, ...]] = {
    "decoding": ("auto", "referenced", "every"),
    "jump_cuts": ("split", "ignore"),
    "words": ("all", "speech", "screen", "off"),
}
"""Words that a setting may be, the usual one first; equal to those of the JSON Schema."""
WHOLE = ("video_stream", "audio_stream", "scenes", "chapters")
"""Settings that are whole numbers; JSON may write them as 6.0."""
IGNORED_MAX = 0.75
"""Share of the picture that `ignore` may cover. No measurement; some rows or columns of the small picture
must be left."""
_EDGE_SLACK = 1e-6
"""By so much a rectangle may reach over the edge: shares such as 2/3 + 1/3 are not exact."""


def _check(settings: object) -> None:
    for field in fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, field.name)
        if field.name in CHOICES:
            _check_choice(field.name, value)
            continue
        low, high = RANGES[field.name]
        if field.name == "ignore" or (value is None and field.default is None):
            continue
        kind = "whole number" if field.name in WHOLE else "number"
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not low <= value <= high
            or (field.name in WHOLE and not isinstance(value, int))
        ):
            raise ValueError(f"{field.name} must be a {kind} from {low:g} to {high:g}, not {value!r}")


def _check_choice(name: str, value: object) -> None:
    if value not in CHOICES[name]:
        raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}, not {value!r}")


def _check_rectangle(rectangle: object) -> None:
    if not (
        isinstance(rectangle, tuple)
        and len(rectangle) == 4
        and all(isinstance(value, float) and 0 <= value <= 1 for value in rectangle)
    ):
        raise ValueError(f"ignore must be four numbers from 0 to 1, not {rectangle!r}")
    x, y, width, height = rectangle
    if not (width > 0 and height > 0 and max(x + width, y + height) <= 1 + _EDGE_SLACK):
        raise ValueError(f"ignore must lie inside the picture and have a width and a height: {rectangle!r}")
    if width * height > IGNORED_MAX:
        raise ValueError(f"ignore may cover at most {IGNORED_MAX:g} of the picture: {rectangle!r}")


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """What is analysed. ValueError for values out of range.

    *_stream: index in the container; None = the best, as `planning` chooses. ignore: rectangle of the picture
    that is left out, (x, y, width, height) as shares, 0..1, of the upright picture from its top left corner.
    decoding: "every" frame; "referenced", only frames to which others refer, for speed; "auto", of the others
    those where the sizes of packets or the pictures around them suggest a change.
    """

    video_stream: int | None = None
    audio_stream: int | None = None
    ignore: tuple[float, float, float, float] | None = None
    decoding: str = "auto"

    def __post_init__(self) -> None:
        _check(self)
        if self.ignore is not None:
            _check_rectangle(self.ignore)


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """How tracks become segments. ValueError for values out of range.

    *_sensitivity: 0 few boundaries, 0.5 neutral, 1 many. chapter_length_s: seconds that a chapter is
    expected to last, the length that costs nothing. min_*_s: seconds of the shortest one kept. audio_weight:
    0 the picture alone, 0.5 both, 1 the sound alone (for scenes and chapters; shots come from the picture).
    topic_weight: how much a change of what is spoken about counts for a chapter, 0 not at all.

    from_s, to_s: the part that is segmented, in seconds on the container's clock, as segments have them;
    None: from the start, to the end. scene_length_s: seconds that a scene is wished to last; None: as long as
    picture and sound say. scenes, chapters: how many are wanted, in place of their sensitivity; None: as many
    as the evidence gives. jump_cuts: "split", cuts within one take divide shots as others do; "ignore", they
    do not.
    """

    shot_sensitivity: float = 0.5
    scene_sensitivity: float = 0.5
    chapter_sensitivity: float = 0.5
    min_shot_s: float = 0.1
    min_scene_s: float = 3.0
    min_chapter_s: float = 30.0
    scene_length_s: float | None = None
    chapter_length_s: float = 180.0
    audio_weight: float = 0.5
    topic_weight: float = 0.5
    from_s: float | None = None
    to_s: float | None = None
    scenes: int | None = None
    chapters: int | None = None
    jump_cuts: str = "split"

    def __post_init__(self) -> None:
        _check(self)
        if self.from_s is not None and self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(f"to_s must lie after from_s ({self.from_s:g}), not at {self.to_s:g}")
        if self.scenes is not None and self.chapters is not None and self.chapters > self.scenes:
            raise ValueError(f"chapters must be at most scenes ({self.scenes}), not {self.chapters}")


@dataclass(frozen=True, slots=True)
class WordSettings:
    """Which words are looked for. ValueError for values out of range.

    words: "speech", those that are spoken; "screen", those that are shown; "all", both; "off", none. Words
    are spoken only where there is a speech model.
    """

    words: str = "all"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def spoken(self) -> bool:
        """Whether what is said is written down."""
        return self.words in ("all", "speech")

    @property
    def shown(self) -> bool:
        """Whether text in the picture is read."""
        return self.words in ("all", "screen")


def split(settings: Mapping[str, Any]) -> tuple[AnalysisSettings, FusionSettings]:
    """The flat dictionary as the settings that decide the segments; missing keys take their defaults.

    `preset` is ignored, and so are those of the words, see `word_settings`.

    ValueError for an unknown key or a value out of range; the message names it.
    """
    known = {f.name for f in fields(AnalysisSettings)}, {f.name for f in fields(FusionSettings)}
    unknown = set(settings) - known[0] - known[1] - {f.name for f in fields(WordSettings)} - {"preset"}
    if unknown:
        raise ValueError(f"unknown setting: {', '.join(sorted(unknown))}")
    given = {name: _read(name, value) for name, value in settings.items()}
    analysis = AnalysisSettings(**{k: v for k, v in given.items() if k in known[0]})
    fusion = FusionSettings(**{k: v for k, v in given.items() if k in known[1]})
    return analysis, fusion


def word_settings(settings: Mapping[str, Any]) -> WordSettings:
    """Those of the words, of the flat dictionary. ValueError for a value out of range."""
    return WordSettings(**{f.name: settings[f.name] for f in fields(WordSettings) if f.name in settings})


def _read(name: str, value: Any) -> Any:
    """A value of a type that only JSON gives it, as the settings have it; any other as it is."""
    if name in WHOLE and isinstance(value, float) and value.is_integer():
        return int(value)
    if name == "ignore" and isinstance(value, list):
        return tuple(float(part) if type(part) is int else part for part in value)
    return value


def tracks_hash(analysis: AnalysisSettings) -> str:
    """Hash of all that decides a file's tracks: equal hashes mean equal tracks. 16 hex digits.

    `ignore` is left out while it is None, so that tracks stored before it existed are found.
    """
    decisive = {
        name: value for name, value in asdict(analysis).items() if name != "ignore" or value is not None
    }
    what = json.dumps({"version": TRACKS_VERSION, **decisive}, sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()[:16]
