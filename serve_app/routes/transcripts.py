"""Routes of a video's transcript: what is said, and the work on it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from cluster.contract.results import TranscriptStatus
from serve_app.context import VideoId, context_of
from serve_app.videos.transcripts import transcript_status
from serve_app.web.problems import declared

router = APIRouter(tags=["results"])


@router.get(
    "/videos/{video_id}/transcript",
    summary="What is said: sentences and words with their times",
    responses=declared("not_found", "invalid_request", "unavailable"),
)
def get_transcript(request: Request, video_id: VideoId) -> TranscriptStatus:
    """It is written down after the segments are there. `state` says how far that is; `none`: there is no
    sound, or the settings say `words: off`. While no speech model is installed it stays `queued`.
    """
    services = context_of(request).services
    return transcript_status(services, services.jobs.get(video_id))


@router.post(
    "/videos/{video_id}/transcript/cancel",
    summary="Stop writing down what is said",
    responses=declared("cross_site", "not_found", "conflict", "invalid_request", "unavailable"),
)
def cancel_transcript(request: Request, video_id: VideoId) -> TranscriptStatus:
    """At once if nothing works on it, within seconds otherwise. The segments stay as they are."""
    services = context_of(request).services
    video = services.jobs.get(video_id)
    services.jobs.transcripts.cancel(video_id)
    return transcript_status(services, video, with_words=False)


@router.post(
    "/videos/{video_id}/transcript/retry",
    status_code=202,
    summary="Write down again what is said, after a failure or a cancellation",
    responses=declared("cross_site", "not_found", "conflict", "invalid_request", "unavailable"),
)
def retry_transcript(request: Request, video_id: VideoId) -> TranscriptStatus:
    """What was heard before is used again."""
    services = context_of(request).services
    video = services.jobs.get(video_id)
    services.require_for_new_work()
    services.jobs.transcripts.retry(video_id)
    return transcript_status(services, video, with_words=False)
