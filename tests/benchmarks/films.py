"""The labelled videos of a folder: `NAME` beside `NAME.labels.json`; without one, the demonstration clip.

Keys of the labels: fps ("24/1"), frames, cuts [first frame of the new shot], gradual [[first mixed frame,
last, kind]]; and, where there is something to say: optional and edges [[first, last, …]] (not judged), scenes
[first frame], scene_zones [[first, last]], audio [[start_s, end_s, class]], audio_only_boundaries [second],
other_stream {stream fps frames cuts gradual}. Knows files and labels; detects nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from cluster.local.demo import clip as demo_clip

SUFFIX = ".labels.json"


@dataclass(frozen=True)
class Film:
    """A video and its truth. `group` is its folder, relative to the one that was asked for."""

    path: Path
    group: str
    labels: dict[str, Any]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def title(self) -> str:
        """Group and name."""
        return f"{self.group}/{self.name}"

    @property
    def duration_s(self) -> float:
        """As the labels have it."""
        return float(self.labels["frames"] / Fraction(self.labels["fps"]))

    def labels_for(self, frames: int | None) -> dict[str, Any]:
        """The truth for who read so many frames: of several streams, tools do not choose the same."""
        other = self.labels.get("other_stream")
        return {**self.labels, **other} if other and other["frames"] == frames else self.labels


def films_in(folder: Path) -> list[Film]:
    """All labelled videos below a folder, by path."""
    found = []
    for labels in sorted(folder.rglob(f"*{SUFFIX}")):
        video = labels.with_name(labels.name.removesuffix(SUFFIX))
        if video.exists():
            group = video.parent.relative_to(folder).as_posix()
            found.append(Film(video, group, json.loads(labels.read_text(encoding="utf-8"))))
    return found


def demonstration(folder: Path) -> Film:
    """The demonstration clip, made in `folder`."""
    path = folder / "demo.mp4"
    demo_clip.make(path)
    return Film(path, "demo", demo_clip.labels())
