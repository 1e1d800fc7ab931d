"""Proxies of films whose every frame and sample is known: pieces of any lengths, joined."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from actors.clips import ClipError, Piece
from actors.clips.proxy import ProxyOptions, coded_size, encode_piece, join_pieces
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import Picture, Sound, make_media, read_number

SHOTS = (40, 35)
SECONDS = 3.2
NEVER = {"limits": Limits(), "on_frames": lambda _: None, "should_stop": lambda: False}


def uneven(k: int) -> Fraction:
    """Times of a variable frame rate that starts late."""
    return Fraction(54, 100) + Fraction(k, 25) + Fraction(k % 3, 90)


def late(k: int) -> Fraction:
    """As of a recording of broadcast: the clock has run for a day."""
    return 80_000 + Fraction(k, 25)


FILMS: dict[str, tuple[str, Picture, Sound | None]] = {
    "mpeg-2": (
        "mpg",
        Picture(shots=SHOTS, codec="mpeg2video", options={}, gop=12),
        Sound(parts=((440.0, SECONDS),), codec="mp2"),
    ),
    "hevc": (
        "mp4",
        Picture(shots=SHOTS, codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=0"}),
        Sound(parts=((440.0, SECONDS),)),
    ),
    "variable, late, turned, 5.1": (
        "mov",
        Picture(shots=SHOTS, time_of=uneven, rotation_ccw=90, pixel_aspect=Fraction(4, 3), gop=12),
        Sound(parts=((440.0, SECONDS),), channels=6, start_s=Fraction(6, 10)),
    ),
    "avi": ("avi", Picture(shots=SHOTS, codec="mpeg4", options={}, fps=Fraction(30000, 1001)), None),
    "a day late": ("mkv", Picture(shots=SHOTS, time_of=late), None),
}


def proxy_of(
    path: Path, plan: Plan, folder: Path, *, cuts: tuple[int, ...] = (17, 50), **options: Any
) -> Path:
    starts = [0, *cuts]
    pieces = []
    for start, end in zip(starts, [*cuts, plan.frames], strict=True):
        file = folder / f"{start}.mp4"
        encode_piece(path, plan, Piece(start, end), ProxyOptions(**options), file, threads=1, **NEVER)
        pieces.append((file, start))
    target = folder / "proxy.mp4"
    join_pieces(path, plan, pieces, target, **NEVER)
    return target


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def numbers(frames: list[av.VideoFrame]) -> list[int]:
    return [read_number(frame.to_ndarray(format="rgb24")) for frame in frames]


@pytest.mark.parametrize("name", FILMS)
def test_frames_and_times_are_those_of_the_film(name: str, tmp_path: Path) -> None:
    suffix, picture, sound = FILMS[name]
    path = make_media(tmp_path / f"film.{suffix}", *([picture] if sound is None else [picture, sound]))
    plan = build_plan(path)
    clock = plan.index.clock

    proxy = proxy_of(path, plan, tmp_path)

    frames = frames_of(proxy)
    assert numbers(frames) == list(range(sum(SHOTS)))
    since_first = [clock.seconds_of(number) - clock.start_s for number in range(plan.frames)]
    assert [float(frame.time or 0) for frame in frames] == pytest.approx(since_first, abs=1e-4)
    keys = [since_first[number] for number, frame in enumerate(frames) if frame.key_frame]
    assert keys[0] == 0
    assert max(np.diff([*keys, clock.duration_s])) <= 1.1
    with av.open(str(proxy)) as container:
        film = container.streams.video[0]
        assert film.codec_context.name == "h264"
        assert film.codec_context.pix_fmt == "yuv420p"
        assert not film.codec_context.has_b_frames
        assert film.sample_aspect_ratio == picture.pixel_aspect or not picture.pixel_aspect
        assert frames[0].rotation == picture.rotation_ccw
        assert float(film.duration * film.time_base) == pytest.approx(clock.duration_s, abs=1e-3)
        heard = [
            (audio.codec_context.name, audio.codec_context.channels) for audio in container.streams.audio
        ]
    assert heard == ([] if sound is None else [("aac", min(2, sound.channels))])


def test_sound_stays_beside_its_picture(tmp_path: Path) -> None:
    """A tone that begins with frame 50 of a film whose clock begins late, with six channels."""
    sound = Sound(parts=(("silence", 2.0), (440.0, 1.0)), channels=6, start_s=Fraction(54, 100))
    path = make_media(
        tmp_path / "film.mov",
        Picture(shots=SHOTS, time_of=lambda k: Fraction(54, 100) + Fraction(k, 25)),
        sound,
    )
    plan = build_plan(path)

    proxy = proxy_of(path, plan, tmp_path)

    with av.open(str(proxy)) as container:
        stream = container.streams.audio[0]
        heard = [
            (float(frame.time or 0), np.abs(frame.to_ndarray()).max()) for frame in container.decode(stream)
        ]
    begins_s = next(time_s for time_s, loudest in heard if loudest > 0.05)
    assert begins_s == pytest.approx(2.0, abs=0.05)
    assert heard[0][0] == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize(
    ("size", "rotation", "expected"),
    [
        ((3840, 2160), 0, (1280, 720)),
        ((2160, 3840), 90, (1280, 720)),
        ((320, 180), 0, (320, 180)),
        ((333, 181), 0, (332, 180)),
        ((4000, 2), 0, (1280, 2)),
    ],
)
def test_the_longer_side_is_bounded(size: tuple[int, int], rotation: int, expected: tuple[int, int]) -> None:
    class Media:
        width, height = size

    Media.rotation = rotation  # type: ignore[attr-defined]
    plan: Any = type("Plan", (), {"media": Media})

    assert coded_size(plan, 1280) == expected


def test_ten_bits_become_eight_in_the_same_colours(tmp_path: Path) -> None:
    picture = Picture(
        shots=(30,), codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": "log-level=0"}
    )
    path = make_media(tmp_path / "film.mp4", picture)
    plan = build_plan(path)

    frames = frames_of(proxy_of(path, plan, tmp_path, cuts=(10,)))

    original = frames_of(path)
    for ours, theirs in zip(frames, original, strict=True):
        a, b = (frame.to_ndarray(format="rgb24").astype(float) for frame in (ours, theirs))
        assert np.abs(a - b).mean() < 6.0


def test_a_large_picture_is_made_small(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture(shots=(10,), size=(640, 360)))
    plan = build_plan(path)

    frames = frames_of(proxy_of(path, plan, tmp_path, cuts=(), longest_px=320))

    assert {(frame.width, frame.height) for frame in frames} == {(320, 180)}
    assert numbers(frames) == list(range(10))


def test_sound_alone_is_joined_of_no_pieces(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mka", Sound(parts=((440.0, 2.0),), codec="ac3"), form="matroska")
    plan = build_plan(path)
    target = tmp_path / "proxy.mp4"

    join_pieces(path, plan, [], target, **NEVER)

    with av.open(str(target)) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "aac"
        assert float(stream.duration * stream.time_base) == pytest.approx(
            plan.index.clock.duration_s, abs=0.1
        )
    with pytest.raises(ClipError) as refused:
        encode_piece(path, plan, Piece(0, 1), ProxyOptions(), target, threads=1, **NEVER)
    assert refused.value.code == "no_picture"


def test_pieces_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture(shots=(20,)))
    plan = build_plan(path)
    pieces = []
    for start, longest_px in ((0, 192), (10, 96)):
        file = tmp_path / f"{start}.mp4"
        options = ProxyOptions(longest_px=longest_px)
        encode_piece(path, plan, Piece(start, start + 10), options, file, threads=1, **NEVER)
        pieces.append((file, start))
    target = tmp_path / "proxy.mp4"

    with pytest.raises(ClipError) as refused:
        join_pieces(path, plan, pieces, target, **NEVER)

    assert refused.value.code == "pieces_differ"
    assert not target.exists()


def test_a_cancelled_piece_leaves_no_file(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture(shots=(20,)))
    plan = build_plan(path)
    target = tmp_path / "piece.mp4"

    with pytest.raises(Cancelled):
        encode_piece(
            path, plan, Piece(0, 20), ProxyOptions(), target, threads=1,
            limits=Limits(), on_frames=lambda _: None, should_stop=lambda: True,
        )  # fmt: skip

    assert not target.exists()


@pytest.mark.parametrize("wrong", [{"longest_px": 1}, {"crf": 0}, {"crf": 52}, {"preset": "placebo"}])
def test_impossible_encodings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no such encoding"):
        ProxyOptions(**wrong)
