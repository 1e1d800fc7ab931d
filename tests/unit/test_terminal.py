"""Tables of the command line."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.terminal import print_segments


def segment(index: int, **more: Any) -> dict[str, Any]:
    boundary = {"kind": "cut", "confidence": 0.9}
    return {
        "index": index,
        "start_s": 0.0,
        "end_s": 1.0,
        "start_boundary": boundary,
        "label": "speech",
    } | more


def test_titles_and_roles_are_a_column_where_there_are_some(capsys: pytest.CaptureFixture[str]) -> None:
    print_segments(
        [
            segment(0, title="The [old] bridge", title_source="screen", role="content"),
            segment(1, title="Speech", title_source="class", role="credits"),
        ]
    )

    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "title"
    assert first.rstrip().endswith("The [old] bridge")
    assert second.split()[-2:] == ["speech", "(credits)"]


def test_without_titles_there_is_no_column_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_segments([segment(0), segment(1, title="Speech", title_source="class", role="content")])

    assert "title" not in capsys.readouterr().out
