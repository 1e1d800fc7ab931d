"""Revisions: results of a video under other settings, made from its stored tracks; listed and compared."""

from __future__ import annotations

from cluster.client.requests import Json, fetched, given, new_key
from cluster.client.steps import Op
from cluster.client.types import Comparison, Level, Preview, Revision, Video
from cluster.contract.protocol import IDEMPOTENCY_KEY


def resegment(
    video_id: str,
    *,
    preset: str | None = None,
    settings: Json | None = None,
    idempotency_key: str | None = None,
) -> Op[Video]:
    """Makes a new revision without decoding again; follow it with `wait`."""
    queued: Video = yield from fetched(
        "POST",
        f"/videos/{video_id}/resegment",
        json=given(preset=preset, settings=settings),
        headers={IDEMPOTENCY_KEY: idempotency_key or new_key()},
    )
    return queued


def preview(
    video_id: str,
    *,
    preset: str | None = None,
    settings: Json | None = None,
    level: Level | None = None,
) -> Op[Preview]:
    """Computes the result of `resegment` and stores nothing."""
    asked = given(preset=preset, settings=settings, level=level) | {"dry_run": True}
    found: Preview = yield from fetched("POST", f"/videos/{video_id}/resegment", json=asked)
    return found


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
