"""Links between documents lead somewhere, and the files that documents name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.documents import ROOT, TOP_FOLDERS, anchors, codes, documents, links, prose, read

ALL = [str(path.relative_to(ROOT)) for path in documents()]
NAMED = re.compile(rf"(?:{'|'.join(TOP_FOLDERS)})/[\w./*-]+")


@pytest.mark.parametrize("name", ALL)
def test_links_lead_to_files_and_headings_that_are_there(name: str) -> None:
    wrong = []
    for link in links(read(name)):
        if "://" in link:
            continue
        address, _, anchor = link.partition("#")
        target = (ROOT / name).parent / address if address else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            wrong.append(link)

    assert wrong == []


@pytest.mark.parametrize("name", ALL)
def test_files_that_are_named_are_there(name: str) -> None:
    """Only what stands in backticks as a path from the top folder; `*` stands for any number of files."""
    made = {"configs/.env", "configs/kubernetes/secrets.env", "configs/ray/scenestream.env"}
    made |= {"configs/prometheus/scenestream.key"}
    named = [code for code in codes(prose(read(name))) if NAMED.fullmatch(code)]

    assert [path for path in named if path not in made and not list(ROOT.glob(path))] == []


@pytest.mark.parametrize("name", ALL)
def test_names_that_are_told_of_a_file_stand_in_it(name: str) -> None:
    """As in: `serve_app/exports/__init__.py` (`FORMATS`)."""
    told = re.findall(r"`([\w/]+\.\w+)`\s+\(`(\w+)`[,;)]", prose(read(name)))

    assert [one for path, one in told if one not in (ROOT / path).read_text(encoding="utf-8")] == []


def test_the_documents_are_found() -> None:
    assert {"README.md", "configs/README.md", "serve_app/README.md"} <= set(ALL)
    assert not [name for name in ALL if ".venv" in Path(name).parts]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [("## On a cluster", "on-a-cluster"), ("### The API, in detail!", "the-api-in-detail")],
)
def test_headings_are_named_as_github_names_them(heading: str, anchor: str) -> None:
    assert anchors(f"text\n{heading}\n```sh\n# a comment\n```\n") == {anchor}
