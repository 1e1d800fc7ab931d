"""Revisions: results of a video under other settings or corrected by hand; listed and compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cluster.client.requests import Json, fetched, given, new_key
from cluster.client.steps import Op
from cluster.client.types import Comparison, Level, Preview, Revision, Video
from cluster.contract.protocol import IDEMPOTENCY_KEY
from cluster.errors import UsageError


def resegment(
    video_id: str,
    *,
    preset: str | None = None,
    settings: Json | None = None,
    keep_corrections: bool = True,
    idempotency_key: str | None = None,
) -> Op[Video]:
    """Makes a new revision without decoding again; follow it with `wait`. `keep_corrections` False: what was
    corrected by hand is forgotten."""
    queued: Video = yield from fetched(
        "POST",
        f"/videos/{video_id}/resegment",
        json=given(preset=preset, settings=settings) | _forgetting(keep_corrections),
        headers={IDEMPOTENCY_KEY: idempotency_key or new_key()},
    )
    return queued


def preview(
    video_id: str,
    *,
    preset: str | None = None,
    settings: Json | None = None,
    level: Level | None = None,
    keep_corrections: bool = True,
) -> Op[Preview]:
    """Computes the result of `resegment` and stores nothing."""
    asked = given(preset=preset, settings=settings, level=level) | {"dry_run": True}
    asked |= _forgetting(keep_corrections)
    found: Preview = yield from fetched("POST", f"/videos/{video_id}/resegment", json=asked)
    return found


def correct(
    video_id: str,
    *,
    revision: int,
    shots: Iterable[Mapping[str, Any]] | None = None,
    scenes: Iterable[Mapping[str, Any]] | None = None,
    chapters: Iterable[Mapping[str, Any]] | None = None,
    note: str | None = None,
) -> Op[Revision]:
    """Makes corrections by hand a new revision and the current one; returns it.

    `revision`: the one that is corrected, as in the answer of `video`. Each level is the list of all its
    starts: `start_frame`, with `kind`, `from_frame`, `to_frame` for shots, `title` for scenes and chapters,
    and `locked`; None: it stays as it is. ConflictError (`revision_moved_on`) when the video has another
    revision by now, UsageError naming each start that cannot be.
    """
    lists = {"shots": shots, "scenes": scenes, "chapters": chapters}
    asked = {name: _entries(name, starts) for name, starts in lists.items() if starts is not None}
    made: Revision = yield from fetched(
        "PUT",
        f"/videos/{video_id}/segments",
        json=asked | given(note=note),
        headers={"If-Match": f'"{revision}"'},
    )
    return made


def revisions(video_id: str) -> Op[list[Revision]]:
    """Lists the stored revisions, newest first."""
    found: list[Revision] = (yield from fetched("GET", f"/videos/{video_id}/revisions"))["items"]
    return found


def choose(video_id: str, revision: int) -> Op[Video]:
    """Makes a stored revision the current one of its video again."""
    chosen: Video = yield from fetched("POST", f"/videos/{video_id}/revisions/{revision}/choose")
    return chosen


def compare(
    video_id: str, *, from_: int | None = None, to: int | None = None, level: Level | None = None
) -> Op[Comparison]:
    """The boundaries that were added, removed and moved between two revisions; by default the last two."""
    params = given(**{"from": from_, "to": to, "level": level})
    found: Comparison = yield from fetched("GET", f"/videos/{video_id}/compare", params=params)
    return found


def _entries(name: str, starts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for index, one in enumerate(starts):
        if not isinstance(one, Mapping):
            raise UsageError(f"{name}[{index}] is {one!r}; it must be a mapping with start_frame.")
        found.append(dict(one))
    return found


def _forgetting(keep_corrections: bool) -> Json:
    """What a request says of corrections; nothing where they are kept, as servers of earlier versions do not
    know the field."""
    return {} if keep_corrections else {"keep_corrections": False}
