"""What the fake API does with corrections by hand: starts become segments in a new revision.

Of a video with a variable frame rate the segments stay; what was asked is kept in `corrected`. Levels
that a correction does not name stay as they are: nothing is joined or split for another one's sake.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request

from tests.support.api.shapes import FRAMES_PER_S, segment
from tests.support.api.switch import problem

if TYPE_CHECKING:
    from tests.support.api.fake import FakeApi
    from tests.support.api.video import FakeVideo

LEVELS = ("shot", "scene", "chapter")


def add_routes(app: FastAPI, api: FakeApi) -> None:
    """`PUT …/segments` of the API's videos."""

    async def correct(video_id: str, request: Request) -> Any:
        video = api.videos[video_id]
        revision = video.document["revision"]
        if request.headers["if-match"] != f'"{revision}"':
            return problem(412, "revision_conflict", "Another result is current.")
        asked = await request.json()
        video.corrected.append(asked)
        for level in LEVELS:
            if f"{level}s" in asked and not _is_variable(video):
                _start_at(video, level, asked[f"{level}s"])
        api.change(video, revision=revision + 1)
        return {"revision": revision + 1}

    app.add_api_route("/videos/{video_id}/segments", correct, methods=["PUT"])


def _is_variable(video: FakeVideo) -> bool:
    return video.frames is not None and len(video.frames["runs"]) > 1


def _start_at(video: FakeVideo, level: str, starts: list[Any]) -> None:
    """Replace a level's segments by those that begin there; the first begins where it did."""
    before = video.segments[level]
    first, end = before[0]["start_frame"], before[-1]["end_frame"]
    titles = {start["start_frame"]: start.get("title") for start in starts}
    labels = {one["start_frame"]: one["label"] for one in before}
    frames = sorted({first, *titles})
    video.segments[level] = [
        segment(
            level,
            place,
            begin / FRAMES_PER_S,
            until / FRAMES_PER_S,
            label=titles.get(begin) or labels.get(begin, ""),
        )
        for place, (begin, until) in enumerate(pairwise([*frames, end]))
    ]
