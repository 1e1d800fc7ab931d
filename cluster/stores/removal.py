"""Cleans up: a deleted video's own data, its tracks if no other video uses them, and files that nobody reads.

Videos of one content share tracks and keyframes under a key (`Video.tracks_key`). A new video gets the key
only from a video that exists, so tracks that no video uses are never used again. Knows the stores; does not
know the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import structlog

from cluster.errors import UnavailableError
from cluster.stores.media import keys as media_keys
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video

RemovalStep = tuple[str, Callable[[], object]]

_log = structlog.get_logger(__name__)


def removal_steps(video: Video, jobs: Jobs, results: Results, media: MediaStore) -> list[RemovalStep]:
    """The deletions after the row of a video is gone, as (name of the store, call); each may be repeated.

    Asks PostgreSQL once: UnavailableError when it is away.
    """
    if jobs.tracks_in_use(video.tracks_key):
        return _own(video, results, media)
    steps: list[RemovalStep] = []
    for key in dict.fromkeys((video.id, video.tracks_key)):
        steps += [
            ("media", partial(media.delete, media_keys.all_of(key))),
            ("results", partial(results.delete_video, key)),
        ]
    return steps


def _own(video: Video, results: Results, media: MediaStore) -> list[RemovalStep]:
    """The deletions where another video uses the tracks: everything but the tracks and keyframes."""
    lends = video.tracks_key == video.id
    prefixes = media_keys.own_of(video.id) if lends else (media_keys.all_of(video.id),)
    return [
        *(("media", partial(media.delete, prefix)) for prefix in prefixes),
        ("results", partial(results.delete_timelines, video.id)),
    ]


def delete_unread(media: MediaStore, prefixes: Iterable[str]) -> None:
    """Deletes files that no row names any more, such as those of a proxy that was evicted or is outdated.

    The work goes on where the store refuses: what stays is logged, and goes when the video is deleted.
    """
    for prefix in prefixes:
        try:
            media.delete(prefix)
        except (UnavailableError, OSError) as error:
            _log.warning("unread files left behind", prefix=prefix, reason=str(error))
