"""The measurement of a GPU runs where there is none, says so, and tells what differs, fails, is late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.benchmarks.gpu import crowd as crowds
from tests.benchmarks.gpu.__main__ import DIFFERENT, NOT_COMPARED, SAME, UNREADABLE, main
from tests.benchmarks.gpu.crowd import crowd
from tests.benchmarks.gpu.measuring import Measuring
from tests.benchmarks.gpu.report import Measured, as_markdown, compared
from tests.benchmarks.gpu.stages import Found
from tests.support.media import Picture, Sound, make_media

ROOT = Path(__file__).parents[3]
HERE = Found({25: ("cut", 0.98), 60: ("dissolve", 0.7)}, 100.0)
WITHOUT = ("ray", "torchaudio", "pydantic", "gradio", "fastapi", "psycopg", "pymongo", "redis", "psutil")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Whoever loads networks sets torch's threads for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("films") / "film.mp4", Picture(shots=(30, 30)), Sound())


def test_on_a_processor_boundaries_stages_and_an_actor_are_measured(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.benchmarks.gpu.measuring.MOST_ACTORS", 1)

    ended = main(["--film", str(film), "--out", str(tmp_path), "--device", "cpu"])

    told = json.loads((tmp_path / "gpu.json").read_text())
    assert ended == SAME
    assert told["device"] == "none, the processor"
    assert told["left_out"] == []
    assert [one["what"] for one in told["same"]] == ["cpu, float32, in the smallest chunks"]
    assert told["same"][0]["both"] == 1
    assert {one["stage"] for one in told["rates"]} == {
        *("everything", "decode", "scale, small", "scale, keyframe"),
        *("network of transitions", "network of looks"),
    }
    assert all(one["per_s"] > 0 for one in told["rates"])
    (one,) = told["crowds"]
    assert one["actors"] == 1
    assert one["frames_per_s"] > 0
    assert one["process_bytes"] > 100e6
    assert told["busy"] in (tmp_path / "gpu.md").read_text()


def test_what_comes_after_the_time_is_named(film: Path) -> None:
    measured = Measuring(film, "cpu", time.monotonic() - 1).run()

    assert measured.rates == []
    assert all(one.endswith(": the time was up") for one in measured.left_out)
    assert len(measured.left_out) == 5


def test_a_step_that_fails_is_named_and_the_others_are_told(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("tests.benchmarks.gpu.measuring.stages.found", fails)
    monkeypatch.setattr("tests.benchmarks.gpu.measuring.crowd", fails)

    assert main(["--film", str(film), "--out", str(tmp_path), "--device", "cpu"]) == NOT_COMPARED

    told = json.loads((tmp_path / "gpu.json").read_text())
    assert told["left_out"][0] == "the processor's boundaries: RuntimeError: out of memory"
    assert told["left_out"][-1] == "1 actors: RuntimeError: out of memory"
    assert "decode" in {one["stage"] for one in told["rates"]}


def test_the_reason_why_an_actor_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"none\.mp4"):
        crowd(tmp_path / "none.mp4", "cpu", 2, 1, time.monotonic() + 600)


def test_an_actor_that_dies_without_a_word_is_no_slow_one(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "_act", _dies)

    with pytest.raises(RuntimeError, match="ended with code 7"):
        crowd(film, "cpu", 1, 1, time.monotonic() + 600)


def _dies(*_: object) -> None:
    os._exit(7)


@pytest.mark.parametrize("name", ["none.mp4", "text.mp4", "sound.m4a"])
def test_what_is_no_film_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "text.mp4":
        (tmp_path / name).write_text("no film")
    elif name == "sound.m4a":
        make_media(tmp_path / name, Sound(), form="mp4")

    assert main(["--film", str(tmp_path / name), "--out", str(tmp_path)]) == UNREADABLE
    assert name in capsys.readouterr().err


def test_boundaries_that_differ_are_counted() -> None:
    there = Found({25: ("cut", 0.9), 61: ("dissolve", 0.7)}, 50.0)
    other = compared("bfloat16", HERE, Found({25: ("wipe", 0.98), 60: ("dissolve", 0.7)}, 50.0))

    assert compared("itself", HERE, HERE).same
    assert not other.same
    assert other.other_kinds == 1
    told = compared("bfloat16", HERE, there)
    assert (told.both, told.only_here, told.only_there) == (1, 1, 1)
    assert round(told.confidence_apart, 4) == 0.08
    assert "| bfloat16 | 1 | 1 | 1 | 0 | 0.0800 |" in as_markdown(Measured("", "", "", same=[told]))


def test_another_result_has_another_exit_code(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Measured("", "", "", same=[compared("bfloat16", HERE, Found({}, 1.0))])
    monkeypatch.setattr(Measuring, "run", lambda _self: other)

    assert main(["--film", str(film), "--out", str(tmp_path), "--device", "cpu"]) == DIFFERENT


def test_it_is_carried_without_ray_servers_and_the_packages_of_the_sound(film: Path, tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules.update(dict.fromkeys({WITHOUT}))  # None: cannot be imported
from tests.benchmarks.gpu import __main__, measuring
measuring.MOST_ACTORS = 0  # actors are processes of their own, in which everything can be imported
sys.exit(__main__.main(["--film", {str(film)!r}, "--out", {str(tmp_path)!r}, "--device", "cpu"]))
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    assert json.loads((tmp_path / "gpu.json").read_text())["left_out"] == []
