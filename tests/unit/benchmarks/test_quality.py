"""From boundaries to rows and means, and what the detectors' own files say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.detectors import Adaptive, Detection, Detector, Scenestream, TransNet
from tests.benchmarks.extents import overlaps
from tests.benchmarks.films import Film, films_in
from tests.benchmarks.negatives import DESCRIBED, Negatives, negatives_of, summed
from tests.benchmarks.quality import ALL, Row, means, measured, shots_of
from tests.benchmarks.scoring import Score
from tests.benchmarks.timing.timed import CommandError, Cost

COST = Cost(wall_s=2.0, cpu_s=3.0, peak_rss_bytes=1000)
LABELS: dict[str, Any] = {
    "fps": "25/1",
    "frames": 500,
    "cuts": [100],
    "gradual": [[200, 220, "iris"], [300, 320, "dissolve"]],
    "scenes": [100],
    "audio": [[0.0, 10.0, "speech"], [10.0, 20.0, "noise"]],
    "audio_only_boundaries": [18.0],
}


def segment(level: str, frame: int, kind: str) -> dict[str, Any]:
    at_s = frame / 25
    extent = (
        {"from_s": at_s - 0.2, "to_s": at_s + 0.2} if kind == "dissolve" else {"from_s": at_s, "to_s": at_s}
    )
    start = {"level": level, "start_frame": frame, "start_s": at_s}
    return {**start, "start_boundary": {"kind": kind, **extent}}


DOCUMENT: dict[str, Any] = {
    "media": {"frames": 500},
    "segments": [
        segment("scene", 0, "start"),
        segment("scene", 101, "cut"),
        segment("shot", 0, "start"),
        segment("shot", 101, "cut"),
        segment("shot", 210, "dissolve"),
        segment("shot", 451, "audio"),
    ],
    "audio_track": [
        {"start_s": 0.0, "end_s": 20.0, "audio": {"speech": 1, "singing": 0, "music": 0, "silence": 0}}
    ],
}


class Written(Scenestream):
    """A result that is there already."""

    def detect(self, film: Path) -> Detection:
        return self.read(film, COST)


class Failing(Scenestream):
    name = "failing"

    def detect(self, film: Path) -> Detection:
        raise CommandError(f"{film.name} is too much")


def film(tmp_path: Path) -> Film:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(DOCUMENT))
    return Film(path, "dev", LABELS)


def test_the_command_s_document_is_scored(tmp_path: Path) -> None:
    row, found = measured(film(tmp_path), Written())

    assert found is not None
    assert found.kinds == {101: "cut", 210: "dissolve"}
    shots = row.shots
    assert shots is not None
    assert (shots.found, shots.missed, shots.false) == (2, 1, 0)
    assert (shots.cuts_found, shots.cuts, shots.gradual_found, shots.gradual) == (1, 1, 1, 2)
    assert shots.kinds_right == 1
    assert (row.scenes, row.sound, row.sound_only) == (Score(1, 0, 0), 0.5, Score(1, 0, 0))
    assert row.extents == (pytest.approx(10 / 21),)
    assert row.wall_s == 2.0


def test_a_detector_that_names_no_kinds_is_not_judged_by_them() -> None:
    assert shots_of(LABELS, {100: None}).kinds_right is None
    assert shots_of(LABELS, {100: "fade"}).kinds_right == 0


def test_jump_cuts_are_counted_apart() -> None:
    labels = {
        "fps": "25/1",
        "frames": 500,
        "cuts": [100, 200, 300, 400],
        "gradual": [],
        "jump_cuts": [200, 300],
    }

    shots = shots_of(labels, {100: "cut", 201: "jump", 300: "cut", 350: "jump"})
    (mean,) = means([Row("a.mp4", "dev", "ours", shots)])

    assert (shots.cuts_found, shots.cuts, shots.jumps_found, shots.jumps) == (1, 2, 2, 2)
    assert (shots.jumps_right, shots.kinds_right, shots.gradual, shots.false) == (1, 2, 0, 1)
    assert (mean.cuts_found, mean.jumps_found, mean.jumps_right) == (0.5, 1.0, 0.5)
    assert means([Row("b.mp4", "dev", "ours", shots_of(LABELS, {100: "cut"}))])[0].jumps_found is None


def test_false_boundaries_are_counted_by_what_happens_there() -> None:
    labels = {
        "fps": "25/1",
        "frames": 500,
        "cuts": [100],
        "gradual": [],
        "optional": [[300, 302]],
        "hard_negatives": [[95, 144, "faded in: logo"], [200, 224, "faded in: band"], [299, 303, "covered"]],
    }

    found = negatives_of(labels, {100: "cut", 120: "cut", 226: "wipe", 301: "cut", 400: "cut"})

    assert found == {"faded in": Negatives(2, 3.0, 2), "covered": Negatives(1, 0.2, 0)}
    assert found["faded in"].false_per_hour == 2400
    assert summed([found, found])["faded in"] == Negatives(4, 6.0, 4)


def test_stretches_may_be_described_by_hand() -> None:
    labels = {
        "fps": "25/1",
        "frames": 500,
        "cuts": [],
        "gradual": [],
        "hard_negatives": {"10-34, 60": "a hand"},
    }

    assert negatives_of(labels, [33, 62, 90]) == {DESCRIBED: Negatives(2, 1.04, 2)}


@pytest.mark.parametrize(
    ("kind", "from_s", "to_s", "overlap"),
    [("dissolve", 8.0, 8.8, 1.0), ("wipe", 8.4, 9.2, 1 / 3), ("cut", 8.4, 8.4, 0.0)],
)
def test_extents_are_intersection_over_union(kind: str, from_s: float, to_s: float, overlap: float) -> None:
    """Of a video whose clock starts at one second."""
    labels = {"fps": "25/1", "frames": 500, "cuts": [100], "gradual": [[200, 219, "dissolve"]]}
    boundary = {"kind": kind, "from_s": 1 + from_s, "to_s": 1 + to_s}
    cut = {"kind": "cut", "from_s": 5.0, "to_s": 5.0}
    segments = [
        {"level": "shot", "start_frame": frame, "start_s": 1 + frame / 25, "start_boundary": one}
        for frame, one in ((0, {"kind": "start"}), (100, cut), (210, boundary))
    ]

    assert overlaps(labels, {"segments": segments}) == (pytest.approx(overlap),)


def test_means_leave_failures_out(tmp_path: Path) -> None:
    rows = [measured(film(tmp_path), detector)[0] for detector in (Written(), Failing())]
    perfect = Row(
        "b.mp4", "other", Scenestream.name, shots_of(LABELS, {100: "cut", 210: "wipe", 310: "dissolve"})
    )
    assert rows[1].error == "result.json is too much"

    by_name = {(mean.detector, mean.group): mean for mean in means([*rows, perfect])}

    ours = by_name[Scenestream.name, ALL]
    assert (ours.films, ours.f1, ours.recall) == (2, pytest.approx(0.9), pytest.approx(5 / 6))
    assert (ours.cuts_found, ours.kinds_right) == (1.0, pytest.approx(4 / 5))
    assert (ours.scene_f1, ours.sound, ours.sound_only_found) == (1.0, 0.5, 1.0)
    assert by_name[Scenestream.name, "other"].f1 == 1.0
    assert by_name["failing", ALL].films == 0
    assert by_name["failing", ALL].f1 is None


def read(detector: Detector, tmp_path: Path, text: str) -> Detection:
    out = tmp_path / detector.writes
    out.write_text(text)
    return detector.read(out, COST)


def test_pyscenedetect_counts_frames_from_one(tmp_path: Path) -> None:
    rows = "Scene Number,Start Frame,End Frame\n1,1,127\n2,128,202\n3,203,325\n"

    found = read(Adaptive(), tmp_path, rows)

    assert (found.kinds, found.frames) == ({127: None, 202: None}, 325)


def test_transnet_leaves_transitions_out_of_its_scenes(tmp_path: Path) -> None:
    bounds = [(0, 99), (100, 200), (210, 300)]
    scenes = [{"start_frame": start, "end_frame": end} for start, end in bounds]

    assert list(read(TransNet(), tmp_path, json.dumps(scenes)).kinds) == [100, 205]


def test_films_are_found_in_groups(tmp_path: Path) -> None:
    for name in ("dev/a.mp4", "dev/deep/b.mkv", "c.webm"):
        video = tmp_path / name
        video.parent.mkdir(parents=True, exist_ok=True)
        video.touch()
        video.with_name(f"{video.name}.labels.json").write_text(json.dumps(LABELS))
    (tmp_path / "lost.mp4.labels.json").write_text(json.dumps(LABELS))

    found = films_in(tmp_path)

    assert [film.title for film in found] == ["./c.webm", "dev/a.mp4", "dev/deep/b.mkv"]
    assert found[0].duration_s == 20.0


def test_who_reads_another_stream_is_judged_by_its_labels() -> None:
    other = {"stream": 0, "fps": "25/1", "frames": 325, "cuts": [202], "gradual": []}
    film = Film(Path("two.mp4"), "dev", {**LABELS, "other_stream": other})

    assert film.labels_for(325)["cuts"] == [202]
    assert film.labels_for(500)["cuts"] == [100]
    assert film.labels_for(None)["cuts"] == [100]
