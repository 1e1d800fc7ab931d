"""Makes corrections by hand a revision of their video.

The fuser assembles the segments from the stored tracks, under a timeline id that nobody else writes; then one
transaction makes it the current revision, if the one that was corrected still is. Knows the stores; no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog

from cluster.contract.corrections import CorrectionsRequest
from cluster.contract.vocabulary import Level
from cluster.errors import ConflictError, ScenestreamError, UnavailableError
from cluster.stores.ids import new_id
from cluster.stores.mongodb.timeline_ids import timeline_id
from cluster.stores.outdated import drop_outdated
from cluster.stores.postgres.revisions import EXACT, Revision
from cluster.stores.postgres.video import Video, VideoState
from serve_app.services import ApiServices
from serve_app.videos.fuser import FuserOutcome, ask_fuser
from serve_app.videos.lost import check_not_lost
from serve_app.videos.revising.corrections import corrected
from serve_app.videos.transcripts import words_reference
from serve_app.web.problems import Problem

_log = structlog.get_logger(__name__)

_NEEDS_DECODE = "needs_decode"
"""Code of the fuser's error: `actors.tasks.CODE_NEEDS_DECODE`."""

Ask = Callable[..., FuserOutcome]


def fuser_of(services: ApiServices) -> Ask:
    """What asks the fuser of an installation for a timeline."""
    return partial(ask_fuser, services.settings.ray_namespace, "fuse")


def correct(
    services: ApiServices, ask: Ask, video_id: str, revision: int, asked: CorrectionsRequest
) -> Revision:
    """The new revision, made from the current one, which must be `revision`.

    Problem `revision_moved_on` when it is not, `invalid_request` for starts that cannot be. ConflictError
    unless the video is done, NotFoundError when there is none; UnavailableError when the fuser does not
    answer.
    """
    jobs, results = services.jobs, services.results
    video = jobs.get(video_id)
    _check_current(video, revision)
    assert video.timeline_id is not None
    base = jobs.revisions.get(video_id, revision)
    segments = results.all_segments(video.timeline_id)
    if not segments:
        check_not_lost(services, video_id, video.timeline_id)
        raise ConflictError("The video was changed at the same moment; read its segments again.")
    made = corrected(segments, base.corrections or {}, asked)
    number = video.newest_revision + 1
    name = timeline_id(video_id, f"{number}.{new_id()}", video.lease_epoch)
    with_words = _fuse(services, ask, video, made.exact, revision=number, timeline_id=name)
    try:
        stored = jobs.revisions.correct(
            video_id,
            base=revision,
            revision=number,
            timeline_id=name,
            corrections={EXACT: True, **made.kept},
            note=asked.note,
            with_words=with_words,
        )
    except UnavailableError:
        _log.warning("correction left behind", video_id=video_id, timeline_id=name)  # it may be committed
        raise
    if stored is None:
        _drop(services, name)
        _check_current(jobs.get(video_id), revision)
        raise ConflictError("The video was changed at the same moment; send the corrections again.")
    kept = services.settings.bridge.revisions_kept
    drop_outdated(jobs, results, video_id, epoch=video.lease_epoch, revisions_kept=kept)
    return stored


def _check_current(video: Video, revision: int) -> None:
    if video.state is not VideoState.DONE:
        raise ConflictError(
            f"The video is {video.state}; it is corrected while it is done. Wait for its end."
        )
    if video.revision != revision:
        raise Problem(
            "revision_moved_on",
            f"Revision {revision} was corrected, and the video has revision {video.revision} by now. Read "
            "its segments, make the corrections there, and send them with that revision.",
            headers={"ETag": f'"{video.revision}"'},
        )


def _fuse(services: ApiServices, ask: Ask, video: Video, exact: Mapping[Level, Any], **more: Any) -> bool:
    """Has the timeline stored; returns whether it has the words that are stored."""
    words = words_reference(services, video, video.settings)
    outcome = ask(video, video.settings, words=words, corrections={EXACT: exact}, **more)
    if outcome.error_code == _NEEDS_DECODE:
        raise ConflictError(
            "This revision was made from another stream, or by another version, and what was measured then "
            "is not stored any more. Segment the video again (POST …/resegment), then correct the result."
        )
    if outcome.error_code:
        raise ConflictError(outcome.message)
    return bool(outcome.result["with_words"])


def _drop(services: ApiServices, name: str) -> None:
    try:
        services.results.drop_timeline(name)
    except ScenestreamError as error:  # no reader sees it, and it goes with the video at the latest
        _log.warning("unused timeline kept", timeline_id=name, reason=error.message)
