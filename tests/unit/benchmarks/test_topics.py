"""The benchmark of topics: meetings and their true starts, scores by hand, TextTiling, the provenance."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from actors.segmentation.topics.measures import MEASURES
from actors.segmentation.topics.odds import FILE
from tests.benchmarks.fit.provenance import KEYS
from tests.benchmarks.topics import fit
from tests.benchmarks.topics.meetings import GAP_WORDS, Meeting, meeting_of, sentences_of
from tests.benchmarks.topics.scoring import matches, pk, window, window_diff
from tests.benchmarks.topics.texttiling import Parameters, divide

LONG = "word " * GAP_WORDS


def meeting(spans: list[list[list[int]]], texts: list[str]) -> Meeting:
    topics = [{"topic": f"topic {number}", "spans": each} for number, each in enumerate(spans)]
    return meeting_of("m", {"turns": [{"speaker": "a", "text": text} for text in texts], "topics": topics})


def test_what_is_said_is_divided_in_sentences_without_marks() -> None:
    text = "{vocalsound} Okay . The T_V_ is off , you know . {gap} Is it ? {disfmarker}"

    assert sentences_of(text) == ["Okay.", "The TV is off, you know.", "Is it?"]


@pytest.mark.parametrize(
    ("spans", "texts", "starts"),
    [
        ([[[0, 1]], [[2, 3]]], ["a. b.", "c.", "d.", "e."], (3,)),
        ([[[0, 0], [2, 3]], [[1, 1]]], ["a.", "b.", "c.", "d."], (1, 2)),  # taken up again
        ([[[0, 2]], [[2, 3]]], ["a.", "b.", "c.", "d."], (2,)),  # overlap: the later start counts
        ([[[0, 3]], [[1, 1]]], ["a.", "b.", "c.", "d."], (1, 2)),  # one inside the other
        ([[[1, 1]], [[3, 3]]], ["a.", "b.", "c.", "d."], (3,)),  # short gaps go with what is before
        ([[[1, 1]], [[3, 3]]], [LONG, "b.", LONG, "d."], (1, 2, 3)),  # long ones are topics
        ([[[0, 0]], [[1, 9]]], ["a.", "{gap}", "c."], (1,)),  # past the end; a turn without words
    ],
)
def test_a_topic_begins_where_the_turns_change_theirs(
    spans: list[list[list[int]]], texts: list[str], starts: tuple[int, ...]
) -> None:
    assert meeting(spans, texts).starts == starts


def test_errors_by_hand() -> None:
    assert window([5], 10) == 2  # half of a mean length of 5, rounded
    assert pk([5], [5], 10) == window_diff([5], [5], 10) == 0.0
    # pairs (i, i + 2) for i in 0 .. 7; the true boundary lies inside i = 3, 4
    assert pk([5], [], 10) == window_diff([5], [], 10) == pytest.approx(2 / 8)
    assert pk([5], [4], 10) == pytest.approx(2 / 8)  # i = 2 and i = 4 disagree
    assert pk([5], [4, 5], 10) == pytest.approx(1 / 8)
    assert window_diff([5], [4, 5], 10) == pytest.approx(2 / 8)  # i = 3 has two of them, i = 2 has one


def test_each_boundary_is_found_once() -> None:
    words = [10.0] * 50

    assert matches([10, 30], [12, 13, 29], words, 25.0) == 2
    assert matches([10, 12], [11], words, 25.0) == 1
    assert matches([10], [13], words, 25.0) == 0


def test_texttiling_divides_a_text_in_two_where_all_words_change() -> None:
    random = np.random.default_rng(1)
    sentences = [
        " ".join(f"{half}{n}" for n in random.integers(0, 30, 10)) + "." for half in "ab" for _ in range(60)
    ]

    found = divide(Meeting("m", tuple(sentences), (60,)), Parameters(20, 10, -3.0), frozenset())

    assert found == pytest.approx([60], abs=2)


def test_every_fifth_or_so_is_held_out_by_its_name_alone() -> None:
    held = [Meeting(f"m{n}", (), ()).held_out for n in range(1000)]

    assert 150 < sum(held) < 250
    assert held == [Meeting(f"m{n}", ("x",), ()).held_out for n in range(1000)]


def test_a_fit_tells_sentences_near_a_start_from_others() -> None:
    random = np.random.default_rng(2)
    made = []
    for number in range(8):
        starts, count = (100, 200, 300), 400
        measures = random.normal(size=(count, len(MEASURES)))
        for start in starts:
            measures[start - 5 : start + 6, 0] -= 4.0
        name = f"{'ES' if number % 2 else 'TS'}{number}"
        made.append(fit.Measured(Meeting(name, ("x",) * count, starts), measures, np.full(count, 12.0)))

    values, figures = fit.fit(made)

    assert values["sentences"][MEASURES[0]] < -0.8
    assert max(abs(values["sentences"][name]) for name in MEASURES[1:]) < 0.3
    assert figures["all"]["pk"] < 0.1
    assert set(figures["by collection"]) == {"AMI-ES", "AMI-TS"}


@pytest.fixture
def told() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text("utf-8"))["provenance"])


def test_the_packaged_numbers_tell_how_they_were_made(told: dict[str, Any]) -> None:
    assert set(told) == set(KEYS)
    assert [key for key in KEYS if not told[key]] == []
    assert re.fullmatch(r"[0-9a-f]{40}", told["commit"])
    assert told["method"] == fit.METHOD
    assert set(told["figures"]) == {"cross-validated", "held out"}


def test_what_was_held_out_is_what_the_names_say(told: dict[str, Any]) -> None:
    roles = {film["name"]: film["role"] for film in told["films"]}

    assert len(roles) == 50
    assert all((role == "held out") == Meeting(name, (), ()).held_out for name, role in roles.items())
