"""A video as the result that readers see has it: with the settings and the tracks from which that was made.

The row of the video has those of the newest analysis. They are others while a finished video is decoded again
for another stream, and after an earlier result was chosen. Knows the stores; no HTTP but its problems.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cluster.errors import ConflictError, NotFoundError
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video
from serve_app.web.problems import Problem

UNKNOWN_TRACKS = (
    "It was not written down from which analysis this result was made, so the frames that it counts are not "
    "known. Segment the video again (`resegment`); its corrections are kept."
)
"""For people: an earlier result, of before that was written down."""


@dataclass(frozen=True, slots=True)
class Shown:
    """`video`: with `settings`, `preset` and `tracks_hash` of its current revision, whose timeline is
    `timeline_id`."""

    video: Video
    timeline_id: str
    tracks_hash: str


def as_shown(jobs: Jobs, video_id: str, otherwise: str) -> Shown:
    """The video as its current revision has it.

    Problem `not_ready` for a video without a result, which says `otherwise` what to wait for; ConflictError
    when nobody knows from which tracks the result was made; NotFoundError.
    """
    video = jobs.get(video_id)
    if video.timeline_id is None:
        raise Problem("not_ready", f"The video is {video.state.value}; {otherwise}.")
    try:
        made = jobs.revisions.get(video_id, video.revision)
    except NotFoundError:  # deleted, or another one became current between the two reads
        raise ConflictError("The result has just been changed. Try again in a moment.") from None
    if made.tracks_hash is None:
        raise ConflictError(UNKNOWN_TRACKS)
    as_made = replace(video, settings=made.settings, preset=made.preset, tracks_hash=made.tracks_hash)
    return Shown(as_made, made.timeline_id, made.tracks_hash)
