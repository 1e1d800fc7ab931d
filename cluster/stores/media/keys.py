"""Keys of the media store. Every key and prefix of a stored file is made here and nowhere else.

videos/{video_id}/source                    the whole file of the video
videos/{video_id}/fetched-{generation}      the first bytes of an unfinished import
videos/{tracks_key}/keyframes/{frame}.webp  images of keyframes (see `Video.tracks_key`)
videos/{video_id}/clips/{clips_id}/{name}   files of a clip order
                                            of a proxy: proxy.mp4, and pieces/ while it is made
uploads/{upload_id}                         the first bytes of an unfinished upload
"""

from __future__ import annotations

_OWN_PARTS = ("source", "clips")


def source_key(video_id: str) -> str:
    """Key of the video's file."""
    return f"videos/{video_id}/source"


def fetched_key(video_id: str, generation: int) -> str:
    """Key of an unfinished import; `generation` counts how often it started again from byte 0."""
    return f"videos/{video_id}/fetched-{generation}"


def keyframe_key(tracks_key: str, frame: int) -> str:
    """Key of the image of a keyframe, by its frame number; videos of one content share it."""
    return f"videos/{tracks_key}/keyframes/{int(frame)}.webp"


def clips_prefix(video_id: str, clips_id: str) -> str:
    """Prefix of all files of one clip order."""
    return f"videos/{video_id}/clips/{clips_id}"


def proxy_pieces(video_id: str, clips_id: str) -> str:
    """Prefix of the pieces that a proxy is made of; they are there while it is made."""
    return f"{clips_prefix(video_id, clips_id)}/pieces"


def proxy_key(video_id: str, clips_id: str) -> str:
    """Key of the file that the proxy of a video is; an order of clips of its own, with the files of one."""
    return f"{clips_prefix(video_id, clips_id)}/proxy.mp4"


def upload_key(upload_id: str) -> str:
    """Key of an unfinished upload."""
    return f"uploads/{upload_id}"


def all_of(video_id: str) -> str:
    """Prefix of all files under an id."""
    return f"videos/{video_id}"


def own_of(video_id: str) -> tuple[str, ...]:
    """Prefixes of all files under an id except the keyframes, which other videos may use."""
    return tuple(f"videos/{video_id}/{part}" for part in _OWN_PARTS)
