"""Files that cannot be analysed: each with its code and a sentence that says what to do."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import pytest
from av.stream import Disposition

from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.limits import Limits
from actors.segmentation.planning.plan import build_plan
from cluster.settings import LimitSettings
from tests.support.media import Picture, Sound, cut_off, make_media, rename_codec, spoil_packets

KEY = "00112233445566778899aabbccddeeff"


def film(folder: Path) -> Path:
    return make_media(folder / "film.mp4", Picture((20,)), Sound())


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def noise(folder: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(random.Random(3).randbytes(50_000))
    return path


def text(folder: Path) -> Path:
    path = folder / "letter.mp4"
    path.write_text("Dear editor, please find the film enclosed.\n" * 50)
    return path


def playlist(folder: Path) -> Path:
    path = folder / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{film(folder)}\n#EXT-X-ENDLIST\n")
    return path


def concat_script(folder: Path) -> Path:
    path = folder / "script.mp4"
    path.write_text(f"ffconcat version 1.0\nfile '{film(folder).name}'\n")
    return path


def still_image(folder: Path) -> Path:
    return make_media(
        folder / "still.png", Picture((1,), codec="png", options={}, pix_fmt="rgb24"), form="image2"
    )


def without_its_index(folder: Path) -> Path:
    return cut_off(film(folder), folder / "cut.mp4", 0.5)


def only_the_index(folder: Path) -> Path:
    whole = make_media(folder / "fast.mp4", Picture((20,)), options={"movflags": "faststart"})
    return cut_off(whole, folder / "head.mp4", (whole.read_bytes().index(b"mdat") + 4) / whole.stat().st_size)


def only_a_beginning(folder: Path) -> Path:
    whole = make_media(folder / "frag.mp4", Picture((20,)), options={"movflags": "frag_keyframe+empty_moov"})
    return cut_off(whole, folder / "init.mp4", (whole.read_bytes().index(b"moof") - 4) / whole.stat().st_size)


def only_unknown_sound(folder: Path) -> Path:
    song = make_media(folder / "song.m4a", Sound(codec="alac"), form="mp4")
    return rename_codec(song, folder / "odd.m4a", b"alac", b"zzzz")


def only_a_cover(folder: Path) -> Path:
    cover = Picture((1,), codec="mjpeg", options={}, pix_fmt="yuvj420p", disposition=Disposition.attached_pic)
    return make_media(folder / "song.m4a", cover, form="mp4")


def sound_that_does_not_decode(folder: Path) -> Path:
    song = make_media(folder / "song.mka", Sound(codec="flac"), form="matroska")
    return spoil_packets(song, folder / "zeros.mka", range(1000), kind="audio")


def encrypted_sound(folder: Path) -> Path:
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": KEY, "encryption_kid": KEY}
    return make_media(folder / "locked.m4a", Sound(), form="mp4", options=options)


def unknown_codec(folder: Path) -> Path:
    return rename_codec(film(folder), folder / "odd.mp4", b"avc1", b"zzzz")


def encrypted(folder: Path) -> Path:
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": KEY, "encryption_kid": KEY}
    return make_media(folder / "locked.mp4", Picture((20,)), options=options)


def nothing_decodes(folder: Path) -> Path:
    whole = film(folder)
    data = bytearray(whole.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path = folder / "zeros.mp4"
    path.write_bytes(bytes(data))
    return path


CASES: list[tuple[Callable[[Path], Path], MediaErrorCode]] = [
    (empty, MediaErrorCode.EMPTY_FILE),
    (noise, MediaErrorCode.NOT_MEDIA),
    (text, MediaErrorCode.NOT_MEDIA),
    (playlist, MediaErrorCode.NOT_MEDIA),
    (concat_script, MediaErrorCode.NOT_MEDIA),
    (still_image, MediaErrorCode.NOT_MEDIA),
    (without_its_index, MediaErrorCode.TRUNCATED),
    (only_the_index, MediaErrorCode.TRUNCATED),
    (only_a_beginning, MediaErrorCode.NO_FRAMES),
    (only_unknown_sound, MediaErrorCode.NO_VIDEO),
    (only_a_cover, MediaErrorCode.NO_VIDEO),
    (sound_that_does_not_decode, MediaErrorCode.DECODE_FAILED),
    (encrypted_sound, MediaErrorCode.ENCRYPTED),
    (unknown_codec, MediaErrorCode.UNKNOWN_CODEC),
    (encrypted, MediaErrorCode.ENCRYPTED),
    (nothing_decodes, MediaErrorCode.DECODE_FAILED),
]


@pytest.mark.parametrize(("make", "code"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_a_file_that_cannot_be_analysed_says_why(
    tmp_path: Path, make: Callable[[Path], Path], code: MediaErrorCode
) -> None:
    with pytest.raises(MediaError) as caught:
        build_plan(make(tmp_path))

    assert caught.value.code is code
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(file_bytes=1000), "1000 are allowed"),
        (Limits(streams=1), "2 streams"),
        (Limits(frames=19), "more than 19 frames"),
        (Limits(duration_s=0.5), "lasts 1 s"),
        (Limits(width_px=128, height_px=128), "192 x 112 pixels"),
        (Limits(sample_rate_hz=44_100), "48000 samples a second"),
        (Limits(decoded_pixels=19 * 192 * 112), "20 frames of 21504 pixels"),
    ],
)
def test_over_a_limit_is_refused_by_name(tmp_path: Path, limits: Limits, named: str) -> None:
    with pytest.raises(MediaError, match=named) as caught:
        build_plan(film(tmp_path), None, limits)

    assert caught.value.code is MediaErrorCode.LIMIT_EXCEEDED


def test_at_the_limit_is_accepted(tmp_path: Path) -> None:
    path = film(tmp_path)
    limits = Limits(file_bytes=path.stat().st_size, streams=2, frames=20, width_px=112, height_px=192)

    assert build_plan(path, None, limits).frames == 20


def test_the_library_and_the_installation_have_the_same_default_limits() -> None:
    assert LimitSettings().model_dump() == asdict(Limits())


def test_a_limit_must_be_positive() -> None:
    with pytest.raises(ValueError, match="frames must be positive"):
        Limits(frames=0)


def test_a_path_that_is_not_there_is_no_media_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        build_plan(tmp_path / "nowhere.mp4")
    with pytest.raises(IsADirectoryError):
        build_plan(tmp_path)


def test_a_playlist_of_frames_on_disk_is_not_followed(tmp_path: Path) -> None:
    for number in range(3):
        make_media(
            tmp_path / f"{number}.png", Picture((1,), codec="png", options={}, pix_fmt="rgb24"), form="image2"
        )

    with pytest.raises(FileNotFoundError):
        build_plan(tmp_path / "%d.png")


def test_a_name_that_reads_like_a_part_of_another_file_is_only_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(tmp_path).rename(tmp_path / "film.mp4")
    monkeypatch.chdir(tmp_path)
    name = Path("subfile,,start,0,end,99999999,,:film.mp4")
    name.write_bytes(b"no video at all")

    with pytest.raises(MediaError) as caught:
        build_plan(name)

    assert caught.value.code == MediaErrorCode.NOT_MEDIA


def test_the_error_survives_the_way_from_an_actor() -> None:
    sent = MediaError("truncated", "The file is cut off. Upload it again.")

    received = pickle.loads(pickle.dumps(sent))

    assert (received.code, received.message, str(received)) == (sent.code, sent.message, str(sent))


def test_broken_names_in_the_file_break_nothing(tmp_path: Path) -> None:
    path = film(tmp_path)
    data = path.read_bytes().replace(b"Lavf", b"\xff\xfe\xfa\xfb").replace(b"VideoHandler", b"\xff" * 12)
    path.write_bytes(data)

    assert build_plan(path).media.fps_fraction == Fraction(25)
