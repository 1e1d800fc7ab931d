"""One look through all stores, and the two looks that a finding needs.

A store that does not answer is told apart from findings: what was seen in the others counts. Deletes only
what a finding offers, at the end and one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cluster.errors import UnavailableError, UsageError
from cluster.stores.checking.batches import batches
from cluster.stores.checking.documents import check_documents
from cluster.stores.checking.files import check_files
from cluster.stores.checking.findings import Finding, agreed, bounded
from cluster.stores.checking.limits import Limits
from cluster.stores.checking.messages import check_messages
from cluster.stores.checking.rows import check_rows
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.upkeep.inspection import PAGE, Inspection

_LOST = frozenset({"lost_file", "lost_result"})

Part = tuple[str, Callable[[], Iterable[Finding]]]


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one installation; `rabbitmq_url` is empty where none is looked into."""

    jobs: Jobs
    inventory: Inventory
    results: Results
    media: MediaStore
    rabbitmq_url: str = ""

    @property
    def inspection(self) -> Inspection:
        """The reads of PostgreSQL."""
        return Inspection(self.jobs.database)


@dataclass(frozen=True, slots=True)
class Report:
    """`findings` that both looks had; `unseen`: (part, reason) of what could not be looked at."""

    findings: Sequence[Finding]
    unseen: Sequence[tuple[str, str]]


def look_twice(
    stores: Stores, limits: Limits, pause: Callable[[], object], step: Callable[[str], None]
) -> Report:
    """Looks, waits for `pause` and looks again, if the first look found anything. `step` is told the part."""
    first = _look(stores, limits, step)
    if not first.findings:
        return first
    pause()
    second = _look(stores, limits, step)
    return Report(agreed(first.findings, second.findings), second.unseen)


def collect(
    stores: Stores, findings: Iterable[Finding], removed: Callable[[Finding], None], *, force: bool = False
) -> None:
    """Deletes what the findings offer, and tells of each.

    UsageError where the settings name another database more likely than that so much is rubbish
    (`mostly_orphans`): things of more ids are left behind than there are videos and uploads, or most videos
    have lost their file or result. `force` deletes it all the same.
    """
    findings = list(findings)
    orphans = [finding for finding in findings if finding.remove is not None]
    counts = stores.inspection.counts()
    lost = len({_id_of(finding.what) for finding in findings if finding.kind in _LOST})
    if orphans and 2 * lost > counts["videos"] and not force:
        raise UsageError(
            f"PostgreSQL has {counts['videos']} videos, and the files or results of {lost} of them are not "
            "in these stores. Look whether postgres_url, mongodb_url and media_url are of one installation; "
            "nothing was removed. --force removes it all the same.",
            code="mostly_orphans",
        )
    in_use = counts["videos"] + counts["uploads"]
    left = _unknown(stores.inspection, {_id_of(finding.what) for finding in orphans})
    if left > in_use and not force:
        raise UsageError(
            f"Something is left behind under {left} ids that PostgreSQL does not know; it has {in_use} "
            "videos and uploads. Look whether postgres_url names the database of these stores; nothing "
            "was removed. --force removes it all the same.",
            code="mostly_orphans",
        )
    for finding in orphans:
        assert finding.remove is not None, "chosen above"
        finding.remove()
        removed(finding)


def _unknown(inspection: Inspection, ids: Iterable[str]) -> int:
    """How many of the ids are of no video, tracks or upload."""
    unknown = 0
    for some in batches(ids, PAGE):
        for row in inspection.known_files(some).values():
            unknown += not (row["is_video"] or row["has_tracks"] or row["is_upload"])
    return unknown


def _id_of(what: str) -> str:
    """The id of the video or upload in the key of a file or of a document."""
    return what.split("/")[1] if "/" in what else what.partition(":")[0]


def _look(stores: Stores, limits: Limits, step: Callable[[str], None]) -> Report:
    inspection = stores.inspection
    parts: list[Part] = [
        ("PostgreSQL", lambda: check_rows(inspection, limits)),
        ("MongoDB", lambda: check_documents(inspection, stores.inventory, stores.results, limits)),
        ("media", lambda: check_files(inspection, stores.media, limits)),
    ]
    if stores.rabbitmq_url:
        parts.append(
            ("RabbitMQ", lambda: check_messages(stores.rabbitmq_url, int(inspection.counts()["open"])))
        )
    findings: list[Finding] = []
    unseen: list[tuple[str, str]] = []
    for name, part in parts:
        step(f"looking through {name}")
        try:
            findings += bounded(part())
        except (UnavailableError, OSError) as error:
            unseen.append((name, str(error)))
    return Report(findings, unseen)


def tidy(stores: Stores, limits: Limits) -> int:
    """Removes at once whatever one look finds removable in MongoDB and the media store; returns how much.

    For stores that nobody works on, such as those that a backup is being restored into.
    """
    inspection = stores.inspection
    removed = 0
    while True:
        found = bounded(
            (
                *check_documents(inspection, stores.inventory, stores.results, limits),
                *check_files(inspection, stores.media, limits),
            )
        )
        removers = [finding.remove for finding in found if finding.remove is not None]
        if not removers:
            return removed
        for remove in removers:
            remove()
        removed += len(removers)
