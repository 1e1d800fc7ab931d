"""Routes of a video's result: segments, audio track, curves, exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from cluster.contract import index_ranges
from cluster.contract.pages import MAX_PAGE_ITEMS, SEGMENTS_PAGE_ITEMS
from cluster.contract.problems import FieldProblem
from cluster.contract.results import AudioTrack, Segment, SegmentList, Signals, TranscriptStatus
from cluster.contract.vocabulary import Level, Role
from cluster.stores.documents import has_sound_only, segment_document
from cluster.stores.mongodb.timelines import timeline_of_cursor
from cluster.stores.page import Page
from cluster.stores.postgres.video import Video
from serve_app import exports
from serve_app.context import Context, Cursor, SameRevision, VideoId, context_of, root_of
from serve_app.exports.blocks import in_blocks
from serve_app.routes.answering.links import with_signed_images
from serve_app.services import ApiServices
from serve_app.videos.files.keyframes import keyframe_image
from serve_app.videos.lost import check_not_lost
from serve_app.videos.numbering import check_revision
from serve_app.videos.signals import DEFAULT_POINTS, MAX_POINTS, signals_of
from serve_app.videos.transcripts import transcript_status, words_of
from serve_app.web.filetypes import content_disposition
from serve_app.web.pacing import paced
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["results"])

Second = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False)]


SHOWN_PAGE_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
)
"""Content-Security-Policy of an exported page that the browser shows from here: images and style are in it,
and it runs nothing."""


@router.get(
    "/videos/{video_id}/segments",
    summary="Shots, scenes and chapters in time order",
    responses=declared("bad_cursor", "not_found", "result_lost", "invalid_request", "unavailable"),
)
def list_segments(
    request: Request,
    response: Response,
    video_id: VideoId,
    level: Annotated[Level | None, Query(description="One level; all three if left out")] = None,
    label: Annotated[str | None, Query(max_length=100, description="Only segments with this label")] = None,
    tag: Annotated[
        str | None, Query(max_length=100, description="Only segments whose picture has it")
    ] = None,
    min_confidence: Annotated[
        float | None,
        Query(ge=0, le=1, description="Of the boundary a segment starts with; the video's start is certain"),
    ] = None,
    role: Annotated[Role | None, Query(description="Only segments with this role")] = None,
    from_s: Annotated[Second, Query(description="Only segments that end after this")] = None,
    to_s: Annotated[Second, Query(description="Only segments that start before this")] = None,
    revision: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="An earlier result, see `revisions`")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ITEMS)] = SEGMENTS_PAGE_ITEMS,
    cursor: Cursor = None,
) -> SegmentList:
    """Provisional shots while the work goes on, the final tree after. A page never mixes two revisions.

    A cursor leads on in the revision it came from for as long as that is kept; one of provisional shots leads
    on in the final ones, behind the frame it stands at. The `ETag` of final segments is their revision in
    quotation marks, for `If-Match` of a correction. Parts of a video are done in any order: provisional
    shots of a part that comes late may lie before the cursor, the final ones have them all.
    """
    services = context_of(request).services
    video = services.jobs.get(video_id)
    number, timeline_id = _shown(services, video, revision, cursor)
    if timeline_id is None:  # the shots of the chunks are those of the whole file
        from_s, to_s = _within_part(video.settings, from_s, to_s)
    find: Callable[..., Page[dict[str, Any]]] = (
        partial(services.results.segments, timeline_id)
        if timeline_id is not None
        else partial(services.results.provisional_segments, video.tracks_key, video.tracks_hash)
    )
    page = find(level, label, from_s, to_s, limit, cursor, tag=tag, min_confidence=min_confidence, role=role)
    root = root_of(request)
    if timeline_id is not None:
        if not page.items:
            check_not_lost(services, video_id, timeline_id)
        response.headers["ETag"] = f'"{number}"'
    return SegmentList(
        items=with_signed_images(
            request, video_id, [segment_document(item, video_id, root) for item in page.items]
        ),
        next_cursor=page.next_cursor,
        state="provisional" if timeline_id is None else "final",
        revision=number,
    )


def _within_part(
    settings: Mapping[str, Any], from_s: float | None, to_s: float | None
) -> tuple[float | None, float | None]:
    """The times that are asked for, no wider than the part that is segmented."""
    starts = [time_s for time_s in (from_s, settings.get("from_s")) if time_s is not None]
    ends = [time_s for time_s in (to_s, settings.get("to_s")) if time_s is not None]
    return max(starts, default=None), min(ends, default=None)


def _shown(
    services: ApiServices, video: Video, revision: int | None, cursor: str | None
) -> tuple[int, str | None]:
    """Number and timeline of the revision to list: the requested one, the cursor's, or the current one.

    NotFoundError when the requested one is not kept.
    """
    if revision is not None:
        found = services.jobs.revisions.get(video.id, revision)
        return found.revision, found.timeline_id
    begun = timeline_of_cursor(cursor) if cursor is not None else None
    if begun is not None and begun != video.timeline_id:
        for kept in services.jobs.revisions.list_all(video.id):
            if kept.timeline_id == begun:
                return kept.revision, begun
    return video.revision, video.timeline_id


@router.get(
    "/videos/{video_id}/audio-track",
    summary="What is heard, in time order",
    responses=declared("not_found", "not_ready", "result_lost", "invalid_request", "unavailable"),
)
def get_audio_track(request: Request, video_id: VideoId) -> AudioTrack:
    """Classes of sound and their loudness: the `audio_track` of the json export."""
    video, document = _finished(context_of(request), video_id)
    return AudioTrack(items=document.get("audio_track") or [], revision=video.revision)


@router.get(
    "/videos/{video_id}/signals",
    summary="The curves behind the decision",
    responses=declared("not_found", "not_ready", "result_lost", "invalid_request", "unavailable"),
)
def get_signals(
    request: Request,
    video_id: VideoId,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="Spans per curve")] = DEFAULT_POINTS,
) -> Signals:
    """Each curve as its lowest and highest value in equal spans of the video, so that no peak is lost."""
    video, document = _finished(context_of(request), video_id)
    return signals_of(document, video.revision, points)


@router.get(
    "/videos/{video_id}/export",
    summary="The result in a format other tools read",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": {
                kind: {"schema": {"type": "object" if kind.endswith("json") else "string"}}
                for kind in exports.MEDIA_TYPES
            },
        },
        **declared(
            "unknown_format",
            "not_found",
            "not_ready",
            "result_lost",
            "revision_moved_on",
            "invalid_request",
            "no_picture",
            "no_words",
            "unavailable",
        ),
    },
)
def export(
    request: Request,
    video_id: VideoId,
    format_: Annotated[
        str, Query(alias="format", max_length=40, json_schema_extra={"enum": list(exports.FORMATS)})
    ],
    level: Annotated[Level | None, Query(description="One level; what the format takes if left out")] = None,
    segments: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=index_ranges.MAX_CHARS,
            pattern=index_ranges.PATTERN,
            description="Only these of the level: numbers (`index`) and ranges of them, such as `0-3,7`",
        ),
    ] = None,
    revision: SameRevision = None,
    inline: Annotated[bool, Query(description="`html` only: for a browser to show, not to store")] = False,
) -> Response:
    """`json` is the document of `scenestream segment --json`. `edl`, `otio`, `fcpxml` and `fcp7xml` cut the
    film, on the frames of the nearest rate that editing tools know, where `resolve_markers` lie as well;
    `webvtt`, `ffmetadata`, `mkvchapters` and `youtube` are chapters, `keyframes` first frames, `html` a page.
    `srt` and `captions` (WebVTT) are subtitles of what is said, `text` is its words; they are there when the
    transcript is done.

    With `segments` a cut film has only these, end to end, each the same frames as in the whole; all other
    formats leave the others out. `json`, `csv` and `mkvchapters` then need a `level`. `youtube`,
    `html` and the formats of words are of the whole video only.
    """
    chosen = exports.FORMATS.get(format_)
    if chosen is None:
        raise Problem("unknown_format", f"There is no format {format_!r}; use {', '.join(exports.FORMATS)}.")
    context = context_of(request)
    video, document = _finished(context, video_id)
    check_revision(video, revision)
    if chosen.needs_picture and has_sound_only(document.get("media")):
        raise Problem(
            "no_picture",
            f"The file has sound only, and {format_} says how a picture is cut. Use "
            f"{', '.join(name for name, kind in exports.FORMATS.items() if not kind.needs_picture)}.",
        )
    words = words_of(context.services, video)
    if chosen.needs_words and words.transcript is None:
        _check_words(transcript_status(context.services, video, with_words=False))
    assert video.timeline_id is not None
    rows = context.services.results.all_segments(video.timeline_id)
    taken = level or chosen.default_level
    only = None if segments is None else _only(format_, segments, taken, rows)
    root = root_of(request)
    content = chosen.write(
        exports.Export(
            filename=video.filename,
            media=document.get("media") or {},
            settings=document.get("settings") or {},
            audio_track=document.get("audio_track") or [],
            segments=[segment_document(row, video.id, root) for row in rows],
            level=taken,
            only=only,
            image=_images_of(context, video, rows),
            warnings=document.get("warnings") or [],
            transcript=words.transcript,
            screen_text=words.screen_text,
        )
    )
    shown = inline and format_ == "html"
    kind = "inline" if shown else "attachment"
    headers = {"Content-Disposition": content_disposition(kind, chosen.filename(video.filename))}
    if shown:
        headers["Content-Security-Policy"] = SHOWN_PAGE_POLICY
    if isinstance(content, str):
        return Response(content, media_type=chosen.media_type, headers=headers)
    return StreamingResponse(
        paced(in_blocks(content), context.limits.readers), media_type=chosen.media_type, headers=headers
    )


def _only(format_: str, asked: str, level: Level | None, rows: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    """The numbers of a request for some segments. Problem `invalid_request` where the format does not take
    them, no level says of what they are, or one of them is not there."""
    if not exports.FORMATS[format_].takes_segments:
        can = ", ".join(name for name, kind in exports.FORMATS.items() if kind.takes_segments)
        raise _wrong_segments(f"{format_} is always of the whole video; of some segments there are {can}.")
    if level is None:
        raise _wrong_segments(f"With {format_}, say with `level` of which level they are.")
    try:
        ranges = index_ranges.parse_index_ranges(asked)
    except ValueError as error:
        raise _wrong_segments(str(error)) from error
    there = [row["index"] for row in rows if row["level"] == level]
    if ranges.last >= len(there):
        raise _wrong_segments(f"There is no {level} {ranges.last}: there are {len(there)}, counted from 0.")
    return frozenset(index for index in there if index in ranges)


def _wrong_segments(message: str) -> Problem:
    where = "query.segments"
    return Problem("invalid_request", message, errors=[FieldProblem(where=where, message=message)])


def _finished(context: Context, video_id: str) -> tuple[Video, dict[str, Any]]:
    video = context.services.jobs.get(video_id)
    document = context.services.results.timeline(video.timeline_id) if video.timeline_id else None
    if document is None and video.timeline_id:
        check_not_lost(context.services, video_id, video.timeline_id)
    if document is None:
        raise Problem(
            "not_ready",
            f"The video is {video.state.value}; its result is there when it is done. See its events.",
        )
    return video, document


def _check_words(status: TranscriptStatus) -> None:
    """Problem where there are no words and nothing was said wrong by an empty file: later, or never."""
    if status.state in ("queued", "running"):
        raise Problem(
            "not_ready",
            f"The transcript is {status.state}. It comes after the segments; its address tells how far.",
        )
    if status.state == "none":
        raise Problem(
            "no_words",
            "This video has no transcript: it has no sound, its settings say `words: off`, or it was "
            "segmented before words were written down; then POST …/transcript/retry begins one.",
        )
    if status.state != "done":
        raise Problem(
            "no_words", f"The transcript is {status.state}. POST …/transcript/retry begins it again."
        )


def _images_of(
    context: Context, video: Video, rows: Sequence[Mapping[str, Any]]
) -> Callable[[Segment], bytes | None]:
    """A function that reads the keyframe of a segment."""
    frames = {(row["level"], row["index"]): row.get("thumbnail") for row in rows}

    def read(segment: Segment) -> bytes | None:
        frame = frames[segment.level, segment.index]
        return None if frame is None else keyframe_image(context.services.media, video, frame)

    return read
