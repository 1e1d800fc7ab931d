"""The image of a keyframe, from the media store. Knows where it is; knows no HTTP."""

from __future__ import annotations

from cluster.errors import NotFoundError
from cluster.stores.media import MediaStore

MAX_IMAGE_BYTES = 1 << 20
"""Keyframes are of 320 pixels; what is larger was not made here."""


def keyframe_image(media: MediaStore, video_id: str, frame: int) -> bytes | None:
    """The bytes of a WebP file; None where there is none. UnavailableError when the store is away."""
    try:
        with media.open(f"videos/{video_id}/keyframes/{int(frame)}.webp") as file:
            image = file.read(MAX_IMAGE_BYTES + 1)
    except NotFoundError:
        return None
    return image if len(image) <= MAX_IMAGE_BYTES else None
