"""Cut lists come back as the starts that they were exported from; what cannot be read is named by line."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cluster.contract.vocabulary import Level
from cluster.cut_lists.film import Film
from cluster.cut_lists.reading import CutList, read_cut_list
from cluster.errors import UsageError
from serve_app.exports.csv_file import write_csv
from serve_app.exports.edl import write_edl
from serve_app.exports.json_file import write_json
from serve_app.exports.material import Export
from tests.support.exports import BOUNDS, NTSC, RATES, film

PLAIN = film([0, 50, 100, 200, 300], scenes=[100], kinds={200: ("dissolve", 190, 210)})


def known(made: Export) -> Film:
    return Film.of(made.media, [segment.model_dump(mode="json") for segment in made.segments])


def read(tmp_path: Path, text: str, name: str, level: Level | None = None, made: Export = PLAIN) -> CutList:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_cut_list(path, known(made), level)


def frames(cuts: CutList, name: str) -> list[int]:
    return [one["start_frame"] for one in cuts.lists[name]]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("timecode", [None, "00:59:59:20"])
def test_an_edl_comes_back_frame_for_frame(tmp_path: Path, fps: Fraction, timecode: str | None) -> None:
    """Also around the numbers that drop frame leaves out."""
    made = film(BOUNDS, fps=fps, start_s=0.5, timecode=timecode, timecode_drop=fps == NTSC)

    assert frames(read(tmp_path, write_edl(made), "cuts.edl", made=made), "shots") == BOUNDS[:-1]


def test_an_edl_of_a_variable_rate_comes_back_where_boundaries_are_known(tmp_path: Path) -> None:
    times_s = [0.04 * frame + (0.9 if frame > 60 else 0.0) for frame in range(301)]
    made = film([0, 50, 100, 200, 300], times_s=times_s)

    assert frames(read(tmp_path, write_edl(made), "cuts.edl", made=made), "shots") == [0, 50, 100, 200]


def test_an_edl_of_a_part_begins_with_the_part(tmp_path: Path) -> None:
    made = film([100, 150, 200, 300])

    assert frames(read(tmp_path, write_edl(made), "cuts.edl", made=made), "shots") == [100, 150, 200]


def test_transitions_that_are_there_stay_and_new_ones_are_told(tmp_path: Path) -> None:
    text = write_edl(PLAIN)
    assert read(tmp_path, text, "a.edl").lists["shots"][3] == {"start_frame": 200}

    before = film([0, 50, 100, 200, 300])
    new = read(tmp_path, text, "a.edl", made=before).lists["shots"][3]
    assert new == {"start_frame": 200, "kind": "dissolve", "from_frame": 190, "to_frame": 210}
    assert read(tmp_path, text, "a.edl", "scene", before).lists["scenes"][3] == {"start_frame": 200}


def test_an_edl_of_an_editor_may_begin_at_an_hour_and_has_sound(tmp_path: Path) -> None:
    text = """TITLE: cut
FCM: NON-DROP FRAME
001  FILM     V     C        00:00:00:00 00:00:02:10 01:00:00:00 01:00:02:10
002  FILM     A     C        00:00:00:00 00:00:12:00 01:00:00:00 01:00:12:00
003  FILM     B     C        00:00:02:10 00:00:12:00 01:00:02:10 01:00:12:00
"""
    assert frames(read(tmp_path, text, "cut.edl", "scene"), "scenes") == [0, 60]


def test_csv_comes_back_with_kinds_extents_and_titles(tmp_path: Path) -> None:
    scene = next(one for one in PLAIN.segments if one.level == "scene")
    boundary = next(one for one in PLAIN.of("shot") if one.start_frame == 200).start_boundary
    boundary.from_frame, boundary.to_frame, boundary.locked = 190, 210, True
    named = [
        one.model_copy(update={"title": "=SUM(1)", "title_source": "human"}) if one is scene else one
        for one in PLAIN.segments
    ]
    cuts = read(tmp_path, write_csv(film_of(named)), "a.csv")

    assert frames(cuts, "shots") == [0, 50, 100, 200]
    assert cuts.lists["shots"][3] == {
        "start_frame": 200, "kind": "dissolve", "from_frame": 190, "to_frame": 210, "locked": True,
    }  # fmt: skip
    assert cuts.lists["scenes"] == [{"start_frame": 0, "title": "=SUM(1)"}, {"start_frame": 100}]
    assert frames(read(tmp_path, write_csv(film_of(named)), "a.csv", "chapter"), "chapters") == [0]
    assert set(read(tmp_path, write_csv(PLAIN), "a.csv", "scene").lists) == {"scenes"}


def film_of(segments: list[Any]) -> Export:
    return Export("film.mp4", PLAIN.media, {}, [], segments)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_csv_of_a_spreadsheet_may_have_another_delimiter_and_fewer_columns(
    tmp_path: Path, delimiter: str
) -> None:
    text = "\ufefftitle,start_frame\r\nOne,0\r\n\r\n,120\r\n".replace(",", delimiter)

    cuts = read(tmp_path, text, "a.csv", "scene")
    assert cuts.lists == {"scenes": [{"start_frame": 0, "title": "One"}, {"start_frame": 120}]}


def test_a_bare_list_has_frames_or_timecodes(tmp_path: Path) -> None:
    hour = film([0, 50, 300], timecode="01:00:00:00")

    assert frames(read(tmp_path, "0\n120\n\n 240 \n", "a.txt", "chapter"), "chapters") == [0, 120, 240]
    assert frames(read(tmp_path, "00:00:00:00\n00:00:02:00", "a.csv"), "shots") == [0, 50]
    assert frames(read(tmp_path, "01:00:00:00\n01:00:03:05", "a.csv", made=hour), "shots") == [0, 80]


def test_json_is_a_body_or_a_document_of_segments(tmp_path: Path) -> None:
    scenes: list[dict[str, Any]] = [{"start_frame": 0}, {"start_frame": 100, "title": "B"}]
    body = json.dumps({"scenes": scenes, "note": "Seen."})
    assert read(tmp_path, body, "a.json") == CutList({"scenes": scenes}, "Seen.", is_body=True)

    cuts = read(tmp_path, write_json(PLAIN), "a.json")
    assert {name: frames(cuts, name) for name in cuts.lists} == {
        "shots": [0, 50, 100, 200], "scenes": [0, 100], "chapters": [0],
    }  # fmt: skip
    rows = [segment.model_dump(mode="json") for segment in PLAIN.of("scene")]
    assert read(tmp_path, json.dumps(rows), "a.json", "scene").lists == {
        "scenes": [{"start_frame": 0}, {"start_frame": 100}]
    }


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_automatic_titles_of_an_export_are_not_taken(tmp_path: Path, name: str) -> None:
    """The video may have others by now: an older file would replace all of them, for good."""
    sources = iter(["speech", "human"])
    titled = [
        one.model_copy(update={"title": f"At {one.start_frame}", "title_source": next(sources)})
        if one.level == "scene"
        else one
        for one in PLAIN.segments
    ]
    write = write_csv if name == "a.csv" else write_json
    cuts = read(tmp_path, write(film_of(titled)), name)

    assert cuts.lists["scenes"] == [{"start_frame": 0}, {"start_frame": 100, "title": "At 100"}]
    assert not cuts.is_body


def test_a_title_without_a_source_is_taken(tmp_path: Path) -> None:
    row = PLAIN.of("scene")[1].model_dump(mode="json", exclude={"title_source"}) | {"title": "B"}
    table = "level,start_frame,title,title_source\nscene,100,B,\n"

    for text, name in ((json.dumps([row]), "a.json"), (table, "a.csv")):
        assert read(tmp_path, text, name).lists == {"scenes": [{"start_frame": 100, "title": "B"}]}


def segment(**values: Any) -> str:
    row = {"level": "shot", "start_frame": 5, "start_boundary": {"kind": "cut"}}
    return json.dumps([row | values])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.txt", "0\n50\n40\n", "a.txt:3: frame 40 stands after 50 (line 2)"),
        ("a.txt", "0\n50\n50\n", "a.txt:3: frame 50 is there twice (line 2)"),
        ("a.txt", "0\n12.5\n", "a.txt:2: '12.5' is no timecode"),
        ("a.txt", "00:00:00:25\n", "a.txt:1: '00:00:00:25' is no timecode of 25 frames a second"),
        ("a.csv", "level,frame\n", "a.csv:1: there is no column start_frame"),
        ("a.csv", "level,start_frame\nscene,0\nscene,x\n", "a.csv:3: start_frame is a frame number, not 'x'"),
        ("a.csv", "level,start_frame\nact,0\n", "a.csv:2: 'act' is no level"),
        ("a.csv", "start_frame,boundary_kind\n0,start\n5,iris\n", "a.csv:3: 'iris' is no kind"),
        ("a.edl", "TITLE: x\n001  AX  V  C  1 2 3 4\n", "a.edl:2: '3' is no timecode"),
        ("a.edl", "TITLE: x\n001  AX  V  C\n", "a.edl:2: this is no event of CMX 3600"),
        ("a.edl", "TITLE: x\n", "a.edl:1: there is no event"),
        (
            "a.edl",
            "001  AX  V  C  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n"
            "002  AX  V  C  00:00:01:00 00:00:02:00 00:00:01:10 00:00:02:10\n",
            "a.edl:2: the record must",
        ),
        ("a.edl", "001  AX  V  K B  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n", "a.edl:1: "),
        ("a.json", '{"scenes": [\n}', "a.json:2: this is no JSON"),
        ("a.json", "{}", "a.json: expected an object with shots, scenes, chapters"),
        ("a.json", '[{"level": "shot"}]', "a.json: segments[0] lacks"),
        ("a.json", "[0, 120]", "a.json: segments[0] lacks"),
        ("a.json", "7", "a.json: expected an object with shots, scenes, chapters"),
        ("a.json", '{"shots": null}', "a.json: expected an object with shots, scenes, chapters"),
        ("a.json", '{"shots": [0, 120]}', "a.json: shots[0] is not an object"),
        ("a.json", '{"shots": [], "scenes": 5}', "a.json: scenes is not a list"),
        ("a.json", '{"shots": [{"start_frame": NaN}]}', "a.json: Out of range float"),
        ("a.json", '{"shots": [{"start_frame": 1e999}]}', "a.json: Out of range float"),
        ("a.json", '{"scenes": [{"start_frame": 0, "title": "\\ud800"}]}', "a.json: it has half a surrogate"),
        ("a.json", f'{{"shots": [{{"start_frame": {"9" * 5000}}}]}}', "a.json: a number has 5000 digits"),
        ("a.json", "[" * 100_000, "a.json: it is nested too deeply"),
        ("a.json", segment(start_boundary=None), "a.json: segments[0] lacks"),
        ("a.json", segment(start_boundary={}), "a.json: segments[0].start_boundary is not"),
        ("a.json", segment(start_boundary=[1]), "a.json: segments[0].start_boundary is not"),
        ("a.json", segment(level=["shot"]), "a.json: segments[0].level is one of"),
        ("a.json", segment(start_frame="x"), "a.json: segments[0].start_frame is not a frame"),
        ("a.json", segment(start_frame=5.5), "a.json: segments[0].start_frame is not a frame"),
        ("a.json", segment(start_frame=True), "a.json: segments[0].start_frame is not a frame"),
        ("a.json", segment(start_frame=10**12), "a.json: segments[0].start_frame is not a frame"),
        (
            "a.json",
            segment(start_boundary={"kind": "fade", "from_frame": [1]}),
            "a.json: segments[0].start_boundary.from_frame is not a frame",
        ),
        ("a.txt", f"0\n{'9' * 5000}\n", "a.txt:2: start_frame has 5000 digits"),
        ("a.csv", f"start_frame\n{'9' * 5000}\n", "a.csv:2: start_frame has 5000 digits"),
        ("a.csv", "level,start_frame\nshot\n", "a.csv:2: start_frame is a frame number, not ''"),
        ("a.csv", 'start_frame,"title\n', "a.csv:1: this is no CSV"),
        ("a.csv", "level,start_frame\n", "a.csv: there is no start in it"),
        ("a.srt", "0\n", "a.srt: cut lists are .csv"),
    ],
)
def test_what_cannot_be_read_is_named_by_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, text, name)
    assert refused.value.message.removeprefix(f"{tmp_path}/").startswith(says), refused.value.message


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_cut_list(tmp_path / "none.csv", known(PLAIN), None)
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        read_cut_list(tmp_path / "a.csv", known(PLAIN), None)
