"""ARCHITECTURE.md and the pages of the layers: packages, diagrams and numbers are those of the code."""

from __future__ import annotations

import inspect
import re
from enum import StrEnum

import pytest

from cluster.settings import Settings
from cluster.stores.postgres.clips.job import ClipState
from cluster.stores.postgres.intake import imports
from cluster.stores.postgres.sql_files import load_statements
from cluster.stores.postgres.video import LEGAL_TRANSITIONS, VideoState
from cluster.stores.postgres.words.job import TranscriptState
from tests.support.documents import anchors, code_blocks, codes, links, read, section, table, tables
from tests.support.import_graph import ROOT, graph, rooms

TEXT = read("ARCHITECTURE.md")
SCHEMA = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "cluster/stores/postgres/migrations").iterdir())
)

LAYERS = {  # folder: the heading of its page below which its diagram stands
    "cluster": "cluster",
    "actors": "actors",
    "actors/segmentation": "The segmentation library",
    "serve_app": "How it is built",
    "ui": "ui",
}
WITH_PACKAGES = ["cluster", "actors", "actors/segmentation", "serve_app"]

Transitions = set[tuple[str, str]]


def diagrams() -> list[Transitions]:
    """The changes of state that each diagram shows, without the beginning."""
    blocks = [one for one in code_blocks(section(TEXT, "States"), "mermaid") if "stateDiagram" in one]
    return [set(re.findall(r"^ +(\w+) --> (\w+): .", block, re.MULTILINE)) for block in blocks]


def labels() -> list[set[str]]:
    """What stands at the arrows of each diagram, the first ones among them."""
    blocks = [one for one in code_blocks(section(TEXT, "States"), "mermaid") if "stateDiagram" in one]
    return [set(", ".join(re.findall(r" --> \w+: (.+)", block)).split(", ")) for block in blocks]


def written_beside(states: type[StrEnum]) -> Transitions:
    """The changes that stand in the comments beside the states."""
    source = inspect.getsource(states)
    names = "|".join(states)
    found: Transitions = set()
    for name, comment in re.findall(r'= "(\w+)"(?:  # → )?(.*?)(?=\n    [A-Z]+ =|\Z)', source, re.DOTALL):
        plain = re.sub(r"\([^)]*\)", "", comment)  # who changes it
        found |= {(name, other) for other in re.findall(rf"\b({names})\b", plain)}
    return found


def page_of(folder: str) -> str:
    return section(read(f"{folder}/README.md"), LAYERS[folder])


def test_every_layer_is_listed_with_its_page() -> None:
    rows = table(section(TEXT, "The layers"))

    assert [codes(row[0])[0] for row in rows] == list(LAYERS)
    assert [link.partition("#")[0] for row in rows for link in links(row[2])] == [
        f"{folder}/README.md" for folder in LAYERS
    ]


def test_every_kind_of_change_is_found_from_the_top() -> None:
    changes = anchors(section(read("CONTRIBUTING.md"), "Where to change what"))
    led_to = [link.partition("#") for link in links(section(TEXT, "Find your way"))]

    assert changes
    assert changes <= {anchor for address, _, anchor in led_to if address == "CONTRIBUTING.md"}


@pytest.mark.parametrize("folder", LAYERS)
def test_the_page_of_a_layer_has_one_diagram(folder: str) -> None:
    assert len(code_blocks(page_of(folder), "mermaid")) == 1


@pytest.mark.parametrize("folder", WITH_PACKAGES)
def test_packages_stand_above_those_that_import_them(folder: str) -> None:
    room_of = rooms(folder)
    actual: dict[str, set[str]] = {room: set() for room in room_of.values()}
    for name, room in room_of.items():
        actual[room] |= {room_of[other] for other in graph()[name] if other in room_of} - {room}
    rows = tables(page_of(folder))[0]
    listed = {
        codes(path)[0].removeprefix(f"{folder}/").removesuffix(".py"): set(codes(imports))
        for path, _, imports in rows
    }
    order = list(listed)

    assert listed == actual
    assert [name for name in order if listed[name] - set(order[: order.index(name)])] == []


def test_a_video_s_states_are_those_of_the_code() -> None:
    video, *_ = diagrams()

    assert video == {(before, after) for before, many in LEGAL_TRANSITIONS.items() for after in many}
    assert video == written_beside(VideoState)


def test_an_order_s_states_are_those_of_the_code() -> None:
    _, order, *_ = diagrams()

    assert order == written_beside(ClipState)
    assert {state for pair in order for state in pair} == set(ClipState)


def test_a_transcript_s_states_are_those_of_the_code() -> None:
    _, _, transcript, _ = diagrams()

    assert transcript == written_beside(TranscriptState)
    assert {state for pair in transcript for state in pair} == set(TranscriptState)


def test_an_import_s_states_are_those_of_the_code() -> None:
    *_, imported = diagrams()

    assert {state for pair in imported for state in pair} == set(imports.STATES)


def test_arrows_are_statements_of_sql() -> None:
    files = (("videos", "leases", "reaper", "imports"), ("clip_jobs",), ("transcripts",), ("imports",))
    triggers = set(re.findall(r"FUNCTION (\w+)\(\) RETURNS trigger", SCHEMA))

    for told, names in zip(labels(), files, strict=True):
        assert told <= {one for name in names for one in load_statements(f"{name}.sql")} | triggers
    explained = {code for row in table(section(TEXT, "States")) for code in codes(row[0])}
    assert explained == labels()[0] - {"insert_video", "insert_import"}


def test_the_numbers_of_a_bridge_s_death_are_the_defaults() -> None:
    text = section(TEXT, "What happens when a bridge dies between claim and first chunk")
    settings = Settings()
    lease, bridge = settings.lease, settings.bridge
    until_taken_s = lease.duration_s + lease.heartbeat_s + bridge.look_interval_s

    for told in (
        f"`lease.duration_s` ({lease.duration_s:g} s)",
        f"`bridge.look_interval_s` ({bridge.look_interval_s:g} s;",
        f"the grace of one heartbeat ({lease.heartbeat_s:g} s)",
        f"about {until_taken_s:g} s after the last\nheartbeat",
        f"`lease.max_attempts` ({lease.max_attempts})",
    ):
        assert " ".join(told.split()) in " ".join(text.split())
