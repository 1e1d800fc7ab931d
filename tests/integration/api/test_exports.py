"""Exports over HTTP: what is answered, under which name and type, and what other tools read in it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import opentimelineio as otio
import pytest
import webvtt
from typer.testing import CliRunner

from cluster import cli
from cluster.client import Client
from cluster.commands import results as results_commands
from cluster.contract.protocol import API_PREFIX
from serve_app.exports import FORMATS
from tests.support.api import running as support
from tests.support.api.running import Api, done_video

api = support.running_api

NAME = 'Führung; "a" = b – 映画.mp4'
NUMBERS = {"shot": 20, "scene": 4, "chapter": 2}
OF_SEGMENTS = [name for name, kind in FORMATS.items() if not kind.needs_words]
"""Those of words are in test_transcript.py."""
USUAL_LEVELS = {"youtube": "scene", "mkvchapters": "chapter"}
"""What a format has where neither a level nor a default says it; all others have all levels."""
SHOTS = [(n * 50, n * 50 + 50) for n in range(20)]


@pytest.fixture(scope="module")
def done(api: Api) -> str:
    video_id = done_video(api, filename=NAME)
    for n in range(20):
        api.services.media.put_stream(f"videos/{video_id}/keyframes/{n * 50 + 5}.webp", [b"RIFF", bytes([n])])
    return video_id


def export(api: Api, video_id: str, kind: str, **params: str) -> httpx.Response:
    answer = api.client.get(f"/videos/{video_id}/export", params={"format": kind, **params})
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("kind", OF_SEGMENTS)
@pytest.mark.parametrize("level", [None, "shot", "scene", "chapter"])
def test_every_format_at_every_level(api: Api, done: str, kind: str, level: str | None) -> None:
    answer = export(api, done, kind, **({"level": level} if level else {}))

    assert answer.headers["content-type"].partition(";")[0] == FORMATS[kind].media_type
    wanted = level or FORMATS[kind].default_level or USUAL_LEVELS.get(kind, "shot")
    if kind != "keyframes":  # which are numbers
        assert re.search(rf"{wanted}\b", answer.text, re.IGNORECASE)
    if kind in ("csv", "json"):
        text = answer.content.decode()
        rows = (
            csv.DictReader(io.StringIO(text, newline="")) if kind == "csv" else json.loads(text)["segments"]
        )
        numbers = Counter(row["level"] for row in rows)
        assert numbers == {name: number for name, number in NUMBERS.items() if level in (None, name)}
    else:
        other = next(name for name in NUMBERS if name != wanted)
        assert export(api, done, kind, level=other).text != answer.text


@pytest.mark.parametrize("kind", OF_SEGMENTS)
def test_a_file_is_named_after_the_film(api: Api, done: str, kind: str) -> None:
    header = export(api, done, kind).headers["content-disposition"]

    match = re.fullmatch(r"attachment; filename=\"([^\"]+)\"; filename\*=UTF-8''(\S+)", header)
    assert match
    suffix = FORMATS[kind].suffix
    assert match[1] == f"F_hrung; _a_ = b _ __{suffix}"
    assert unquote(match[2]) == f'Führung; "a" = b – 映画{suffix}'


def test_json_is_the_whole_document(api: Api, done: str) -> None:
    document = export(api, done, "json").json()

    assert list(document) == [
        "media",
        "settings",
        "warnings",
        "segments",
        "audio_track",
        "transcript",
        "screen_text",
    ]
    assert document["media"] == support.MEDIA
    listed = [
        item
        for level in ("chapter", "scene", "shot")
        for item in api.client.get(f"/videos/{done}/segments", params={"level": level}).json()["items"]
    ]
    assert [place(item) for item in document["segments"]] == [place(item) for item in listed]
    assert len(listed) == 26


def place(segment: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in segment.items() if name != "thumbnail"}


def test_csv_is_a_table(api: Api, done: str) -> None:
    text = export(api, done, "csv", level="scene").content.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    assert [row["level"] for row in rows] == ["scene"] * 4
    assert (rows[1]["start_s"], rows[1]["end_frame"], rows[1]["boundary_kind"]) == ("10.0", "500", "cut")
    assert rows[1]["audio_loudness_lufs"] == "-23.0"


def test_webvtt_has_chapters(api: Api, done: str) -> None:
    cues = webvtt.from_string(export(api, done, "webvtt").text)

    assert [(cue.start, cue.end, cue.text) for cue in cues] == [
        ("00:00:00.000", "00:00:20.000", "Chapter 1: speech"),
        ("00:00:20.000", "00:00:40.000", "Chapter 2: speech"),
    ]


def test_ffmetadata_has_chapters(api: Api, done: str) -> None:
    lines = export(api, done, "ffmetadata", level="scene").text.splitlines()

    assert lines[:2] == [";FFMETADATA1", 'title=Führung\\; "a" \\= b – 映画.mp4']
    assert lines[2:7] == ["[CHAPTER]", "TIMEBASE=1/1000", "START=0", "END=10000", "title=Scene 1: speech"]
    assert lines.count("[CHAPTER]") == 4


@pytest.mark.parametrize(
    ("kind", "reader"), [("edl", "cmx_3600"), ("otio", "otio_json"), ("fcpxml", "fcpx_xml")]
)
def test_editing_tools_find_the_shots(api: Api, done: str, kind: str, reader: str) -> None:
    options = {"rate": 25} if kind == "edl" else {}

    read = otio.adapters.read_from_string(export(api, done, kind).text, reader, **options)

    timeline = read[0] if kind == "fcpxml" else read
    ranges = [clip.source_range for clip in timeline.video_tracks()[0].find_clips()]
    assert [(r.start_time.value, r.end_time_exclusive().value) for r in ranges] == SHOTS


def test_a_page_carries_its_keyframes_and_misses_none_that_is_gone(api: Api, done: str) -> None:
    api.services.media.delete(f"videos/{done}/keyframes/55.webp")

    text = export(api, done, "html").text

    assert text.count("data:image/webp;base64,") == 19
    assert text.count("no keyframe") == 1
    assert text.endswith("</html>\n")
    assert f"/videos/{done}" not in text


def test_an_unknown_format_names_those_there_are(api: Api, done: str) -> None:
    answer = api.client.get(f"/videos/{done}/export", params={"format": "avid"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_format")
    for kind in FORMATS:
        assert kind in answer.json()["detail"]


@pytest.fixture(scope="module")
def heard(api: Api) -> str:
    """A video whose file has sound only."""
    media = {**support.MEDIA, "video_codec": None, "width": 0, "height": 0, "fps": 10.0, "frames": 400}
    video_id = api.make(filename="podcast.mp3")
    video = support.claim(api.services.jobs, video_id)
    api.services.jobs.record_media(video_id, video.lease_epoch, media, 1, "t1")
    support.finish_work(api, video_id, video.lease_epoch, {"media": media})
    return video_id


@pytest.mark.parametrize("kind", OF_SEGMENTS)
def test_formats_that_say_how_a_picture_is_cut_refuse_sound_alone(api: Api, heard: str, kind: str) -> None:
    answer = api.client.get(f"/videos/{heard}/export", params={"format": kind})

    if not FORMATS[kind].needs_picture:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["code"]) == (422, "no_picture")
    assert "csv" in answer.json()["detail"]
    assert "otio" not in answer.json()["detail"].partition("Use")[2]


def test_a_file_with_sound_only_has_no_codec_of_a_picture_and_no_clips(api: Api, heard: str) -> None:
    media = api.client.get(f"/videos/{heard}").json()["media"]
    refused = api.client.post(f"/videos/{heard}/clips", json={"level": "scene"})

    assert (media["video_codec"], media["width"], media["height"]) == (None, 0, 0)
    assert (refused.status_code, refused.json()["code"]) == (422, "no_picture")


def test_an_unknown_level_names_those_there_are(api: Api, done: str) -> None:
    answer = api.client.get(f"/videos/{done}/export", params={"format": "edl", "level": "act"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    for level in ("shot", "scene", "chapter"):
        assert level in answer.json()["detail"]


def test_the_client_and_the_command_line_write_files(
    api: Api, done: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = api.url.removesuffix(API_PREFIX)
    monkeypatch.setattr(results_commands, "_client", lambda *_: Client(url))
    run = CliRunner().invoke

    written = run(cli.build(), ["export", done, "--format", "otio", "-o", str(tmp_path / "film.otio")])
    printed = run(cli.build(), ["export", done, "--format", "json", "--level", "scene"])
    refused = run(cli.build(), ["export", done, "--format", "edl", "--level", "act"])

    assert written.exit_code == 0, written.output
    assert len(list(otio.adapters.read_from_file(str(tmp_path / "film.otio")).find_clips())) == 40
    assert [s["level"] for s in json.loads(printed.stdout)["segments"]] == ["scene"] * 4
    assert refused.exit_code == 2
    assert "shot, scene, chapter" in refused.stderr
    with Client(url) as client:
        assert client.export(done, format_="webvtt").startswith(b"WEBVTT")


@pytest.mark.parametrize("kind", [name for name in OF_SEGMENTS if FORMATS[name].takes_segments])
def test_an_export_of_some_segments_has_only_these(api: Api, done: str, kind: str) -> None:
    whole = export(api, done, kind, level="shot").text
    some = export(api, done, kind, level="shot", segments="3-4,7").text

    assert len(some) < len(whole)
    if kind == "keyframes":
        assert some.splitlines()[2:] == ["150", "200", "350"]
    elif kind == "csv":
        assert [row["index"] for row in csv.DictReader(io.StringIO(some))] == ["3", "4", "7"]
    elif kind == "json":
        assert [segment["index"] for segment in json.loads(some)["segments"]] == [3, 4, 7]
    else:
        assert set(re.findall(r"Shot (\d+)", some)) == {"4", "5", "8"}
    assert export(api, done, kind, level="shot", segments="0-19").text == whole


def test_an_edl_of_some_segments_puts_them_end_to_end(api: Api, done: str) -> None:
    text = export(api, done, "edl", segments="3,7").text

    events = [line.split()[-4:] for line in text.splitlines() if line.startswith("00")]
    assert events == [
        ["00:00:06:00", "00:00:08:00", "00:00:00:00", "00:00:02:00"],
        ["00:00:14:00", "00:00:16:00", "00:00:02:00", "00:00:04:00"],
    ]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"format": "edl", "segments": "20"}, "no shot 20: there are 20"),
        ({"format": "edl", "segments": "0-20"}, "no shot 20"),
        ({"format": "edl", "level": "scene", "segments": "4"}, "no scene 4: there are 4"),
        ({"format": "edl", "segments": "5-3"}, "5-3 ends before it begins"),
        ({"format": "edl", "segments": "three"}, "segments"),
        ({"format": "edl", "segments": ""}, "segments"),
        ({"format": "edl", "segments": "1," * 3000 + "1"}, "segments"),
        ({"format": "json", "segments": "1"}, "`level`"),
        ({"format": "csv", "segments": "1"}, "`level`"),
        ({"format": "youtube", "level": "scene", "segments": "1"}, "whole video"),
        ({"format": "html", "level": "scene", "segments": "1"}, "whole video"),
    ],
)
def test_segments_that_cannot_be_exported_alone_are_refused(
    api: Api, done: str, asked: dict[str, str], why: str
) -> None:
    answer = api.client.get(f"/videos/{done}/export", params=asked)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert why in answer.json()["detail"]
    assert [error["where"] for error in answer.json()["errors"]] == ["query.segments"]


def test_the_client_and_the_command_line_name_segments(
    api: Api, done: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = api.url.removesuffix(API_PREFIX)
    monkeypatch.setattr(results_commands, "_client", lambda *_: Client(url))
    command = ["export", done, "--format", "keyframes", "--segments"]

    printed = CliRunner().invoke(cli.build(), [*command, "2,0-1"])
    refused = CliRunner().invoke(cli.build(), [*command, "two"])

    assert printed.stdout.splitlines()[2:] == ["0", "50", "100"]
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "0-3,7" in refused.stderr
    with Client(url) as client:
        for segments in ([2, 0, 1], iter(range(3)), "0-2"):
            kept = client.export(done, format_="keyframes", segments=segments)
            assert kept.decode().splitlines()[2:] == ["0", "50", "100"]
        with pytest.raises(ValueError, match="at least one"):
            client.export(done, format_="keyframes", segments=[])
