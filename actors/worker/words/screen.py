"""What is shown as text: `Recognition` by the networks that read pictures.

Knows the library (`actors.segmentation.screen`); no store. The networks are loaded with the first picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan
from actors.segmentation.screen.joining import joined
from actors.segmentation.screen.loading import TextReadersLoading
from actors.segmentation.screen.pictures import Pictures, find_pictures
from actors.segmentation.screen.reading import read_pictures
from actors.segmentation.tracks import ChunkTracks, FrameTrack
from actors.worker.state import WorkState
from actors.worker.words.recognition import Media, Outline, getting_on


class ScreenRecognition:
    """`threads`: of the decoder; each reader uses one core."""

    def __init__(self, limits: Limits, *, threads: int = 1) -> None:
        self._readers = TextReadersLoading()
        self._limits = limits
        self._threads = max(1, threads)

    def name(self) -> str | None:
        """The networks' name; see Recognition. They come with the package, so there always is one."""
        return self._readers.name

    def outline(self, plan: Plan, tracks: Iterable[ChunkTracks], media: Media, state: WorkState) -> Outline:
        """Which pictures are looked at; see Recognition."""
        frames = FrameTrack.join([part.frames for part in tracks])
        pictures = find_pictures(plan, frames, partial(getting_on, state))
        return Outline(pictures.to_bytes(), pictures.group_count)

    def group(
        self, plan: Plan, outline: Outline, group: int, media: Media, state: WorkState
    ) -> list[dict[str, Any]]:
        """What stands in a group of pictures; see Recognition."""
        (reader,) = self._readers(1)
        return read_pictures(
            media(),
            plan,
            Pictures.from_bytes(outline.payload),
            reader,
            groups=range(group, group + 1),
            threads=self._threads,
            limits=self._limits,
            on_picture=state.step,
            should_stop=state.should_stop,
        )

    def join(
        self, plan: Plan, outline: Outline, rows: Sequence[dict[str, Any]], state: WorkState
    ) -> list[dict[str, Any]]:
        """The contract's screen_text; see Recognition."""
        pictures = Pictures.from_bytes(outline.payload)
        on_picture = partial(getting_on, state)
        return joined(rows, pictures, plan.index.clock, self._readers.name, on_picture).to_document()
