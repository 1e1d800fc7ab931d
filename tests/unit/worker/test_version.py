"""What makes an actor another version."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.version import digest_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one file of each kind."""
    for name in ("actors/a.py", "actors/shots/weights.json", "cluster/sql/b.sql", "actors/README.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    return tmp_path


@pytest.mark.parametrize("name", ["actors/a.py", "actors/shots/weights.json", "cluster/sql/b.sql"])
def test_code_statements_and_weights_make_another_version(root: Path, name: str) -> None:
    before = digest_of(root)

    (root / name).write_text("2")

    assert digest_of(root) != before


def test_what_is_only_read_by_people_does_not(root: Path) -> None:
    before = digest_of(root)

    (root / "actors/README.md").write_text("2")

    assert digest_of(root) == before
