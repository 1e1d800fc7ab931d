"""Sound: the right samples at the right times, the same whatever was decoded before."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.decode.audio_cells import assemble, cell_bounds, cells_of, with_channels
from actors.segmentation.planning.plan import build_plan
from tests.support.media import Picture, Sound, cut_off, flip_bits, make_media, spoil_packets

PICTURE = Picture((140,), size=(64, 48), fps=Fraction(4))
NOISE = Sound((("noise", 35.0),))

CODECS = {
    "aac.mp4": NOISE,
    "aac.ts": NOISE,
    "aac.flv": replace(NOISE, rate_hz=44_100),
    "mp2.ts": replace(NOISE, codec="mp2"),
    "ac3.mkv": replace(NOISE, codec="ac3", channels=6, bit_rate=448_000),
    "mp3.avi": replace(NOISE, codec="libmp3lame"),
    "opus.mkv": replace(NOISE, codec="libopus"),
    "flac.mkv": replace(NOISE, codec="flac", channels=2),
    "pcm.mov": replace(NOISE, codec="pcm_s16le", channels=2),
    "alac.mov": replace(NOISE, codec="alac"),
    "aac-7.1.mp4": replace(NOISE, channels=8, bit_rate=512_000),
    "wma.asf": replace(NOISE, codec="wmav2"),
}


def reader_of(path: Path) -> AudioReader:
    reader = AudioReader.open(path, build_plan(path).media.audio)
    assert reader is not None
    return reader


def mono(reader: AudioReader, start_s: Fraction | int, end_s: Fraction | int) -> npt.NDArray[np.float32]:
    """The mean of the channels."""
    return reader.pcm(start_s, end_s).mean(axis=0)


def level(samples: npt.NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("name", CODECS)
def test_any_range_has_the_samples_of_the_whole(tmp_path: Path, name: str) -> None:
    path = make_media(tmp_path / name, PICTURE, CODECS[name])
    with reader_of(path) as reader:
        rate = reader.sample_rate_hz
        whole = mono(reader, -1, 37)

    for start, end in ((30, 34), (27, 33), (0, 1), (29, 30), (3, 4)):
        with reader_of(path) as reader:
            assert np.array_equal(mono(reader, start, end), whole[(start + 1) * rate : (end + 1) * rate])
            mono(reader, 12, 13)
            assert np.array_equal(mono(reader, start, end), whole[(start + 1) * rate : (end + 1) * rate])
    assert level(whole[2 * rate : 35 * rate]) > 0.05


@pytest.mark.parametrize("name", ["aac.mp4", "mp2.ts", "flac.mkv", "pcm.mov", "mp3.mp4", "opus.mkv"])
def test_a_sound_is_heard_when_it_is_played(tmp_path: Path, name: str) -> None:
    """A click of 10 ms at 12.5 s, measured from the picture's start as a transport stream shifts both."""
    codec = {"mp3": "libmp3lame", "opus": "libopus", "pcm": "pcm_s16le"}.get(name[:3], name.split(".")[0])
    codec = "libopus" if name.startswith("opus") else codec
    click = Sound((("silence", 12.5), (1000.0, 0.01), ("silence", 6.0)), codec=codec)
    path = make_media(tmp_path / name, replace(PICTURE, fps=Fraction(25)), click)
    plan = build_plan(path)

    with reader_of(path) as reader:
        samples = mono(reader, 0, 20)
        loud = np.flatnonzero(np.abs(samples) > 0.1) / reader.sample_rate_hz

    assert loud[0] - plan.media.start_s == pytest.approx(12.5, abs=0.003)
    assert loud[-1] - plan.media.start_s == pytest.approx(12.51, abs=0.005)


def test_before_and_behind_the_sound_is_silence(tmp_path: Path) -> None:
    path = make_media(
        tmp_path / "film.mkv", PICTURE, Sound((("noise", 3.0),), codec="flac", start_s=Fraction(5, 2))
    )

    with reader_of(path) as reader:
        samples = mono(reader, -3, 100)
        rate = reader.sample_rate_hz

    heard = np.flatnonzero(samples)
    assert len(samples) == 103 * rate
    assert heard[0] / rate == pytest.approx(5.5, abs=0.001)
    assert heard[-1] / rate == pytest.approx(8.5, abs=0.001)


def test_ranges_on_any_grid_meet_without_overlap(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", PICTURE, Sound((("noise", 11.0),), rate_hz=44_100))

    with reader_of(path) as reader:
        whole = mono(reader, 9, Fraction(21, 2))
        thirds = [mono(reader, 9 + Fraction(k, 7), 9 + Fraction(k + 1, 7)) for k in range(11)]
        assert len(mono(reader, 3, 3)) == 0

    assert np.array_equal(np.concatenate(thirds)[: len(whole)], whole[: sum(map(len, thirds))])


@pytest.mark.parametrize("codec", ["aac", "libopus", "libmp3lame", "ac3"])
def test_a_tone_goes_on_where_cells_meet(tmp_path: Path, codec: str) -> None:
    path = make_media(tmp_path / "film.mkv", PICTURE, Sound(((440.0, 35.0),), codec=codec))

    with reader_of(path) as reader:
        samples = np.concatenate(
            [mono(reader, edge - Fraction(1, 10), edge + Fraction(1, 10)) for edge in (2, 28, 32)]
        )

    windows = samples[: len(samples) // 240 * 240].reshape(-1, 240)
    assert np.sqrt((windows**2).mean(axis=1)) == pytest.approx(np.full(len(windows), 0.3 / 2**0.5), abs=0.04)


def test_channels_are_averaged(tmp_path: Path) -> None:
    sound = Sound(((440.0, 2.0),), channels=2, codec="pcm_s16le")
    path = make_media(tmp_path / "film.mov", PICTURE, sound)

    with reader_of(path) as reader:
        assert mono(reader, 0, 2) == pytest.approx(sound.samples(), abs=1e-4)


def test_channels_stay_apart_and_know_their_places(tmp_path: Path) -> None:
    surround = replace(NOISE, codec="ac3", channels=6, bit_rate=448_000)
    path = make_media(tmp_path / "film.mkv", PICTURE, surround)

    with reader_of(path) as reader:
        assert reader.channel_names == ("FL", "FR", "FC", "LFE", "SL", "SR")
        samples = reader.pcm(1, 3)

    assert samples.shape == (6, 2 * reader.sample_rate_hz)
    assert level(samples[0]) > 0.05


def test_eight_channels_are_read_and_no_more(tmp_path: Path) -> None:
    """Decoders give them in eight planes, of which PyAV makes nine."""
    sound = Sound((("noise", 3.0),), channels=8, bit_rate=512_000)
    with reader_of(make_media(tmp_path / "film.mp4", PICTURE, sound)) as reader:
        samples = reader.pcm(0, 3)

        assert samples.shape[0] == len(reader.channel_names) == 8
        heard = zip(samples, reader.channel_names, strict=True)
        assert [level(channel) > 0.01 for channel, place in heard if place != "LFE"] == [True] * 7


def test_another_number_of_channels() -> None:
    one, two, three = (np.arange(1, k + 1, dtype=np.float32)[:, None] for k in (1, 2, 3))

    assert with_channels(one, 2)[:, 0].tolist() == [1, 1]
    assert with_channels(one, 3)[:, 0].tolist() == [1, 1, 0]
    assert with_channels(two, 3)[:, 0].tolist() == [1, 2, 0]
    assert with_channels(three, 1)[:, 0].tolist() == [2]
    assert with_channels(three, 2)[:, 0].tolist() == [2, 2]


def test_cells_tile_the_clock_and_a_block_needs_three() -> None:
    assert [cell_bounds(cell) for cell in range(-1, 3)] == [(-28, -2), (-2, 2), (2, 28), (28, 32)]
    assert cells_of(Fraction(28), Fraction(62)) == range(2, 5)
    assert cells_of(Fraction(-2), Fraction(32)) == range(3)
    assert cells_of(Fraction(5), Fraction(11, 2)) == range(1, 2)
    assert len(cells_of(Fraction(2), Fraction(2))) == 0


def test_a_video_without_sound_has_no_reader(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((5,)))

    assert AudioReader.open(path, build_plan(path).media.audio) is None


def test_a_range_must_not_run_backwards(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((5,)), Sound())

    with reader_of(path) as reader, pytest.raises(ValueError, match="ends before"):
        mono(reader, 2, 1)


def test_broken_sound_is_silence_and_a_warning_never_an_error(tmp_path: Path) -> None:
    whole = make_media(tmp_path / "film.mp4", PICTURE, replace(NOISE, bit_rate=64_000))
    path = spoil_packets(whole, tmp_path / "broken.mp4", range(200, 260), kind="audio")

    with reader_of(path) as reader:
        rate = reader.sample_rate_hz
        samples = mono(reader, 0, 25)
        warnings = reader.warnings

    assert "cannot be decoded" in warnings[0]
    assert len(warnings) <= 20
    assert level(samples[round(4.5 * rate) : round(5.3 * rate)]) < 0.001
    assert level(samples[6 * rate : 24 * rate]) > 0.05


@pytest.mark.parametrize(("name", "options"), [("film.ts", {}), ("film.mkv", {"live": "1"})])
def test_a_file_cut_off_or_damaged_still_gives_all_ranges(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    whole = make_media(tmp_path / f"whole-{name}", PICTURE, NOISE, options=options)
    cut = cut_off(whole, tmp_path / f"cut-{name}", 0.5)
    flipped = flip_bits(whole, tmp_path / f"flipped-{name}", 60, after=0.3)

    for path in (cut, flipped):
        with reader_of(path) as reader:
            assert len(mono(reader, 0, 25)) == 25 * reader.sample_rate_hz


def ramp(start: int, count: int) -> npt.NDArray[np.float32]:
    return np.arange(start, start + count, dtype=np.float32)


def laid(
    frames: list[tuple[float | None, npt.NDArray[np.float32]]], first: int, count: int, rate: int
) -> list[float]:
    out = np.zeros((1, count), np.float32)
    assemble([(position, samples[None]) for position, samples in frames], out, first, rate)
    samples: list[float] = out[0].tolist()
    return samples


def test_frames_are_laid_at_their_times() -> None:
    frames = [(100.0, ramp(100, 50)), (150.0, ramp(150, 50))]

    assert laid(frames, 100, 100, 1000) == ramp(100, 100).tolist()
    assert laid(frames, 120, 20, 1000) == ramp(120, 20).tolist()
    assert laid(frames, 0, 110, 1000)[:100] == [0.0] * 100


def test_rounded_timestamps_leave_no_gaps() -> None:
    """Milliseconds at 48 kHz: each stamp is off by up to 24 samples, the sound is whole."""
    frames = [(48.0 * round(k * 1024 / 48), ramp(k * 1024, 1024)) for k in range(40)]

    placed = laid(frames, 1000, 30_000, 48_000)

    assert np.diff(placed).tolist() == [1.0] * 29_999
    assert placed[0] == pytest.approx(1000, abs=12)


def test_gaps_are_silent_and_overlaps_keep_what_came_first() -> None:
    gap = laid([(0.0, np.ones(50, np.float32)), (100.0, np.ones(50, np.float32))], 0, 150, 1000)
    overlap = laid([(0.0, np.full(100, 1, np.float32)), (50.0, np.full(100, 2, np.float32))], 0, 150, 1000)

    assert gap == [1.0] * 50 + [0.0] * 50 + [1.0] * 50
    assert overlap == [1.0] * 100 + [2.0] * 50


def test_frames_without_a_time_follow_the_one_before() -> None:
    frames = [(None, ramp(900, 10)), (0.0, ramp(0, 10)), (None, ramp(10, 10)), (20.0, ramp(20, 10))]

    assert laid(frames, 0, 30, 1000) == ramp(0, 30).tolist()
    assert laid([], 0, 5, 1000) == [0.0] * 5
