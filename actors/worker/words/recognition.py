"""What a recogniser must be able to do, so that its work is divided into tasks that are stored one by one.

Knows neither speech nor pictures, and no store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from actors.segmentation.errors import Cancelled
from actors.segmentation.planning.plan import Plan
from actors.segmentation.tracks import ChunkTracks
from actors.worker.state import WorkState


@dataclass(frozen=True, slots=True)
class Outline:
    """Where there is something to recognise. payload: for `Recognition.group`; groups: into how many tasks it
    is divided; language: of speech, where it was found."""

    payload: bytes = field(repr=False)
    groups: int
    language: str | None = None


def getting_on(state: WorkState) -> None:
    """A sign of life in the middle of a task; Cancelled if the work is to stop."""
    if state.should_stop():
        raise Cancelled
    state.step()


class Media(Protocol):
    """The video's file."""

    def __call__(self) -> Path:
        """The path of a local copy, which is there until the task ends."""


class Recognition(Protocol):
    """One way of recognising. All of it is deterministic, so a task that is done twice stores the same.

    Methods that read the file may raise MediaError and Cancelled.
    """

    def name(self) -> str | None:
        """The recogniser, part of the key that results are stored under; None where none is installed."""

    def outline(self, plan: Plan, tracks: Iterable[ChunkTracks], media: Media, state: WorkState) -> Outline:
        """Finds where there is something to recognise. tracks: read from the store one chunk after the
        other."""

    def group(
        self, plan: Plan, outline: Outline, group: int, media: Media, state: WorkState
    ) -> list[dict[str, Any]]:
        """Recognises one group. Rows of JSON types."""

    def join(self, plan: Plan, outline: Outline, rows: Sequence[dict[str, Any]], state: WorkState) -> Any:
        """The contract's document of all rows, in the order of the groups; empty or None where nothing was
        found."""
