"""Queues orders of clips, and makes the documents that describe them. Knows the stores; no route."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from cluster.clips.orders import chosen, cut_options
from cluster.contract.clips import ClipDocument, ClipOrder, ClipProgress, ClipsDocument, ClipsWithFiles
from cluster.contract.pages import MAX_PAGE_ITEMS
from cluster.contract.videos import Failure
from cluster.stores.documents import has_sound_only
from cluster.stores.ids import new_id
from cluster.stores.postgres.clips.job import ClipFile, ClipJob, ClipState
from cluster.stores.postgres.video import Video
from serve_app.services import ApiServices
from serve_app.videos.lost import check_not_lost
from serve_app.videos.numbering import check_revision
from serve_app.videos.shown import as_shown
from serve_app.web.problems import Problem

CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".mkv": "video/x-matroska",
    ".json": "application/json",
    ".jsonl": "text/plain; charset=utf-8",  # lines of JSON have no registered type
}

LinkMaker = Callable[[str], str]
"""Makes the address of a path below the API's prefix, signed where the API needs keys."""


def place_order(
    services: ApiServices,
    video_id: str,
    order: ClipOrder,
    idempotency_key: str | None,
    revision: int | None = None,
) -> tuple[ClipJob, bool]:
    """Choose the segments and queue their cutting. Returns the order, and whether this call made it.

    For an idempotency key used before, returns the earlier order, whatever has happened to the video since.
    Raises Problem `not_ready`, `no_picture`, `revision_moved_on` when the result is another one than
    `revision`, ConflictError when its frames are not known, and what `cluster.clips.orders.chosen`,
    `ClipJobs.of_key` and `ClipJobs.create` raise.
    """
    asked = order.model_dump(mode="json")
    if idempotency_key is not None:
        earlier = services.jobs.clips.of_key(video_id, idempotency_key, asked)
        if earlier is not None:
            return earlier, False
    shown = as_shown(services.jobs, video_id, "clips are cut when it has been segmented")
    video = shown.video
    check_revision(video, revision)
    made = services.results.timeline(shown.timeline_id)
    if made is None:
        check_not_lost(services, video_id, shown.timeline_id)
    media = (
        (made or {}).get("media") or video.media or {}
    )  # that of the video may be of another stream already
    if has_sound_only(media):
        raise Problem("no_picture", "The file has sound only; clips are cut of files with a picture.")
    options = cut_options(order, media)
    segments = _segments(services, shown.timeline_id, order.level)
    wanted = chosen(order, segments, video.filename, f".{options['container']}")
    return services.jobs.clips.create(
        clips_id=new_id(),
        video_id=video.id,
        clip_order=asked,
        options=options,
        wanted=wanted,
        media_key=video.media_key,
        tracks_key=video.tracks_key,
        tracks_hash=shown.tracks_hash,
        revision=video.revision,
        idempotency_key=idempotency_key,
    )


def _segments(services: ApiServices, timeline_id: str, level: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = services.results.segments(timeline_id, level, limit=MAX_PAGE_ITEMS, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def path_of(job: ClipJob) -> str:
    """Path of the order below the API's prefix."""
    return f"/videos/{job.video_id}/clips/{job.id}"


def has_archive(job: ClipJob) -> bool:
    """Whether the order has an archive: at least one clip is made, and no more will be made."""
    return job.made > 0 and job.state in (ClipState.DONE, ClipState.FAILED)


def clips_document(job: ClipJob, link: LinkMaker) -> ClipsDocument:
    """The order's document, without its files."""
    error = None
    if job.error_code is not None:
        error = Failure(code=job.error_code, message=job.error_message or "")
    settled = job.made + job.not_made
    order = job.clip_order
    return ClipsDocument(
        id=job.id,
        video_id=job.video_id,
        state=job.state.value,
        level=order["level"],
        mode=order["mode"],
        settings={**job.options, "pattern": order["pattern"], "select": order["select"]},
        revision=job.revision,
        progress=ClipProgress(
            fraction=settled / job.total, done=job.made, failed=job.not_made, total=job.total
        ),
        error=error,
        attempt=job.attempt,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        archive=link(f"{path_of(job)}/archive") if has_archive(job) else None,
    )


def with_files(job: ClipJob, files: Sequence[ClipFile], link: LinkMaker) -> ClipsWithFiles:
    """The order's document with the clips made so far."""
    documents = [clip_document(job, file, link) for file in files]
    return ClipsWithFiles(**clips_document(job, link).model_dump(), files=documents)


def clip_document(job: ClipJob, file: ClipFile, link: LinkMaker) -> ClipDocument:
    """The document of one clip. Its url is None until the file is made."""
    entry = file.entry
    actual = entry.get("actual") or {}
    shown = ("index", "label", "start_frame", "end_frame", "start_s", "end_s")
    measured = ("start_frame", "end_frame", "start_s", "end_s")
    return ClipDocument.model_validate(
        {
            "name": entry["file"],
            "url": link(f"{path_of(job)}/files/{entry['file']}") if file.made else None,
            "bytes": entry.get("bytes"),
            "sha256": entry.get("sha256"),
            **{name: entry[name] for name in shown},
            **{f"actual_{name}": actual.get(name) for name in measured},
            "error": entry.get("error"),
        }
    )


def archive_name(video: Video, job: ClipJob) -> str:
    """File name of the zip archive."""
    return f"{PurePath(video.filename).stem or 'video'}-{job.clip_order['level']}s.zip"
