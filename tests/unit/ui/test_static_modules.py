"""The page's JavaScript: imports, exports and the order of the folders. What is linked: test_linking.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui.static_files import ENTRY_MODULE, FIRST_SHEETS, STATIC_DIR, STYLE_SHEETS

FOLDERS = (
    "toolkit",
    "api",
    "video",
    "editing",
    "uploads",
    "library",
    "player",
    "results",
    "browsing",
    "correcting",
    "timeline",
    "cluster",
    "frame",
)
"""A module imports from its own folder and from those before it."""

MOST_MODULES = 20
IMPORT = re.compile(r"""^import \{ ([^}]*) \} from "([^"]+)";$""", re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const|let) ([A-Za-z_$][\w$]*)", re.MULTILINE)
MODULES = sorted(path.relative_to(STATIC_DIR).as_posix() for path in STATIC_DIR.rglob("*.js"))


def text_of(module: str) -> str:
    return (STATIC_DIR / module).read_text(encoding="utf-8")


def imports_of(module: str) -> dict[str, set[str]]:
    """Imported module, as a path below static/ -> the names taken from it."""
    text = text_of(module)
    found = IMPORT.findall(text)
    assert len(found) == len(re.findall(r"^import\b|\bimport\(|^export .* from ", text, re.MULTILINE))
    imported = {}
    for names, address in found:
        path = ((STATIC_DIR / module).parent / address).resolve()
        imported[path.relative_to(STATIC_DIR).as_posix()] = set(names.split(", "))
    return imported


@pytest.mark.parametrize("module", MODULES)
def test_imported_names_exist(module: str) -> None:
    for imported, names in imports_of(module).items():
        assert imported in MODULES
        assert names <= set(EXPORT.findall(text_of(imported)))


@pytest.mark.parametrize("module", [module for module in MODULES if module != ENTRY_MODULE])
def test_modules_import_only_from_their_folder_and_the_ones_below(module: str) -> None:
    place = FOLDERS.index(Path(module).parts[0])

    assert [name for name in imports_of(module) if FOLDERS.index(Path(name).parts[0]) > place] == []


def test_there_are_no_import_circles() -> None:
    left = {module: set(imports_of(module)) for module in MODULES}
    while free := {module for module, imported in left.items() if not imported & left.keys()}:
        left = {module: imported for module, imported in left.items() if module not in free}

    assert left == {}


def test_the_entry_module_leads_to_every_other() -> None:
    reached: set[str] = set()
    waiting = [ENTRY_MODULE]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(imports_of(module))

    assert reached == set(MODULES)


def test_folders_are_small_and_no_name_repeats_its_folder() -> None:
    files = [path for path in STATIC_DIR.rglob("*") if path.is_file() and path.parent != STATIC_DIR]
    folders = {path.parent for path in files}

    assert {folder.name for folder in folders} == {*FOLDERS, "styles"}
    assert max(len(list(folder.iterdir())) for folder in folders) <= MOST_MODULES
    assert [path for path in files if path.name.startswith(path.parent.name)] == []


def test_every_style_sheet_is_in_the_bundle_once_or_in_the_document() -> None:
    there = [path.relative_to(STATIC_DIR).as_posix() for path in STATIC_DIR.rglob("*.css")]

    assert len(set(STYLE_SHEETS)) == len(STYLE_SHEETS)
    assert {*STYLE_SHEETS, *FIRST_SHEETS} == set(there)
