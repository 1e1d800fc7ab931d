"""Which audio stream is heard where a file has several: what it is for, the default one, a signal."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.stream import Disposition

from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.planning.audio_levels import NOTHING_DB, loudest_db
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import Picture, Sound, make_media, spoil_packets
from tests.support.servers.private import missing

SECONDS = 12.0
PICTURE = Picture((12,), fps=Fraction(1), size=(64, 48), number=False)
BROADCAST = Picture((300,), size=(720, 576), codec="mpeg2video", options={}, number=False)
PCM = {"codec": "pcm_s16le"}


@dataclass(frozen=True)
class Choice:
    audio_stream: int | None = None
    video_stream: int | None = None


def tone(**how: Any) -> Sound:
    return Sound(((440.0, SECONDS),), **how)


def empty(**how: Any) -> Sound:
    return Sound((("silence", SECONDS),), **how)


def hiss(level_db: float, **how: Any) -> Sound:
    return Sound((("noise", SECONDS),), gain=10 ** ((level_db + 20) / 20), **how)


def late(start_s: float, seconds: float, **how: Any) -> Sound:
    """Silence but for one tone."""
    rest_s = SECONDS - start_s - seconds
    return Sound((("silence", start_s), (440.0, seconds), ("silence", rest_s)), **how)


def flagged(sound: Sound, flags: Disposition) -> Sound:
    return replace(sound, disposition=flags)


D = Disposition
FILES: dict[str, tuple[str, tuple[Sound, ...], int]] = {
    # container, streams of sound, number of the one to be heard
    "first of two": ("mkv", (tone(), tone()), 1),
    "first of two by any bit rate": (
        "mkv",
        (tone(codec="ac3", bit_rate=64_000), tone(codec="ac3", bit_rate=448_000, channels=2)),
        1,
    ),
    "first of two in MP4": ("mp4", (tone(bit_rate=32_000), tone(bit_rate=192_000, channels=2)), 1),
    "commentary second and larger": (
        "mkv",
        (tone(bit_rate=64_000), flagged(tone(bit_rate=192_000), D.comment)),
        1,
    ),
    "commentary first": ("mkv", (flagged(tone(), D.comment), tone()), 2),
    "commentary flagged as default": ("mkv", (flagged(tone(), D.comment | D.default), tone()), 2),
    "description of the picture first": ("mkv", (flagged(tone(), D.visual_impaired), tone()), 2),
    "help for the hearing impaired first": ("mkv", (flagged(tone(), D.hearing_impaired), tone()), 2),
    "karaoke first": ("nut", (flagged(tone(), D.karaoke), tone()), 2),
    "lyrics first": ("nut", (flagged(tone(), D.lyrics), tone()), 2),
    "dub first": ("nut", (flagged(tone(), D.dub), flagged(tone(), D.original)), 2),
    "dub flagged as default": ("nut", (flagged(tone(), D.original), flagged(tone(), D.dub | D.default)), 2),
    "dub before commentary": ("nut", (flagged(tone(), D.comment), flagged(tone(), D.dub)), 2),
    "default second": ("mkv", (tone(), flagged(tone(), D.default)), 2),
    "first empty": ("mkv", (empty(), tone()), 2),
    "first empty and default": ("mkv", (flagged(empty(), D.default), tone()), 2),
    "first empty in MP4": ("mp4", (empty(), tone()), 2),
    "first empty in a transport stream": ("ts", (empty(), tone()), 2),
    "first empty in AVI": ("avi", (empty(codec="mp3"), tone(codec="mp3")), 2),
    "mono tracks of a camera": ("mov", (empty(**PCM), empty(**PCM), tone(**PCM), empty(**PCM)), 3),
    "mono tracks of which two have sound": ("mov", (empty(**PCM), tone(**PCM), tone(**PCM)), 2),
    "sound of a recorder, the first empty": ("mkv", (empty(channels=2), tone(), tone(channels=2)), 2),
    "an offset is no sound": ("mov", (empty(**PCM, offset=0.1), tone(**PCM)), 2),
    "hiss of an open input": ("mov", (hiss(-65, **PCM), hiss(-45, **PCM)), 2),
    "hum beside a loud stream": ("mov", (hiss(-50, **PCM), tone(**PCM)), 2),
    "quiet, and no louder stream": ("mov", (hiss(-50, **PCM), hiss(-45, **PCM)), 1),
    "quiet, and commentary loud": ("mkv", (hiss(-50), flagged(tone(), D.comment)), 1),
    "sound in the middle only": ("mkv", (late(5.5, 1.0), tone()), 1),
    "sound near the end only": ("mp4", (late(10.0, 1.0), tone()), 1),
    "only the commentary has sound": ("mkv", (empty(), flagged(tone(), D.comment)), 2),
    "all empty": ("mkv", (empty(), empty()), 1),
}


def planned(path: Path, choice: Choice | None = None) -> MediaInfo:
    return build_plan(path, choice).media


@pytest.mark.parametrize("kind", FILES)
def test_the_stream_that_is_heard(kind: str, tmp_path: Path) -> None:
    suffix, sounds, wanted = FILES[kind]
    path = make_media(tmp_path / f"film.{suffix}", PICTURE, *sounds)

    told = planned(path).contract()

    assert told["audio_stream"] == wanted
    assert [stream["stream"] for stream in told["audio_streams"]] == list(range(1, len(sounds) + 1))


def test_broadcast_files_of_mono_tracks_are_heard(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mxf", BROADCAST, empty(**PCM), empty(**PCM), tone(**PCM), tone(**PCM))

    media = planned(path)

    assert media.contract()["audio_stream"] == 3
    assert media.audio is not None
    assert media.audio.channels == 1


def test_it_is_told_which_streams_are_silent_and_what_they_are_for(tmp_path: Path) -> None:
    commentary = flagged(tone(title="Director"), D.comment)
    path = make_media(tmp_path / "film.mkv", PICTURE, commentary, empty(), tone(title="Film"), empty())

    media = planned(path)
    streams = media.contract()["audio_streams"]

    assert [stream["silent"] for stream in streams] == [False, True, False, True]
    assert [stream["purpose"] for stream in streams] == ["commentary", None, None, None]
    assert [stream["title"] for stream in streams] == ["Director", None, "Film", None]
    assert media.notes == ("No sound was found in stream 2; stream 3 is heard instead.",)
    assert MediaInfo.from_document(media.to_document()) == media


def test_of_streams_that_were_not_listened_to_nothing_is_said(tmp_path: Path) -> None:
    alone = planned(make_media(tmp_path / "one.mkv", PICTURE, empty()))
    second = planned(make_media(tmp_path / "two.mkv", PICTURE, tone(), empty()))

    assert [stream.silent for stream in alone.streams] == [None, None]
    assert [stream.silent for stream in second.streams] == [None, False, None]
    assert alone.notes == second.notes == ()


def test_several_empty_streams_are_named_together(tmp_path: Path) -> None:
    media = planned(make_media(tmp_path / "film.mkv", PICTURE, empty(), empty(), empty(), tone()))

    assert media.notes == ("No sound was found in streams 1, 2 and 3; stream 4 is heard instead.",)


def test_a_film_whose_streams_are_all_empty_says_so(tmp_path: Path) -> None:
    media = planned(make_media(tmp_path / "film.mkv", PICTURE, empty(), empty()))

    assert media.notes == ("No sound was found in any of the audio streams.",)
    assert [stream.silent for stream in media.streams] == [None, True, True]


@pytest.mark.parametrize("wanted", [1, 2, 3])
def test_settings_choose_any_stream(wanted: int, tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mkv", PICTURE, empty(), tone(), flagged(tone(), D.comment))

    media = planned(path, Choice(audio_stream=wanted))

    assert media.contract()["audio_stream"] == wanted
    assert media.notes == ()


def test_a_stream_that_does_not_decode_gives_way(tmp_path: Path) -> None:
    whole = make_media(tmp_path / "film.mkv", PICTURE, tone(codec="flac"), tone(codec="flac"))

    media = planned(spoil_packets(whole, tmp_path / "spoilt.mkv", range(10_000), kind="audio"))

    assert media.contract()["audio_stream"] == 2
    assert media.audio is not None


def test_a_film_that_is_late_on_its_clock_is_listened_to_everywhere(tmp_path: Path) -> None:
    start_s = Fraction(5000)
    picture = replace(PICTURE, time_of=lambda k: start_s + k)
    sounds = (replace(late(8.0, 1.0), start_s=start_s), replace(tone(), start_s=start_s))

    assert planned(make_media(tmp_path / "film.mkv", picture, *sounds)).contract()["audio_stream"] == 1
    assert planned(make_media(tmp_path / "film.ts", picture, *sounds)).contract()["audio_stream"] == 1


def test_the_same_file_gives_the_same_plan(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.ts", PICTURE, empty(), late(8.0, 2.0), tone())

    first, second = build_plan(path), build_plan(path)

    assert first.to_bytes() == second.to_bytes()
    assert Plan.from_bytes(first.to_bytes()).media == first.media
    assert first.media.contract()["audio_stream"] == 2


def test_another_programme_of_a_broadcast_is_not_heard(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        missing("ffmpeg is not installed; `make test` installs it.")
    source = make_media(tmp_path / "film.mkv", PICTURE, tone(), empty(), tone())
    path = tmp_path / "broadcast.ts"
    programmes = ["-program", "program_num=5:st=0", "-program", "program_num=7:st=1:st=2:st=3"]
    order = ["-map", "0:1", "-map", "0:0", "-map", "0:2", "-map", "0:3"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(source), *order, "-c", "copy", *programmes]
    subprocess.run([*command, str(path)], check=True)

    media = planned(path)

    heard = next(stream for stream in media.streams if stream.index == media.contract()["audio_stream"])
    assert heard.silent is False
    assert [stream.silent for stream in media.streams if stream.kind == "audio"].count(True) == 1
    assert media.audio is not None
    other_programme = min(stream.index for stream in media.streams if stream.kind == "audio")
    assert media.audio.stream != other_programme


def test_levels_are_those_of_the_loudest_tenth_of_a_second(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mov", PICTURE, late(9.0, 0.5, **PCM), hiss(-30, **PCM), empty(**PCM))

    levels = loudest_db(path, [1, 2, 3], Limits(), enough_db=0.0)

    assert levels[1] == pytest.approx(20 * np.log10(0.3 / 2**0.5), abs=0.1)
    assert levels[2] == pytest.approx(-30, abs=0.3)
    assert levels[3] == NOTHING_DB


def test_listening_can_be_stopped(tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mkv", PICTURE, empty(), tone())
    answers = iter([False, True])

    with pytest.raises(Cancelled):
        loudest_db(path, [1, 2], Limits(), enough_db=-40.0, should_stop=lambda: next(answers))
