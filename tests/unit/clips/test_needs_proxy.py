"""Which files no browser plays, and into which pieces their proxies are divided."""

from __future__ import annotations

from typing import Any

import pytest

from actors.clips.proxy import ProxyOptions
from cluster.clips.proxies import OPTIONS, PIECE_S, needs_proxy, pieces_of

MP4, MKV = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"


@pytest.mark.parametrize(
    ("container", "video", "audio", "needed"),
    [
        (MP4, "h264", "aac", False),
        (MP4, "h264", None, False),
        (MP4, "hevc", "aac", False),
        (MP4, "h264", "pcm_s16le", False),
        (MKV, "vp9", "opus", False),
        ("mp3", None, "mp3", False),
        (None, "h264", "aac", False),
        ("avi", "h264", "mp3", True),
        ("mpegts", "h264", "aac", True),
        ("mpeg", "mpeg2video", "mp2", True),
        (MP4, "prores", "pcm_s16le", True),
        (MKV, "h264", "ac3", True),
        (MKV, "mpeg4", None, True),
        (None, "mpeg2video", None, True),
        ("asf", None, "wmav2", True),
    ],
)
def test_files_that_no_browser_plays(
    container: str | None, video: str | None, audio: str | None, needed: bool
) -> None:
    media = {"video_codec": video, "audio_codec": audio} | (
        {} if container is None else {"container": container}
    )

    assert needs_proxy(media) is needed


def media_of(**values: Any) -> dict[str, Any]:
    return {"video_codec": "mpeg4", "frames": 250, "duration_s": 10.0, "start_s": 1.5} | values


def test_pieces_tile_the_film() -> None:
    pieces = pieces_of(media_of(frames=25 * 200, duration_s=200.0))

    assert pieces[0]["start_frame"] == 0
    assert pieces[-1]["end_frame"] == 25 * 200
    assert [one["end_frame"] for one in pieces[:-1]] == [one["start_frame"] for one in pieces[1:]]
    assert [one["end_s"] for one in pieces[:-1]] == [one["start_s"] for one in pieces[1:]]
    assert all(one["end_s"] - one["start_s"] <= PIECE_S + 1 for one in pieces)
    assert len({one["name"] for one in pieces}) == len(pieces) == 7
    assert pieces[0]["start_s"] == 1.5


@pytest.mark.parametrize(("frames", "duration_s"), [(1, 0.04), (1, 3600.0), (3, 7200.0)])
def test_odd_films_have_pieces_too(frames: int, duration_s: float) -> None:
    pieces = pieces_of(media_of(frames=frames, duration_s=duration_s))

    assert [(one["start_frame"], one["end_frame"]) for one in pieces] == [(n, n + 1) for n in range(frames)]


def test_sound_alone_has_no_pieces() -> None:
    assert pieces_of(media_of(video_codec=None)) == []


def test_the_options_are_those_of_the_encoder() -> None:
    assert ProxyOptions(**OPTIONS) == ProxyOptions()
