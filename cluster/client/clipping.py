"""Clip orders: the server cuts segments of a video into files of their own, on the pool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cluster.client.following import until_ended
from cluster.client.requests import Json, each, fetched, given, new_key, request
from cluster.client.saving import saved
from cluster.client.steps import Flow, Op
from cluster.client.types import TERMINAL_STATES, Clips, Level
from cluster.client.uploading import OUTAGE_PATIENCE_S
from cluster.contract.protocol import IDEMPOTENCY_KEY
from cluster.contract.vocabulary import ClipMode


def make_clips(
    video_id: str,
    *,
    level: Level | None = None,
    mode: ClipMode | None = None,
    select: Json | None = None,
    pattern: str | None = None,
    idempotency_key: str | None = None,
    revision: int | None = None,
    **more: Any,
) -> Op[Clips]:
    """Cut a video into files: `exact` to the frame, or `copy` at keyframes without encoding again.

    `select`, `pattern` and `more` (container, crf, preset, height, sound, max_clips) as `POST
    /videos/{id}/clips` takes them. `revision`: of which result `select` names segments by number;
    ConflictError (`revision_moved_on`) when the video has another one by now. None: whichever it has.
    """
    made: Clips = yield from fetched(
        "POST",
        f"/videos/{video_id}/clips",
        params=given(revision=revision),
        json=given(level=level, mode=mode, select=select, pattern=pattern, **more),
        headers={IDEMPOTENCY_KEY: idempotency_key or new_key()},
    )
    return made


def clips(video_id: str) -> Flow[Clips]:
    """Lists the clip orders of a video, newest first, without their files."""
    yield from each(f"/videos/{video_id}/clips", {}, lambda clips: clips["id"])


def clips_of(video_id: str, clips_id: str, *, files: bool = True) -> Op[Clips]:
    """One clip order, with its files unless the caller leaves them out."""
    params = {} if files else {"files": "false"}
    found: Clips = yield from fetched("GET", f"/videos/{video_id}/clips/{clips_id}", params=params)
    return found


def wait_for_clips(
    video_id: str,
    clips_id: str,
    *,
    on_clips: Callable[[Clips], None] | None = None,
    poll_s: float = 0.5,
    patience_s: float = OUTAGE_PATIENCE_S,
) -> Op[Clips]:
    """Polls until a clip order is done, failed or cancelled; returns the order with its files.

    Goes on while the API restarts: UnavailableError only after `patience_s` without an answer.
    """

    def ask() -> Op[Clips]:
        seen = yield from clips_of(video_id, clips_id, files=False)
        return (yield from clips_of(video_id, clips_id)) if seen["state"] in TERMINAL_STATES else seen

    return (yield from until_ended(ask, TERMINAL_STATES, on_clips, poll_s, patience_s))


def cancel_clips(video_id: str, clips_id: str) -> Op[Clips]:
    """Stops a clip order."""
    stopped: Clips = yield from fetched("POST", f"/videos/{video_id}/clips/{clips_id}/cancel")
    return stopped


def retry_clips(video_id: str, clips_id: str) -> Op[Clips]:
    """Queues a failed or cancelled clip order again; files that were made are kept."""
    queued: Clips = yield from fetched("POST", f"/videos/{video_id}/clips/{clips_id}/retry")
    return queued


def delete_clips(video_id: str, clips_id: str) -> Op[None]:
    """Removes a clip order and its files."""
    yield from request("DELETE", f"/videos/{video_id}/clips/{clips_id}")


def save_clip(
    video_id: str,
    clips_id: str,
    name: str,
    target: Path,
    *,
    sha256: str | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Op[str]:
    """Downloads a file of a clip order: a clip, `manifest.json` or `clips.jsonl`. Returns its SHA-256; see
    `saved`.
    """
    path = f"/videos/{video_id}/clips/{clips_id}/files/{name}"
    return (yield from saved(path, target, sha256=sha256, on_bytes=on_bytes))


def save_archive(
    video_id: str, clips_id: str, target: Path, *, on_bytes: Callable[[int], None] | None = None
) -> Op[str]:
    """Downloads all files of a clip order as one zip. Returns its SHA-256; see `saved`."""
    return (yield from saved(f"/videos/{video_id}/clips/{clips_id}/archive", target, on_bytes=on_bytes))
