"""What the README promises to programs is what the code has."""

from __future__ import annotations

import re
from pathlib import Path

from cluster.contract.problems import CODES

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_errors_is_that_of_the_api() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \| (.+) \|$", README, re.MULTILINE)

    assert rows == [(str(kind.status), code, kind.title) for code, kind in CODES.items()]
