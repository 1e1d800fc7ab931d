"""What goes with a video whose row is gone: all that is its own, and the tracks if no other video uses them.

Videos of one content share tracks and keyframes under a key (`Video.tracks_key`) that is only ever handed on
by a video that exists, so what nobody uses any more stays unused. Knows the stores, not who deletes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cluster.stores.media import keys as media_keys
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.video import Video

RemovalStep = tuple[str, Callable[[], object]]


def removal_steps(video: Video, jobs: Jobs, results: Results, media: MediaStore) -> list[RemovalStep]:
    """(store, deletion) for everything that hangs on a deleted video; each may be repeated.

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
    """Where others go on using the tracks, everything else."""
    lends = video.tracks_key == video.id
    prefixes = media_keys.own_of(video.id) if lends else (media_keys.all_of(video.id),)
    return [
        *(("media", partial(media.delete, prefix)) for prefix in prefixes),
        ("results", partial(results.delete_timelines, video.id)),
    ]
