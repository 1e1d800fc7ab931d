"""JSON, CSV, WebVTT and FFmetadata, read by what they are for."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
import webvtt

from actors.segmentation.planning.plan import build_plan
from serve_app.exports import FORMATS
from serve_app.exports.csv_file import COLUMNS, write_csv
from serve_app.exports.ffmetadata import write_ffmetadata
from serve_app.exports.json_file import write_json
from serve_app.exports.material import Export, ceil_ms
from serve_app.exports.webvtt import write_webvtt
from tests.support.exports import a_segment, film
from tests.support.media import Picture, Sound, make_media, read_number
from tests.support.servers.private import missing

ODD = 'a --> <b> & "c"; d=e #1 \\ ü\n\nשלום'
ODD_SAID = 'Chapter 1: a --> <b> & "c"; d=e #1 \\ ü שלום'


def made_of(*segments: object, filename: str = "film.mp4") -> Export:
    return Export(filename, media={}, settings={}, audio_track=[], segments=segments, level="chapter")  # type: ignore[arg-type]


def test_json_is_the_document_of_all_levels() -> None:
    made = film([0, 50, 100], scenes=[50], label=ODD)

    document = json.loads(write_json(made))

    assert list(document) == [
        "media",
        "settings",
        "warnings",
        "segments",
        "audio_track",
        "transcript",
        "screen_text",
    ]
    assert document["warnings"] == []
    assert [(s["level"], s["index"]) for s in document["segments"]] == [
        ("chapter", 0),
        ("scene", 0),
        ("scene", 1),
        ("shot", 0),
        ("shot", 1),
    ]
    assert document["segments"][0]["label"] == ODD
    assert document["segments"][0]["audio"] is None


def test_json_has_the_warnings() -> None:
    warning = {"code": "truncated", "message": "It is cut off.", "missing_frames": None, "missing_s": 2.5}

    document = json.loads(write_json(replace(film([0, 50]), warnings=[warning])))

    assert document["warnings"] == [warning]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_csv_keeps_times_exactly_and_what_is_missing_empty() -> None:
    rate = Fraction(24_000, 1001)
    made = film([0, 31, 1801], fps=rate, level="shot", start_s=0.54)

    text = write_csv(made)
    rows = rows_of(text)

    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert text.endswith("\r\n")
    shots = made.chosen()
    assert [float(row["start_s"]) for row in rows] == [shot.start_s for shot in shots]
    assert [int(row["end_frame"]) for row in rows] == [shot.end_frame for shot in shots]
    assert rows[0]["audio_loudness_lufs"] == rows[0]["tags"] == rows[0]["keyframe_s"] == ""


@pytest.mark.parametrize("label", ["=1+1", "+a", "-a", "@sum(a1)", "\t=1", "\r=1", ODD, 'a,"b"'])
def test_no_text_of_a_csv_is_run(label: str) -> None:
    sound = {"speech": 0.9, "singing": 0, "music": 0, "silence": 0, "loudness_lufs": -23.5}
    segment = a_segment(label=label, audio=sound, start_s=-0.04)

    (row,) = rows_of(write_csv(made_of(segment)))

    assert row["label"].lstrip("'") == label
    assert row["label"][0] not in "=+-@\t\r\n"
    assert float(row["audio_loudness_lufs"]) == -23.5
    assert float(row["start_s"]) == -0.04


def cues_of(text: str) -> list[tuple[Fraction, Fraction]]:
    return [(clock(cue.start), clock(cue.end)) for cue in webvtt.from_string(text)]


def clock(text: str) -> Fraction:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)


def test_webvtt_has_a_cue_a_segment() -> None:
    made = film([0, 50, 100, 200], scenes=[100], level="scene", start_s=0.54)

    text = write_webvtt(made)

    assert text.startswith("WEBVTT\n\n1\n00:00:00.540 --> 00:00:04.540\nScene 1: speech\n\n2\n")
    assert cues_of(text) == [(Fraction("0.54"), Fraction("4.54")), (Fraction("4.54"), Fraction("8.54"))]


def test_webvtt_is_escaped() -> None:
    text = write_webvtt(made_of(a_segment(label=ODD, start_s=3599.9996, end_s=360_000.5)))

    assert "01:00:00.000 --> 100:00:00.500" in text
    assert text.count("-->") == 1
    assert text.splitlines()[-1] == 'Chapter 1: a --&gt; &lt;b&gt; &amp; "c"; d=e #1 \\ ü שלום'


@pytest.mark.parametrize("rate", [24, Fraction(24_000, 1001), Fraction(30_000, 1001), Fraction(60_000, 1001)])
def test_a_cue_begins_within_its_first_frame(rate: Fraction) -> None:
    bounds = [*range(0, 700, 7)]
    made = film(bounds, fps=rate, level="shot", start_s=0.54)

    cues = cues_of(write_webvtt(made))

    assert len(cues) == len(bounds) - 1
    for cue, segment in zip(cues, made.chosen(), strict=True):
        begin, end = ((time_s - Fraction("0.54")) * rate for time_s in cue)
        assert segment.start_frame <= begin < segment.start_frame + 1
        assert segment.end_frame <= end < segment.end_frame + 1


def test_what_lasts_no_millisecond_has_no_cue() -> None:
    short = a_segment(start_s=1.0000001, end_s=1.0000004)

    assert write_webvtt(made_of(short)) == "WEBVTT\n"
    assert write_webvtt(made_of()) == "WEBVTT\n"


def test_players_have_no_time_before_zero() -> None:
    text = write_webvtt(made_of(a_segment(start_s=-0.04, end_s=1.0)))

    assert "00:00:00.000 --> 00:00:01.000" in text


@pytest.mark.parametrize(
    ("time_s", "ms"),
    [(0.0, 0), (16.12, 16_120), (1.0833333333, 1084), (13 / 12, 1084), (-1.0, 0), (0.9999999999, 1000)],
)
def test_boundaries_are_rounded_into_their_frame(time_s: float, ms: int) -> None:
    assert ceil_ms(time_s) == ms


def test_ffmetadata_without_segments_has_no_chapters() -> None:
    assert write_ffmetadata(made_of(filename="a;b.mp4")) == ";FFMETADATA1\ntitle=a\\;b.mp4\n"


CUTS = (0, 17, 30, 47, 60)
RATE = Fraction(24_000, 1001)


@pytest.mark.parametrize(
    ("suffix", "picture_s", "sound_s"),
    [
        (".mp4", Fraction(0), Fraction(0)),
        (".mp4", Fraction(1, 8), Fraction(0)),
        (".mkv", Fraction(0), Fraction(0)),  # the sound's first packet lies before zero
        (".ts", Fraction(7, 5), Fraction(13, 10)),
        (".mpg", Fraction(1, 2), Fraction(3, 5)),
    ],
)
def test_ffmpeg_gives_the_film_its_chapters(
    tmp_path: Path, suffix: str, picture_s: Fraction, sound_s: Fraction
) -> None:
    if shutil.which("ffmpeg") is None:
        missing("ffmpeg is not installed; `make test` installs it.")
    picture = Picture((17, 13, 17, 13), fps=RATE, time_of=lambda k: picture_s + k / RATE, gop=12)
    form = "vob" if suffix == ".mpg" else None
    if form:  # with bits enough that the numbers can be read
        picture = replace(picture, codec="mpeg2video", options={"b": "4M"}, tick=1 / RATE)
    sound = Sound(((440.0, 2.6),), start_s=sound_s, codec="mp2" if form else "aac")
    source = make_media(tmp_path / f"film{suffix}", picture, sound, form=form)
    plan = build_plan(source)
    made = film(
        CUTS,
        fps=RATE,
        times_s=[plan.index.clock.seconds_of(frame) for frame in range(61)],
        filename=ODD,
        label=ODD,
        level="shot",
        audio_start_s=plan.media.contract()["audio_start_s"],
    )
    chapters, out = tmp_path / "chapters.txt", tmp_path / "out.mp4"
    chapters.write_text(write_ffmetadata(made), encoding="utf-8")

    command = ["ffmpeg", "-v", "error", "-i", str(source), "-i", str(chapters), "-map_metadata", "1"]
    command += ["-map_chapters", "1", "-map", "0:v", "-map", "0:a", "-c", "copy", str(out)]
    subprocess.run(command, check=True)

    with av.open(str(out)) as container:
        found = container.chapters()
        assert container.metadata["title"] == " ".join(ODD.split())
    assert [c["metadata"]["title"] for c in found] == [
        ODD_SAID.replace("Chapter 1", f"Shot {n}") for n in range(1, 5)
    ]
    begin = [c["start"] * c["time_base"] for c in found]
    # The first chapter of an mp4 begins at zero, where there may only be sound.
    assert [number_at(out, time_s) for time_s in begin[1:]] == list(CUTS[1:-1])
    assert begin[0] <= Fraction(3, 20)


def number_at(path: Path, time_s: Fraction) -> int:
    """The number on the frame that a player shows at a time."""
    shown = -1
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            if frame.pts * frame.time_base > time_s:
                break
            shown = read_number(frame.to_ndarray(format="rgb24"))
    return shown


def test_files_are_named_after_the_film() -> None:
    assert FORMATS["edl"].filename("my film.v2.mp4") == "my film.v2.edl"
    assert FORMATS["webvtt"].filename("film") == "film.vtt"
    assert FORMATS["html"].filename(".mp4") == "mp4.html"
    assert FORMATS["otio"].filename("") == "video.otio"
