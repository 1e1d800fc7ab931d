"""Channels and the loudspeakers that they are for, in files that name these in odd ways, or not at all."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.decode.channels import usual_order
from actors.segmentation.planning.plan import build_plan
from actors.segmentation.sound import downmix
from tests.support.media import Picture, Rgb, Sound, make_media

PICTURE = Picture((10,), size=(64, 48), fps=Fraction(4))
SOUND = Sound((("noise", 2.5),), codec="pcm_s16le")

READ = """
import sys
from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.planning.plan import build_plan
for path in sys.argv[1:]:
    for _ in range(5):
        with AudioReader.open(path, build_plan(path).media.audio) as reader:
            loud = [str(bool(channel.any())) for channel in reader.pcm(0, 2)]
    print(*reader.channel_names, *loud)
"""
"""In a process of its own: where PyAV frees a layout twice, it ends."""


def read_apart(path: Path) -> list[str]:
    """Names of the channels, then whether each has sound."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def test_a_list_of_channels_ends_no_process_and_is_put_in_the_usual_order(tmp_path: Path) -> None:
    """CAF has the sides of 7.1 before its back."""
    said = read_apart(make_media(tmp_path / "song.caf", replace(SOUND, channels=8)))

    assert said == ["FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR", *["True"] * 8]


def test_of_several_streams_with_lists_of_channels_one_is_heard(tmp_path: Path) -> None:
    """QuickTime's layout MPEG 5.1 B: left, right, their surrounds, centre, low frequencies."""
    streams = replace(SOUND, channels=6, parts=(("silence", 2.5),)), replace(SOUND, channels=6)
    path = make_media(tmp_path / "film.mov", PICTURE, *streams)
    data = path.read_bytes()
    assert data.count(b"chan") == 2
    for _ in streams:
        at = data.index(b"chan") + 4
        data = (
            data[: at - 4] + b"Chan" + data[at : at + 4] + struct.pack(">I", 122 << 16 | 6) + data[at + 8 :]
        )
    path.write_bytes(data.replace(b"Chan", b"chan"))

    said = read_apart(path)

    assert said == ["FL", "FR", "FC", "LFE", "SL", "SR", *["True"] * 6]


def test_channels_come_in_the_usual_order() -> None:
    names = ("FL", "FR", "FC", "LFE", "SL", "SR", "BL", "BR")

    assert usual_order(names) == [0, 1, 2, 3, 6, 7, 4, 5]
    assert usual_order(("FC", "FL", "FR")) == [1, 2, 0]
    assert usual_order(()) == []


@pytest.mark.parametrize("channels", [1, 6])
def test_channels_of_which_nothing_is_said_have_no_names(tmp_path: Path, channels: int) -> None:
    """Matroska has no place for loudspeakers of PCM, and neither has a WAV file's short header."""
    path = make_media(tmp_path / "film.mkv", PICTURE, replace(SOUND, channels=channels))

    with AudioReader.open(path, build_plan(path).media.audio) as reader:  # type: ignore[union-attr]
        assert reader.channel_names == ()
        samples = reader.pcm(0, 2)
        heard = downmix.mixed(samples, reader.channel_names)

    assert heard == pytest.approx(samples.mean(axis=0), abs=1e-6)
    assert np.abs(samples).max() > 0.1


@pytest.mark.parametrize("codec", ["aac", "mp2", "ac3"])
def test_sound_that_begins_behind_all_that_ffmpeg_probes_is_read(tmp_path: Path, codec: str) -> None:
    """A transport stream whose picture has more than 5 MB before the first packet of sound."""

    def noise(_shot: int, frame: int, size: tuple[int, int]) -> Rgb:
        return np.random.default_rng(frame).integers(0, 256, (size[1], size[0], 3), np.uint8)

    options = {"qmin": "1", "qmax": "1"}
    picture = Picture((80,), (640, 360), codec="mpeg2video", options=options, picture=noise)
    sound = Sound(((440.0, 1.5),), codec=codec, start_s=Fraction(2))
    path = make_media(tmp_path / "film.ts", picture, sound)
    plan = build_plan(path)

    assert plan.media.audio is not None
    with AudioReader.open(path, plan.media.audio) as reader:  # type: ignore[union-attr]
        begins_s = Fraction(plan.media.audio.start_s)
        assert np.abs(reader.pcm(begins_s, begins_s + 1)).max() > 0.1
