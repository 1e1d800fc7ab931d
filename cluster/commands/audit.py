"""`scenestream audit`: the audit log as a table, JSON or CSV.

Reads PostgreSQL directly, as `scenestream keys` does, and so needs no key. Knows no HTTP.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, TextIO

import typer

from cluster.commands.keys import operators_jobs
from cluster.contract.audit import AuditEntryDocument
from cluster.contract.pages import MAX_PAGE_ITEMS
from cluster.settings import get_settings
from cluster.stores.documents import audit_document
from cluster.stores.postgres.audit import Audit

_AGO = re.compile(r"([1-9][0-9]{0,5})([hd])")
_COLUMNS = (
    "at", "act", "target", "actor", "key_name", "owner", "address", "request_id", "details",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a cell that a spreadsheet would run as a formula; names of keys are free text."""


def audit(
    since: Annotated[
        str | None, typer.Option(help="A time such as 2026-03-01 or 2026-03-01T12:00+01:00, or 12h, 7d ago.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table for spreadsheets.")] = False,
) -> None:
    """Who did what, newest first: keys, webhooks, presets, deleted videos."""
    if as_json and as_csv:
        raise typer.BadParameter("Choose one of --json and --csv.")
    start = None if since is None else time_of(since, datetime.now(UTC))
    with operators_jobs(get_settings()) as jobs:
        entries = _all(jobs.audit, start)
        if as_json:
            for entry in entries:
                print(entry.model_dump_json())
        elif as_csv:
            write_csv(entries, sys.stdout)
        else:
            for entry in entries:
                by = " ".join(filter(None, (entry.actor, entry.key_name, entry.address)))
                print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.act:<22}  {entry.target}  ({by})")


def time_of(text: str, now: datetime) -> datetime:
    """The time that a person wrote: ISO 8601 (UTC where no zone is named), or so long before `now`.

    typer.BadParameter for anything else.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(**{{"h": "hours", "d": "days"}[ago[2]]: int(ago[1])})
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter("A time is such as 2026-03-01, 12h or 7d.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _all(audit: Audit, start: datetime | None) -> Iterator[AuditEntryDocument]:
    cursor: str | None = None
    while True:
        page = audit.entries(MAX_PAGE_ITEMS, cursor, at_from=start)
        yield from (audit_document(entry) for entry in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def write_csv(entries: Iterable[AuditEntryDocument], file: TextIO) -> None:
    """Writes a heading and a row for each entry."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        cells = entry.model_dump(mode="json") | {"details": json.dumps(entry.details)}
        writer.writerow(_plain(cells[name]) for name in _COLUMNS)


def _plain(cell: str | None) -> str:
    """The cell as text; one that would be a formula gets a quotation mark, as spreadsheets write text."""
    text = cell or ""
    return f"'{text}" if text.startswith(_FORMULA) else text
