"""Who imports whom in our sources, read from the source itself: imports inside functions count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = {"cluster", "actors", "serve_app", "ui"}


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


@lru_cache(maxsize=1)
def modules() -> dict[str, Path]:
    """All of ours by dotted name; a package by the name of its folder."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in sorted(OURS)
        for path in sources(package)
    }


@lru_cache(maxsize=1)
def graph() -> dict[str, set[str]]:
    """Each of our modules and those of ours that it imports; the packages above a module do not count."""
    found = {}
    for name, path in modules().items():
        imports = {module for module, _ in imported(path) if module in modules()} - {name}
        # "from a.b import c" yields a.b and a.b.c: where c is a module, a.b is only the way to it
        found[name] = {one for one in imports if not any(other.startswith(f"{one}.") for other in imports)}
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that reach each other (Tarjan, "Depth-first search", 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(arrows.get(node, ())):
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(arrows):
        if node not in number:
            visit(node)
    return found


def rooms(folder: str) -> dict[str, str]:
    """Each module below the folder and the room it lies in: the package or module directly below."""
    prefix = folder.replace("/", ".") + "."
    return {name: name.removeprefix(prefix).split(".")[0] for name in modules() if name.startswith(prefix)}
