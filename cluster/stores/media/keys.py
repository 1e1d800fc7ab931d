"""Where the files of a video lie in the media store: the one place that makes these keys.

videos/{video_id}/source                    the upload
videos/{tracks_key}/keyframes/{frame}.webp  what analysis kept of its pictures (see `Video.tracks_key`)
videos/{video_id}/clips/…                   pieces cut out of it
"""

from __future__ import annotations

_OWN_PARTS = ("source", "clips")


def source_key(video_id: str) -> str:
    """The file itself."""
    return f"videos/{video_id}/source"


def keyframe_key(tracks_key: str, frame: int) -> str:
    """The image of a frame, by its number; several videos of one content share it."""
    return f"videos/{tracks_key}/keyframes/{int(frame)}.webp"


def all_of(video_id: str) -> str:
    """The prefix of everything under an id."""
    return f"videos/{video_id}"


def own_of(video_id: str) -> tuple[str, ...]:
    """The prefixes of everything under an id but the keyframes, which others may still use."""
    return tuple(f"videos/{video_id}/{part}" for part in _OWN_PARTS)
