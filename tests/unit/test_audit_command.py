"""`scenestream audit`: the times that a person writes, and cells that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import typer

from cluster.commands.audit import time_of, write_csv
from cluster.contract.audit import AuditEntryDocument

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-02-01", datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-02-01T12:00+01:00", datetime(2026, 2, 1, 11, tzinfo=UTC)),
    ],
)
def test_times(text: str, time: datetime) -> None:
    assert time_of(text, NOW) == time


@pytest.mark.parametrize("text", ["yesterday", "7", "0d", "-1d", "999999d", ""])
def test_what_is_no_time_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        time_of(text, NOW)


def test_a_name_does_not_become_a_formula() -> None:
    entry = AuditEntryDocument(
        id=1, at=NOW, act="key_created", target="sk_0123456789ab", details={"name": "=1+1"}, actor="anybody",
        key_name='=HYPERLINK("http://example.org")', owner=None, address=None, request_id="-1",
    )  # fmt: skip
    written = io.StringIO()

    write_csv([entry], written)

    (row,) = csv.DictReader(io.StringIO(written.getvalue()))
    assert row["key_name"] == '\'=HYPERLINK("http://example.org")'
    assert row["request_id"] == "'-1"
    assert (row["target"], row["owner"], row["details"]) == ("sk_0123456789ab", "", '{"name": "=1+1"}')
