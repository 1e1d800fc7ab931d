"""Keys of the media store. Every key and prefix of a stored file is made here and nowhere else.

videos/{video_id}/source                    the upload
videos/{video_id}/fetched-{generation}      what has arrived of an import
videos/{tracks_key}/keyframes/{frame}.webp  what analysis kept of its pictures (see `Video.tracks_key`)
videos/{video_id}/clips/{clips_id}/{name}   pieces cut out of it
uploads/{upload_id}                         what has arrived of an upload
"""

from __future__ import annotations

_OWN_PARTS = ("source", "clips")


def source_key(video_id: str) -> str:
    """The file itself."""
    return f"videos/{video_id}/source"


def fetched_key(video_id: str, generation: int) -> str:
    """An import that is not complete yet; `generation` counts how often it began anew."""
    return f"videos/{video_id}/fetched-{generation}"


def keyframe_key(tracks_key: str, frame: int) -> str:
    """The image of a frame, by its number; several videos of one content share it."""
    return f"videos/{tracks_key}/keyframes/{int(frame)}.webp"


def clips_prefix(video_id: str, clips_id: str) -> str:
    """The prefix of all files of one order of clips."""
    return f"videos/{video_id}/clips/{clips_id}"


def upload_key(upload_id: str) -> str:
    """An upload that is not complete yet."""
    return f"uploads/{upload_id}"


def all_of(video_id: str) -> str:
    """The prefix of everything under an id."""
    return f"videos/{video_id}"


def own_of(video_id: str) -> tuple[str, ...]:
    """The prefixes of everything under an id but the keyframes, which others may still use."""
    return tuple(f"videos/{video_id}/{part}" for part in _OWN_PARTS)
