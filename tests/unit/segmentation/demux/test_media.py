"""What the plan says of a file: size, rate, rotation, times, streams, sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from av.stream import Disposition

from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.planning.plan import build_plan
from tests.support.media import Picture, Sound, make_media, rename_codec


@dataclass(frozen=True)
class Choice:
    video_stream: int | None = None
    audio_stream: int | None = None


def media_of(path: Path) -> MediaInfo:
    return build_plan(path).media


def test_an_ordinary_film_is_described_by_the_contract(tmp_path: Path) -> None:
    path = make_media(
        tmp_path / "film.mp4", Picture((30, 20), size=(192, 112), fps=Fraction(25)), Sound(((440.0, 2.0),))
    )

    media = media_of(path)

    assert media.contract() == {
        "duration_s": 2.0,
        "width": 192,
        "height": 112,
        "fps": 25.0,
        "frames": 50,
        "variable_frame_rate": False,
        "rotation": 0,
        "video_codec": "h264",
        "audio_codec": "aac",
        "start_s": 0.0,
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "audio_start_s": 0.0,
        "pixel_aspect": "1:1",
        "audio_stream": 1,
        "audio_streams": [
            {
                "stream": 1,
                "codec": "aac",
                "language": None,
                "title": None,
                "default": True,
                "purpose": None,
                "silent": None,
            }
        ],
    }
    assert media.audio is not None
    assert (media.audio.sample_rate_hz, media.audio.channels) == (48_000, 1)
    assert MediaInfo.from_document(media.to_document()) == media


def test_a_description_stored_by_an_earlier_version_is_read(tmp_path: Path) -> None:
    media = media_of(make_media(tmp_path / "film.mp4", Picture((5,))))
    stored = media.to_document()
    del stored["timecode"]

    assert MediaInfo.from_document(stored) == media


def test_a_broadcast_rate_keeps_its_exact_name(tmp_path: Path) -> None:
    rate = Fraction(30_000, 1001)
    path = make_media(tmp_path / "film.mkv", Picture((40,), fps=rate))

    media = media_of(path)

    assert media.fps_fraction == rate
    assert not media.variable_frame_rate


def test_a_variable_rate_is_told_and_averaged(tmp_path: Path) -> None:
    path = make_media(
        tmp_path / "film.mp4", Picture((40,), time_of=lambda k: Fraction(k, 25) + Fraction(k // 10, 10))
    )

    media = media_of(path)

    assert media.variable_frame_rate
    assert media.fps == pytest.approx(media.frames / media.duration_s)


@pytest.mark.parametrize(
    ("turned_ccw", "mirrored", "rotation", "size"),
    [
        (0, False, 0, (192, 112)),
        (-90, False, 90, (112, 192)),
        (180, False, 180, (192, 112)),
        (90, False, 270, (112, 192)),
        (0, True, 0, (192, 112)),
    ],
)
def test_rotation_is_clockwise_and_applied_to_the_size(
    tmp_path: Path, turned_ccw: int, mirrored: bool, rotation: int, size: tuple[int, int]
) -> None:
    path = make_media(tmp_path / "phone.mp4", Picture((5,), rotation_ccw=turned_ccw, mirrored=mirrored))

    media = media_of(path)

    assert (media.width, media.height) == size
    assert (media.rotation, media.mirrored) == (rotation, mirrored)


def test_pixel_shape_is_told_apart_from_the_size(tmp_path: Path) -> None:
    path = make_media(tmp_path / "wide.mp4", Picture((5,), pixel_aspect=Fraction(4, 3)))

    media = media_of(path)

    assert media.pixel_aspect == Fraction(4, 3)
    assert (media.width, media.height) == (192, 112)


def test_times_are_those_of_the_container(tmp_path: Path) -> None:
    path = make_media(tmp_path / "late.mp4", Picture((25,), time_of=lambda k: 10 + Fraction(k, 25)))

    media = media_of(path)

    assert media.start_s == pytest.approx(10.0)
    assert media.duration_s == pytest.approx(1.0)


@pytest.mark.parametrize("sound_s", [0.4, 6.0])
def test_duration_is_that_of_the_picture_whatever_the_sound_does(tmp_path: Path, sound_s: float) -> None:
    path = make_media(tmp_path / "film.mkv", Picture((50,)), Sound(((440.0, sound_s),)))

    media = media_of(path)

    assert media.duration_s == pytest.approx(2.0)
    assert media.audio is not None
    assert media.audio.duration_s == pytest.approx(sound_s, abs=0.05)


def test_a_silent_film_has_no_sound(tmp_path: Path) -> None:
    media = media_of(make_media(tmp_path / "film.mp4", Picture((5,))))

    assert media.audio is None
    assert media.audio_codec is None


def test_sound_that_cannot_be_decoded_is_noted_and_ignored(tmp_path: Path) -> None:
    whole = make_media(tmp_path / "film.mkv", Picture((5,)), Sound(codec="flac"))

    media = media_of(rename_codec(whole, tmp_path / "odd.mkv", b"A_FLAC", b"A_WHAT"))

    assert media.audio is None
    assert "ignored" in media.notes[0]


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    media = media_of(make_media(tmp_path / "still.mp4", Picture((1,))))

    assert media.frames == 1
    assert media.duration_s == pytest.approx(0.04)


def test_a_cover_image_is_not_the_picture(tmp_path: Path) -> None:
    cover = Picture((1,), codec="mjpeg", options={}, pix_fmt="yuvj420p", disposition=Disposition.attached_pic)
    path = make_media(tmp_path / "film.mp4", cover, Picture((10,)), form="mp4")

    media = media_of(path)

    assert media.video_codec == "h264"
    assert [stream.codec for stream in media.streams if stream.attached_picture] == ["mjpeg"]


def test_of_several_streams_the_best_is_taken_unless_settings_choose(tmp_path: Path) -> None:
    path = make_media(
        tmp_path / "many.mkv",
        Picture((20,), size=(96, 64)),
        Picture((30,), size=(192, 112), disposition=Disposition.default),
        Sound(((440.0, 1.0),)),
        Sound(((880.0, 1.0),), rate_hz=44_100, channels=2),
    )

    best = build_plan(path).media
    chosen = build_plan(path, Choice(video_stream=0, audio_stream=3)).media

    assert (best.video_stream, best.frames) == (1, 30)
    assert (chosen.video_stream, chosen.frames, chosen.width) == (0, 20, 96)
    assert chosen.audio is not None
    assert (chosen.audio.stream, chosen.audio.sample_rate_hz, chosen.audio.channels) == (3, 44_100, 2)


@pytest.mark.parametrize("choice", [Choice(video_stream=1), Choice(audio_stream=0), Choice(video_stream=9)])
def test_choosing_a_stream_that_is_not_there_names_those_that_are(tmp_path: Path, choice: Choice) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((5,)), Sound())

    with pytest.raises(MediaError, match=r"Choose one of \[[01]\]") as caught:
        build_plan(path, choice)

    assert caught.value.code is MediaErrorCode.NO_STREAM


def test_a_cover_is_not_offered_to_choose(tmp_path: Path) -> None:
    cover = Picture((1,), codec="mjpeg", options={}, pix_fmt="yuvj420p", disposition=Disposition.attached_pic)
    film = make_media(tmp_path / "film.mp4", Picture((5,)), cover, form="mp4")
    song = make_media(tmp_path / "song.m4a", Sound(), cover, form="mp4")

    with pytest.raises(MediaError, match=r"Choose one of \[0\] or leave the choice open") as of_film:
        build_plan(film, Choice(video_stream=1))
    with pytest.raises(MediaError, match=r"It has none; leave the choice open") as of_song:
        build_plan(song, Choice(video_stream=1))

    assert of_film.value.code == of_song.value.code == MediaErrorCode.NO_STREAM
