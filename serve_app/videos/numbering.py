"""Checks that numbers of segments were read from the result that they are used on. Knows no route."""

from __future__ import annotations

from cluster.stores.postgres.video import Video
from serve_app.web.problems import Problem


def check_revision(video: Video, revision: int | None) -> None:
    """Problem `revision_moved_on` when the current result is another one than `revision`; None: any will do.

    In another result the same numbers are other segments, and nothing else would tell.
    """
    if revision is None or video.revision == revision:
        return
    raise Problem(
        "revision_moved_on",
        f"The numbers are those of revision {revision}, and the video has revision {video.revision} by now. "
        "Read its segments, and name them with that revision.",
        headers={"ETag": f'"{video.revision}"'},
    )
