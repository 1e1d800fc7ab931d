"""Proxies: which files need one so that a browser plays them, and what is encoded of a video.

Pure; API and bridges share it. Knows codecs and containers by FFmpeg's names; neither files nor stores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

PLAYED_CONTAINERS = frozenset({"mp4", "mov", "matroska", "webm", "ogg", "mp3", "flac", "wav", "aac"})
PLAYED_VIDEO = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
PLAYED_AUDIO = frozenset({"aac", "mp3", "opus", "vorbis", "flac", "alac"})
"""What some browser of today plays, alone or with the help of the system: HEVC by most on machines that
decode it in hardware, ALAC by Safari. A file of which a part is in none of these needs a proxy whatever the
browser is; whether one plays the others only it can tell, and the page then asks. PCM is played as well."""
_PCM = "pcm_"

PIECE_S = 30.0
"""Seconds of video encoded in one task. Pieces are encoded side by side, and what is done is not lost with an
actor; each takes about as long as a chunk of the analysis. No measurement."""
OPTIONS: Mapping[str, Any] = {"longest_px": 1280, "crf": 26, "preset": "veryfast"}
"""How proxies are encoded (`actors.clips.proxy.ProxyOptions`): 720p and a little above what is visible as
loss in it. No measurement; what is cut and exported comes from the file itself."""


def needs_proxy(media: Mapping[str, Any]) -> bool:
    """Whether no browser plays a file; `media` as the contract has it. False where nothing speaks for it."""
    container, video, audio = (media.get(name) for name in ("container", "video_codec", "audio_codec"))
    if container is not None and not PLAYED_CONTAINERS & set(container.split(",")):
        return True
    if video is not None and video not in PLAYED_VIDEO:
        return True
    return audio is not None and audio not in PLAYED_AUDIO and not audio.startswith(_PCM)


def pieces_of(media: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pieces of a video of which `media` is known, in order; each with its frames, its seconds and the
    `name` of its file. None where there is no picture: its proxy is made in one step.
    """
    if media.get("video_codec") is None:
        return []
    frames, start_s = int(media["frames"]), float(media.get("start_s", 0.0))
    pace = float(media["duration_s"]) / frames
    per_piece = max(1, math.ceil(PIECE_S / pace))
    bounds = [*range(0, frames, per_piece), frames]
    return [
        {
            "name": f"pieces/{number:05}.mp4",
            "start_frame": start,
            "end_frame": end,
            "start_s": start_s + start * pace,
            "end_s": start_s + end * pace,
        }
        for number, (start, end) in enumerate(pairwise(bounds))
    ]
