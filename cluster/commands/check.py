"""The command `scenestream check`: looks through all stores, tells findings, and removes orphans if asked to.

The looks themselves are in `cluster/stores/checking`.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from functools import partial
from typing import Annotated

import typer

from cluster import terminal
from cluster.commands.installation import operators_stores
from cluster.errors import ScenestreamError
from cluster.settings import get_settings
from cluster.stores.checking.findings import Finding
from cluster.stores.checking.limits import HOUR_S, Limits
from cluster.stores.checking.looking import Report, collect, look_twice
from cluster.stores.postgres.upkeep.schema import require_same

FOUND, NOT_LOOKED = 1, 2
"""Exit codes: something was found; a part could not be looked at."""

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def check(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    older_than: Annotated[
        str, typer.Option("--older-than", help="What is younger is no finding: 30m, 1h, 2d.")
    ] = "1d",
    pause_s: Annotated[
        float, typer.Option("--pause", min=0, help="Seconds between the two looks that a finding needs.")
    ] = 10.0,
    collect_orphans: Annotated[
        bool, typer.Option("--collect", help="Remove what nothing names. It only tells so without --yes.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="With --yes: also what is young, or more than is in use."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --collect: do remove it.")] = False,
) -> None:
    """Whether all stores agree: nothing lost, nothing left. Exit code 1: findings; 2: not all was seen."""
    grace_s = seconds_of(older_than)
    if collect_orphans and yes and grace_s < HOUR_S and not force:
        raise typer.BadParameter(
            "Younger than 1h may be what an upload or a bridge is writing. With --force it is removed all "
            "the same: only while API and bridges are stopped."
        )
    settings = get_settings()
    try:
        with operators_stores(settings) as stores, terminal.steps() as step:
            step("looking")
            require_same(stores.jobs.database)
            limits = Limits(settings.lease.max_attempts, grace_s=grace_s)
            report = look_twice(stores, limits, partial(time.sleep, pause_s), step)
            removed: list[Finding] = []
            if collect_orphans and yes:
                collect(stores, report.findings, removed.append, force=force)
    except ScenestreamError as error:
        print(error.message, file=sys.stderr)
        raise typer.Exit(NOT_LOOKED) from error
    if as_json:
        print(json.dumps(_document(report, removed), indent=1))
    else:
        _show(report, removed, told_only=collect_orphans and not yes)
    if report.unseen:
        raise typer.Exit(NOT_LOOKED)
    if len(report.findings) > len(removed):
        raise typer.Exit(FOUND)


def seconds_of(text: str) -> float:
    """Seconds of a time such as 90s, 30m, 1h or 2d; BadParameter otherwise."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no time such as 30m, 1h or 2d.")
    return float(match[1]) * _UNITS_S[match[2]]


def _document(report: Report, removed: list[Finding]) -> dict[str, object]:
    gone = set(removed)
    return {
        "findings": [
            {
                "invariant": finding.invariant.value,
                "kind": finding.kind,
                "what": finding.what,
                "told": finding.told,
                "removable": finding.remove is not None,
                "removed": finding in gone,
            }
            for finding in report.findings
        ],
        "unseen": [{"part": part, "reason": reason} for part, reason in report.unseen],
    }


def _show(report: Report, removed: list[Finding], *, told_only: bool) -> None:
    gone = set(removed)
    for finding in report.findings:
        end = "  (removed)" if finding in gone else ""
        if told_only and finding.remove is not None:
            end = "  (would be removed)"
        print(f"{finding.invariant}  {finding.kind:<18}  {finding.what}  {finding.told}{end}")
    for part, reason in report.unseen:
        print(f"{part} could not be looked at: {reason}", file=sys.stderr)
    counts = Counter(finding.invariant.value for finding in report.findings)
    told = ", ".join(f"{number} of {name}" for name, number in sorted(counts.items()))
    print(f"{len(report.findings)} findings{f' ({told})' if told else ''}, {len(removed)} removed.")
