"""Reads the image of a keyframe from the media store, up to a maximal size, and chooses the one that stands
for a video. Knows no HTTP.
"""

from __future__ import annotations

from cluster.errors import NotFoundError
from cluster.stores.media.keys import keyframe_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.video import Video

MAX_IMAGE_BYTES = 1 << 20
"""Keyframes have at most 320 pixels a side and are far smaller; a larger file was not written by a worker."""

_LOOKED_AT = 12
"""Segments among which the still of a video is chosen: a film's first pictures are often black or a title."""
_DARK = 0.15
"""Brightness below which a picture says little."""


def still_frame(results: Results, video: Video) -> int | None:
    """The frame whose image stands for the video: of the first scene, or shot so far, that is not dark.

    None where no image is known (yet), as for a file with sound only.
    """
    if video.timeline_id is not None:
        found = results.segments(video.timeline_id, "scene", limit=_LOOKED_AT).items
    else:
        found = results.provisional_segments(video.tracks_key, video.tracks_hash, limit=_LOOKED_AT).items
    pictured = [segment for segment in found if segment.get("thumbnail") is not None]
    light = (one for one in pictured if ((one.get("visual") or {}).get("brightness") or 0.0) >= _DARK)
    chosen = next(light, pictured[0] if pictured else None)
    return None if chosen is None else int(chosen["thumbnail"])


def keyframe_image(media: MediaStore, video: Video, frame: int) -> bytes | None:
    """The bytes of a WebP file; None if there is none. UnavailableError when the store does not answer."""
    try:
        image = media.beginning(keyframe_key(video.tracks_key, frame), MAX_IMAGE_BYTES + 1)
    except NotFoundError:
        return None
    return image if len(image) <= MAX_IMAGE_BYTES else None
