"""Findings in PostgreSQL alone: work that nobody does, numbers beyond their bounds, rows left behind.

Does not know the other stores.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.stores.checking.findings import MOST_A_KIND, Finding, Invariant, span
from cluster.stores.checking.limits import Limits
from cluster.stores.postgres.upkeep.inspection import Inspection


def check_rows(inspection: Inspection, limits: Limits) -> Iterator[Finding]:
    """All findings; UnavailableError while PostgreSQL is away."""
    yield from _work(inspection, limits)
    yield from _numbers(inspection, limits)
    yield from _left_behind(inspection, limits)


def _work(inspection: Inspection, limits: Limits) -> Iterator[Finding]:
    for row in inspection.rows("abandoned", lease_s=limits.lease_s, limit=MOST_A_KIND):
        holder = f" of {row['holder']}" if row["holder"] else ""
        yield Finding(
            Invariant.ENDS,
            "abandoned",
            row["id"],
            f"{row['work']}: the lease{holder} ran out {span(row['age_s'])} ago, and no bridge took it over",
            mark=row["mark"],
        )
    for row in inspection.rows("stalled", grace_s=limits.grace_s, limit=MOST_A_KIND):
        yield Finding(
            Invariant.ENDS,
            "stalled",
            row["id"],
            f"has waited for {span(row['age_s'])} without a doorbell, while no bridge works on any video",
            mark=row["mark"],
        )
    for row in inspection.rows("never_fetched", grace_s=limits.grace_s, limit=MOST_A_KIND):
        yield Finding(
            Invariant.ENDS,
            "never_fetched",
            row["id"],
            f"has waited for {span(row['age_s'])} for a file that no import fetches",
            mark=row["mark"],
        )


def _numbers(inspection: Inspection, limits: Limits) -> Iterator[Finding]:
    for row in inspection.rows("attempts", max_attempts=limits.max_attempts, limit=MOST_A_KIND):
        told = f"attempt {row['attempt']} of at most {limits.max_attempts}"
        yield Finding(Invariant.BOUNDED, "too_many_attempts", row["id"], told, mark=row["mark"])
    for row in inspection.rows("without_reason", limit=MOST_A_KIND):
        told = f"failed with the code {row['code']} and without a reason"
        yield Finding(Invariant.BOUNDED, "no_reason", row["id"], told)
    for row in inspection.rows("foreign_epochs", limit=MOST_A_KIND):
        told = f"{row['id']}: its leases came to epoch {row['epoch']}; this result was made under a later one"
        yield Finding(Invariant.FENCED, "foreign_epoch", row["timeline_id"], told)
    for row in inspection.rows("unknown_results", limit=MOST_A_KIND):
        told = f"shows the result {row['timeline_id']}, which is no revision of it"
        yield Finding(Invariant.ONE_RESULT, "unknown_result", row["id"], told, mark=row["timeline_id"])


def _left_behind(inspection: Inspection, limits: Limits) -> Iterator[Finding]:
    for row in inspection.rows("old_doorbells", outbox_s=limits.outbox_s, limit=MOST_A_KIND):
        told = f"the doorbell of video {row['video_id']} has waited for RabbitMQ for {span(row['age_s'])}"
        yield Finding(Invariant.NOTHING_LEFT, "old_doorbell", row["id"], told)
    for row in inspection.rows("old_uploads", grace_s=limits.grace_s, limit=MOST_A_KIND):
        told = f"this upload expired {span(row['age_s'])} ago; no API replica has swept it away"
        yield Finding(Invariant.NOTHING_LEFT, "old_upload", row["id"], told)
    for row in inspection.rows("old_deliveries", grace_s=limits.grace_s, limit=MOST_A_KIND):
        told = f"the delivery to a webhook of video {row['video_id']} was left {span(row['age_s'])} ago"
        yield Finding(Invariant.NOTHING_LEFT, "old_delivery", row["id"], told)
