"""The exported page says shares and kinds as the page that is served says them.

`tests/unit/ui/format.test.js` has the same pairs for the JavaScript, and reads the names of kinds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.contract.vocabulary import BoundaryKind
from serve_app.exports.page.spoken import KIND_NAMES, kind_name, share

NAMES = Path(__file__).parents[3] / "ui" / "static" / "video" / "names.js"


@pytest.mark.parametrize(("value", "told"), [(0.0, "0 %"), (0.004, "0 %"), (0.994, "99 %"), (0.996, "100 %")])
def test_shares_are_rounded(value: float, told: str) -> None:
    assert share(value) == told


@pytest.mark.parametrize("kind", ["cut", "fade", *KIND_NAMES])
def test_kinds_have_the_names_of_the_page(kind: BoundaryKind) -> None:
    assert f'{kind}: "{kind_name(kind)}",' in NAMES.read_text(encoding="utf-8")
