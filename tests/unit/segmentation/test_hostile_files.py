"""A sample of generated hostile files: each ends in a result or a reason, and nothing else happens.

`python -m tests.benchmarks.hostile` tries as many as one likes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.hostile.generator import Generator, HostileFile
from tests.support.hostile.names import MOST_BYTES as NAME_BYTES
from tests.support.hostile.names import NAMES, name
from tests.support.hostile.trials import Listener, run_trials
from tests.support.media import Picture, make_media

COUNT = 150
CLAIMS_BYTES = 128 << 20
"""What a file may take that claims much and has nothing; one with a large picture in it may take more."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks need Linux")


def test_each_hostile_file_ends_in_a_result_or_a_reason(tmp_path: Path) -> None:
    listener = Listener()
    files = Generator(tmp_path / "made", seed=18, port=listener.port).files(COUNT)

    trials = list(run_trials(files, tmp_path))

    listener.close()
    assert len(trials) == COUNT
    assert [trial for trial in trials if not trial.is_well] == []
    assert {trial.outcome for trial in trials} == {"analysed", "refused"}
    claims = [t for t in trials if t.file.kind.startswith("claims") and t.file.kind != "claims pixels"]
    assert claims
    assert [t for t in claims if t.peak_bytes > CLAIMS_BYTES] == []
    assert all(t.outcome == "refused" for t in trials if t.file.kind.startswith("disguised"))
    assert listener.connections == 0


def test_a_file_whose_process_ends_is_told_and_the_next_one_is_tried(tmp_path: Path) -> None:
    """The trials themselves: the process is killed when it has begun the second file."""
    make_media(tmp_path / "film.mp4", Picture((5,), (64, 48)))
    film = HostileFile(tmp_path / "film.mp4", "film")

    def files() -> Iterator[HostileFile]:
        yield film
        for child in psutil.Process().children():
            if "tests.support.hostile.child" in child.cmdline():
                child.kill()
                child.wait()
        yield film
        yield film

    outcomes = [trial.outcome for trial in run_trials(files(), tmp_path)]

    assert outcomes == ["analysed", "crashed", "analysed"]


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first, second = (
        {file.path.name: (file.kind, file.path.read_bytes()) for file in Generator(folder, 5, 1).files(30)}
        for folder in (tmp_path / "a", tmp_path / "b")
    )

    assert first.keys() == second.keys()
    assert sum(first[one] == second[one] for one in first) > 25  # muxers write the time of day


def test_names_fit_file_systems() -> None:
    made = [name(random.Random(seed), seed) for seed in range(500)]

    assert len(set(made)) == 500
    assert all(len(one.encode("utf-8", "surrogateescape")) <= NAME_BYTES for one in made)
    assert any(hostile in one for one in made for hostile in NAMES)
