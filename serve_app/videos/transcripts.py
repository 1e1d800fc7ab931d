"""What is said and shown in a video, as far as it is recognised: the state of that work, then the words.

Knows the stores and the contract's shapes; no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.contract.results import ShownText, Transcript, TranscriptStatus
from cluster.contract.videos import Failure
from cluster.stores.postgres.video import Video
from cluster.stores.postgres.words.job import TranscriptJob, TranscriptState
from serve_app.services import ApiServices


@dataclass(frozen=True, slots=True)
class Words:
    """What is known: the contract's `transcript` and `screen_text`. None for each that is not there (yet);
    `transcript` also where nothing is said."""

    transcript: dict[str, Any] | None = None
    screen_text: list[dict[str, Any]] | None = None


def transcript_status(services: ApiServices, video: Video, *, with_words: bool = True) -> TranscriptStatus:
    """The contract's answer. `with_words` False: the state alone."""
    job = services.jobs.transcripts.shown(video)
    if job is None:
        return TranscriptStatus(
            state="none",
            fraction=0.0,
            error=None,
            revision=video.revision,
            transcript=None,
            screen_text=None,
        )
    words = _stored(services, video, job) if with_words else Words()
    return TranscriptStatus(
        # without a model all else may be done, and what is said comes when there is one
        state="queued" if job.waits_for_model else job.state.value,
        fraction=0.0 if job.waits_for_model else _fraction(job),
        error=None
        if job.error_code is None
        else Failure(code=job.error_code, message=job.error_message or ""),
        revision=video.revision,
        transcript=None if words.transcript is None else Transcript.model_validate(words.transcript),
        screen_text=None
        if words.screen_text is None
        else [ShownText.model_validate(entry) for entry in words.screen_text],
    )


def words_of(services: ApiServices, video: Video) -> Words:
    """What is known of a video's words."""
    job = services.jobs.transcripts.shown(video)
    return Words() if job is None else _stored(services, video, job)


def words_reference(services: ApiServices, video: Video, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Where the words for a result of the video under `settings` are stored; empty where there are none
    yet."""
    job = services.jobs.transcripts.find(video.id)
    return {} if job is None else job.stored(settings)


def _stored(services: ApiServices, video: Video, job: TranscriptJob) -> Words:
    """There once it was done, also while it is queued again for another result of the video."""
    found = services.results.words_at(video.tracks_key, job.reference(video.settings, job.model, job.reader))
    return Words(found["transcript"], found["screen_text"])


def _fraction(job: TranscriptJob) -> float:
    if job.state is TranscriptState.DONE:
        return 1.0
    return round(job.groups_done / job.groups_total, 4) if job.groups_total else 0.0
