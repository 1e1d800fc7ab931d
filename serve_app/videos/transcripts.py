"""What is said and shown in a video, as far as it is recognised: the state of that work, then the words.

Knows the stores and the contract's shapes; no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.contract.events import WordsNews
from cluster.contract.results import ShownText, Transcript, TranscriptStatus
from cluster.contract.videos import Failure
from cluster.contract.wire.videos import Failure as FailureNews
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
    words = _stored(services, video, job) if with_words and job is not None else Words()
    news = words_news(job)
    return TranscriptStatus(
        state=news["state"],
        fraction=news["fraction"],
        error=None if news["error"] is None else Failure(**news["error"]),
        revision=video.revision,
        transcript=None if words.transcript is None else Transcript.model_validate(words.transcript),
        screen_text=None
        if words.screen_text is None
        else [ShownText.model_validate(entry) for entry in words.screen_text],
    )


def words_news(job: TranscriptJob | None) -> WordsNews:
    """How far the words are; None: there are none."""
    if job is None:
        return {"state": "none", "fraction": 0.0, "error": None}
    error: FailureNews | None = None
    if job.error_code is not None:
        error = {"code": job.error_code, "message": job.error_message or ""}
    if job.waits_for_model:  # all else is done, and what is said comes when there is one
        return {"state": "queued", "fraction": 0.0, "error": error}
    return {"state": job.state.value, "fraction": _fraction(job), "error": error}


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
