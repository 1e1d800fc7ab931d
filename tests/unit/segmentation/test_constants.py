"""Every number of the segmentation library that somebody chose says its unit and why it is what it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[3] / "actors" / "segmentation"
PACKAGES = ("shots", "sound", "speech", "fusion")


def constants(body: list[ast.stmt]) -> list[tuple[ast.Assign | ast.AnnAssign, ast.stmt | None]]:
    """Assignments to names in capitals, each with the statement that follows it."""
    found: list[tuple[ast.Assign | ast.AnnAssign, ast.stmt | None]] = []
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
            if all(name.isupper() for name in names):
                found.append((statement, following))
    return found


def told(statement: ast.stmt, following: ast.stmt | None, lines: list[str]) -> bool:
    """Whether a docstring stands below it, or a comment above or beside it."""
    below = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
    assert statement.end_lineno is not None
    above, beside = lines[statement.lineno - 2].lstrip(), lines[statement.end_lineno - 1]
    return below or above.startswith("#") or "#" in beside


def silent(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    return [
        f"{path.name}:{statement.lineno}"
        for statement, following in constants(ast.parse(text).body)
        if not told(statement, following, lines)
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_constant_says_what_it_is(package: str) -> None:
    modules = sorted((LIBRARY / package).glob("*.py"))

    assert sum(len(constants(ast.parse(path.read_text(encoding="utf-8")).body)) for path in modules) > 10
    assert [line for path in modules for line in silent(path)] == []


def test_a_constant_without_a_word_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        'A = 1\n"""Frames."""\nB: int = 2\n# of three\nC = 3\nD, E = 4, 5  # seconds\nF = G = 6\n'
    )

    assert silent(path) == ["module.py:3", "module.py:7"]
