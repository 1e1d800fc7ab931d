"""Reads the image of a keyframe from the media store, up to a maximal size. Knows no HTTP."""

from __future__ import annotations

from cluster.errors import NotFoundError
from cluster.stores.media.keys import keyframe_key
from cluster.stores.media.store import MediaStore
from cluster.stores.postgres.video import Video

MAX_IMAGE_BYTES = 1 << 20
"""Keyframes have at most 320 pixels a side and are far smaller; a larger file was not written by a worker."""


def keyframe_image(media: MediaStore, video: Video, frame: int) -> bytes | None:
    """The bytes of a WebP file; None if there is none. UnavailableError when the store does not answer."""
    try:
        image = media.beginning(keyframe_key(video.tracks_key, frame), MAX_IMAGE_BYTES + 1)
    except NotFoundError:
        return None
    return image if len(image) <= MAX_IMAGE_BYTES else None
