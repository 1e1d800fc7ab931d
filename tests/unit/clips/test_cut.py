"""Clips of films whose every frame and sample is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from actors.clips import ClipError, CutOptions, CutReport, Piece, copying, cut
from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.demux.container import opened
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import Picture, Rgb, Sound, make_media, read_number

B_FRAMES = {"preset": "medium", "bf": "3"}
SHOTS = (21, 14, 25)
FRAMES = sum(SHOTS)
RATE_HZ = 48_000


def uneven(k: int) -> Fraction:
    """Times of a variable frame rate that starts late."""
    return Fraction(54, 100) + Fraction(k, 25) + Fraction(k % 3, 90)


FILMS: dict[str, tuple[str, Picture, Sound | None]] = {
    "b-frames": ("mp4", Picture(shots=SHOTS, options=B_FRAMES, gop=12), Sound(parts=((440.0, 2.4),))),
    "variable, late, turned": (
        "mp4",
        Picture(
            shots=SHOTS,
            options=B_FRAMES,
            gop=12,
            time_of=uneven,
            rotation_ccw=90,
            pixel_aspect=Fraction(4, 3),
        ),
        Sound(parts=((440.0, 2.4),), start_s=Fraction(6, 10)),
    ),
    "matroska": ("mkv", Picture(shots=SHOTS, options=B_FRAMES, gop=12), Sound(parts=((440.0, 2.4),))),
    "transport stream": ("ts", Picture(shots=SHOTS, options=B_FRAMES, gop=12), Sound(parts=((440.0, 2.4),))),
    "vp9 and opus": (
        "webm",
        Picture(shots=SHOTS, codec="libvpx-vp9", options={"cpu-used": "8"}, gop=12),
        Sound(parts=((440.0, 2.4),), codec="libopus"),
    ),
    "silent": ("mp4", Picture(shots=SHOTS, options=B_FRAMES, gop=12), None),
}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Plan]]:
    folder = tmp_path_factory.mktemp("films")
    made: dict[str, tuple[Path, Plan]] = {}

    def make(name: str) -> tuple[Path, Plan]:
        if name not in made:
            suffix, picture, sound = FILMS[name]
            streams = [picture] if sound is None else [picture, sound]
            path = make_media(folder / f"{len(made)}.{suffix}", *streams)
            made[name] = path, build_plan(path)
        return made[name]

    return make


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def numbers(path: Path) -> list[int]:
    return [read_number(frame.to_ndarray(format="rgb24")) for frame in frames_of(path)]


def sound_of(path: Path) -> tuple[float, npt.NDArray[np.float32]]:
    """When the sound begins, and its samples."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return float(frames[0].time or 0), np.concatenate([frame.to_ndarray()[0] for frame in frames])


def made(
    source: tuple[Path, Plan], piece: Piece, target: Path, **options: Any
) -> tuple[CutReport, list[av.VideoFrame]]:
    report = cut(source[0], source[1], piece, CutOptions(**options), target)
    return report, frames_of(target)


@pytest.mark.parametrize("name", FILMS)
def test_an_exact_clip_is_just_its_frames_at_their_distances(
    film: Callable[[str], tuple[Path, Plan]], name: str, tmp_path: Path
) -> None:
    source = film(name)
    original = frames_of(source[0])
    piece = Piece(13, 31)

    report, frames = made(source, piece, tmp_path / "clip.mp4")

    assert (report.start_frame, report.end_frame, report.frames, report.repeated) == (13, 31, 18, 0)
    assert numbers(tmp_path / "clip.mp4") == list(range(13, 31))
    wanted = [float((frame.time or 0) - (original[13].time or 0)) for frame in original[13:31]]
    assert [float(frame.time or 0) for frame in frames] == pytest.approx(wanted, abs=1e-3)
    for ours, theirs in zip(frames, original[13:31], strict=True):
        a, b = (f.to_ndarray(format="yuv420p").astype(float) for f in (ours, theirs))
        assert np.abs(a - b).mean() < 2.0
    assert report.sound == (name != "silent")


@pytest.mark.parametrize("name", FILMS)
def test_clips_of_all_shots_have_all_frames(
    film: Callable[[str], tuple[Path, Plan]], name: str, tmp_path: Path
) -> None:
    source = film(name)
    seen: list[int] = []
    for n, (start, end) in enumerate(itertools.pairwise(itertools.accumulate((0, *SHOTS)))):
        cut(*source, Piece(start, end), CutOptions(preset="ultrafast"), tmp_path / f"{n}.mp4")
        seen += numbers(tmp_path / f"{n}.mp4")

    assert seen == list(range(FRAMES))


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("piece", [Piece(0, 10), Piece(13, 31), Piece(37, 60)])
def test_a_copy_holds_what_was_wanted_and_says_what_more(
    film: Callable[[str], tuple[Path, Plan]], name: str, piece: Piece, tmp_path: Path
) -> None:
    source = film(name)
    target = tmp_path / "clip.mp4"
    report, frames = made(source, piece, target, mode="copy")

    assert report.start_frame <= piece.start_frame < piece.end_frame <= report.end_frame
    keys = [point.frame for point in source[1].index.seek_points()]
    assert report.start_frame == max(key for key in keys if key <= piece.start_frame)
    assert report.end_frame - piece.end_frame <= 4
    assert numbers(target) == list(range(report.start_frame, report.end_frame))
    original = frames_of(source[0])[report.start_frame : report.end_frame]
    for ours, theirs in zip(frames, original, strict=True):
        assert np.array_equal(ours.to_ndarray(format="yuv420p"), theirs.to_ndarray(format="yuv420p"))
    assert float(frames[0].time or 0) == 0.0


@pytest.mark.parametrize("mode", ["exact", "copy"])
def test_shape_and_rotation_stay(film: Callable[[str], tuple[Path, Plan]], mode: str, tmp_path: Path) -> None:
    source = film("variable, late, turned")
    cut(*source, Piece(0, 12), CutOptions(mode=mode), tmp_path / "clip.mp4")

    media = build_plan(tmp_path / "clip.mp4").media

    for name in ("width", "height", "rotation", "mirrored", "pixel_aspect", "variable_frame_rate"):
        assert getattr(media, name) == getattr(source[1].media, name), name


def flash(_shot: int, frame: int, size: tuple[int, int]) -> Rgb:
    """White in every 20th frame, black otherwise."""
    width, height = size
    return np.full((height, width, 3), 235 if frame % 20 == 10 else 16, np.uint8)


@pytest.fixture(scope="module")
def flashes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A beep of 40 ms with every flash: frames 10, 30, 50 …, at 0.4 s, 1.2 s, 2.0 s …"""
    parts: list[tuple[str | float, float]] = [("silence", 0.4)]
    for _ in range(6):
        parts += [(1000.0, 0.04), ("silence", 0.76)]
    path = tmp_path_factory.mktemp("flash") / "flash.mp4"
    picture = Picture(shots=(120,), picture=flash, number=False, gop=12, options=B_FRAMES)
    make_media(path, picture, Sound(parts=parts, rate_hz=RATE_HZ))
    return path, build_plan(path)


@pytest.mark.parametrize("mode", ["exact", "copy"])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("piece", [Piece(0, 47), Piece(25, 72), Piece(49, 120)])
def test_sound_and_picture_stay_together(
    flashes: tuple[Path, Plan], mode: str, container: str, piece: Piece, tmp_path: Path
) -> None:
    target = tmp_path / f"clip.{container}"
    cut(*flashes, piece, CutOptions(mode=mode, container=container), target)

    lights = [float(f.time or 0) for f in frames_of(target) if f.to_ndarray(format="gray").mean() > 128]
    begins_s, samples = sound_of(target)
    beep = np.sin(2 * np.pi * 1000 * np.arange(int(0.04 * RATE_HZ)) / RATE_HZ)
    envelope = np.abs(np.correlate(samples, beep, "valid"))
    assert lights
    for light in lights:
        around = int((light - begins_s - 0.2) * RATE_HZ)
        window = envelope[max(0, around) : around + int(0.4 * RATE_HZ)]
        heard = begins_s + (max(0, around) + int(np.argmax(window))) / RATE_HZ
        assert heard == pytest.approx(light, abs=0.012)


def test_an_exact_clip_sounds_as_long_as_it_is(flashes: tuple[Path, Plan], tmp_path: Path) -> None:
    cut(*flashes, Piece(25, 72), CutOptions(), tmp_path / "clip.mp4")

    begins_s, samples = sound_of(tmp_path / "clip.mp4")

    assert begins_s == 0.0
    assert 0 <= len(samples) - 47 * RATE_HZ // 25 < 1024


def test_a_clip_can_be_smaller_and_silent(flashes: tuple[Path, Plan], tmp_path: Path) -> None:
    report, frames = made(flashes, Piece(0, 5), tmp_path / "clip.mp4", height_px=64, sound=False)

    assert (report.width, report.height, report.sound) == (110, 64, False)
    assert (frames[0].width, frames[0].height) == (110, 64)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert not container.streams.audio


def test_a_picture_is_never_made_larger(flashes: tuple[Path, Plan], tmp_path: Path) -> None:
    report, _ = made(flashes, Piece(0, 2), tmp_path / "clip.mp4", height_px=2160)

    assert (report.width, report.height) == (flashes[1].media.width, flashes[1].media.height)


def test_colours_and_depth_stay(tmp_path: Path) -> None:
    path = make_media(tmp_path / "deep.mp4", Picture(shots=(6,), pix_fmt="yuv420p10le"))

    cut(path, build_plan(path), Piece(1, 5), CutOptions(crf=0), tmp_path / "clip.mp4")

    theirs, ours = frames_of(path)[1:5], frames_of(tmp_path / "clip.mp4")
    assert [frame.format.name for frame in ours] == ["yuv420p10le"] * 4
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.to_ndarray(), b.to_ndarray())


def test_odd_sizes_lose_a_line_rather_than_the_clip(tmp_path: Path) -> None:
    picture = Picture(shots=(4,), size=(99, 75), codec="ffv1", pix_fmt="yuv444p", options={}, number=False)
    path = make_media(tmp_path / "odd.mkv", picture)

    report, frames = made((path, build_plan(path)), Piece(0, 4), tmp_path / "clip.mp4")

    assert (report.width, report.height, len(frames)) == (98, 74, 4)


def test_a_copy_that_cannot_be_says_so(tmp_path: Path) -> None:
    picture = Picture(shots=(10,), codec="wmv2", options={}, number=False)
    path = make_media(tmp_path / "film.avi", picture)
    target = tmp_path / "clip.mp4"

    with pytest.raises(ClipError) as refused:
        cut(path, build_plan(path), Piece(0, 10), CutOptions(mode="copy", container="mp4"), target)

    assert refused.value.code == "codec_not_in_container"
    assert not target.exists()


def test_a_cancelled_clip_leaves_no_file(flashes: tuple[Path, Plan], tmp_path: Path) -> None:
    asked = itertools.count()
    target = tmp_path / "clip.mp4"

    with pytest.raises(Cancelled):
        cut(*flashes, Piece(0, 100), CutOptions(), target, should_stop=lambda: next(asked) > 5)

    assert not target.exists()


def test_progress_counts_frames(flashes: tuple[Path, Plan], tmp_path: Path) -> None:
    heard: list[int] = []

    cut(*flashes, Piece(3, 9), CutOptions(), tmp_path / "clip.mp4", on_frames=heard.append)

    assert heard == [1, 2, 3, 4, 5, 6]


def test_a_piece_beyond_the_end_is_refused(flashes: tuple[Path, Plan], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="120 frames"):
        cut(*flashes, Piece(0, 121), CutOptions(), tmp_path / "clip.mp4")


def test_sound_that_is_not_heard_is_not_kept_on_the_way_to_the_key_frame(
    film: Callable[[str], tuple[Path, Plan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, plan = film("matroska")
    last = plan.index.seek_points()[-1]
    monkeypatch.setattr(copying, "_SEEK_BACK_S", ())  # no seek leads there: from the file's start

    def packets(heard: bool) -> list[str]:
        with opened(path) as container:
            streams = list(container.streams)
            found = copying._packets_from(path, Limits(), container, streams, last, lambda _packet: heard)
            kinds = [packet.stream.type for packet in found]
        return kinds[: kinds.index("video")]

    assert len(packets(heard=True)) > 50
    assert packets(heard=False) == []


@pytest.mark.parametrize(
    ("name", "channels", "codec", "layout"),
    [
        ("film.mp4", 8, "aac", "7.1"),
        ("film.mov", 8, "pcm_s16le", "7.1"),
        ("film.mkv", 8, "pcm_s16le", "7.1"),
        ("film.mkv", 1, "pcm_s16le", "mono"),
    ],
)
def test_sound_of_any_channels_is_kept(
    tmp_path: Path, name: str, channels: int, codec: str, layout: str
) -> None:
    """Of PCM in Matroska nothing is said of the loudspeakers; PyAV cannot fill eight planes."""
    sound = Sound(((440.0, 1.0),), channels=channels, codec=codec, bit_rate=512_000)
    path = make_media(tmp_path / name, Picture((25,), (96, 64)), sound)

    report, _ = made((path, build_plan(path)), Piece(0, 20), tmp_path / "clip.mp4")

    assert report.sound
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert container.streams.audio[0].codec_context.layout.name == layout
    clip = build_plan(tmp_path / "clip.mp4").media
    with AudioReader.open(tmp_path / "clip.mp4", clip.audio) as reader:  # type: ignore[union-attr]
        heard = zip(reader.pcm(0, 1), reader.channel_names, strict=True)
        assert [np.abs(one).max() > 0.1 for one, place in heard if place != "LFE"] == [True] * min(
            7, channels
        )
