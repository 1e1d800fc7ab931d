"""What CONTRIBUTING.md says of files: how long they are, and how modules are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.documents import ROOT, TOP_FOLDERS

WRITTEN = {".py", ".sql", ".js", ".css", ".html", ".sh", ".md", ".yaml", ".yml", ".toml"}  # no data
LINES_MAX = 400
MODULES = {".py", ".js"}


def files(suffixes: set[str]) -> list[Path]:
    """Those of the project with one of these suffixes, by their paths from the top folder."""
    below = (path for folder in TOP_FOLDERS for path in (ROOT / folder).rglob("*"))
    found = [path for path in (*ROOT.glob("*"), *below) if path.suffix in suffixes and path.is_file()]
    return sorted(path.relative_to(ROOT) for path in found)


def repeats_its_folder(path: Path) -> bool:
    """Whether a module is named like `shots/shots_fit.py`; of tests what comes after `test_` counts."""
    return path.stem.removeprefix("test_").startswith(path.parent.name)


def test_no_file_has_more_than_400_lines() -> None:
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in files(WRITTEN)}

    assert {Path("ARCHITECTURE.md"), Path("cluster/settings.py"), Path("configs/compose.yaml")} <= set(lines)
    assert {str(path): number for path, number in lines.items() if number > LINES_MAX} == {}


def test_no_module_s_name_begins_with_its_folder_s_name() -> None:
    modules = [path for path in files(MODULES) if path.parent != Path()]

    assert len(modules) > len(TOP_FOLDERS)
    assert [str(path) for path in modules if repeats_its_folder(path)] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("actors/shots/shots_fit.py", True),
        ("tests/unit/pool/test_pool_queue.py", True),
        ("actors/shots/fit.py", False),
        ("actors/bridge/imports/importer.py", False),
    ],
)
def test_a_name_that_repeats_its_folder_is_found(path: str, wrong: bool) -> None:
    assert repeats_its_folder(Path(path)) == wrong
