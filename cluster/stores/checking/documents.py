"""Findings in MongoDB: results that PostgreSQL names and MongoDB lacks, and documents that nothing names.

Documents carry no time. So what lies under an id that still has a video counts only when nobody has worked
on that video for the grace period; what lies under an id that no video has or uses is never used again,
however young it is (`removal.py` says why). Knows PostgreSQL and MongoDB; not files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from heapq import merge
from itertools import groupby

from cluster.stores.checking.batches import batches
from cluster.stores.checking.findings import Finding, Invariant
from cluster.stores.checking.limits import Limits
from cluster.stores.mongodb.inventory import COLLECTIONS, Inventory, Reference, TimelineHead
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.upkeep.inspection import PAGE, Inspection


def check_documents(
    inspection: Inspection, inventory: Inventory, results: Results, limits: Limits
) -> Iterator[Finding]:
    """All findings; UnavailableError while PostgreSQL or MongoDB is away. `results` deletes, if asked to."""
    for page in inspection.videos():
        named = inspection.timelines_of([row["id"] for row in page])
        for video_id, wanted in named.items():
            yield from _lost(inventory, video_id, wanted)
    stored = merge(*(inventory.ids(name) for name in COLLECTIONS))
    for ids in batches((id_ for id_, _ in groupby(stored)), PAGE):
        quiet = inspection.quiet_for(ids)
        named = inspection.timelines_of(ids)
        payloads = inventory.payload_parts(ids[0], ids[-1])
        references = inventory.references(ids[0], ids[-1])
        for id_ in ids:
            if id_ not in quiet:
                told = "documents under an id that no video has, and whose tracks no video uses"
                remove = partial(results.delete_video, id_)
                yield Finding(Invariant.ONE_RESULT, "orphan_results", id_, told, remove=remove)
                continue
            content = references.get(id_, []), payloads.get(id_, {})
            findings = _below(inventory, results, id_, named.get(id_, set()), *content)
            if quiet[id_] >= limits.grace_s:
                yield from (_while_idle(finding, inspection, id_, limits) for finding in findings)
            else:
                yield from (finding for finding in findings if finding.remove is None)


def _lost(inventory: Inventory, video_id: str, wanted: set[str]) -> Iterator[Finding]:
    heads = {head.timeline_id: head for head in inventory.heads(video_id)}
    for timeline_id in sorted(wanted):
        head = heads.get(timeline_id)
        if head is None:
            told = "PostgreSQL names this result, and MongoDB does not have it"
            yield Finding(Invariant.ONE_RESULT, "lost_result", timeline_id, told)
            continue
        stored = inventory.segments_of(head.segments_key)
        if stored != head.segment_count:
            told = f"has {stored} of its {head.segment_count} segments"
            yield Finding(Invariant.ONE_RESULT, "lost_segments", timeline_id, told, mark=str(stored))


def _while_idle(finding: Finding, inspection: Inspection, id_: str, limits: Limits) -> Finding:
    """The same; it removes nothing once somebody works under the id again: a payload is named by its content,
    so that work may come to use the one that was left behind.
    """
    if (remove := finding.remove) is None:
        return finding

    def remove_if_idle() -> None:
        if inspection.quiet_for([id_]).get(id_, limits.grace_s) >= limits.grace_s:
            remove()

    return replace(finding, remove=remove_if_idle)


def _below(
    inventory: Inventory,
    results: Results,
    id_: str,
    named: set[str],
    references: list[Reference],
    payloads: Mapping[str, int],
) -> Iterator[Finding]:
    heads = inventory.heads(id_)
    references = [*references, *_of_heads(heads)]
    yield from _lost_payloads(payloads, references)
    for head in heads:
        if head.timeline_id not in named:
            told = "a result that is no revision of its video"
            remove = partial(results.drop_timeline, head.timeline_id)
            yield Finding(Invariant.ONE_RESULT, "orphan_timeline", head.timeline_id, told, remove=remove)
    for key in sorted(inventory.segments_keys(id_) - {head.segments_key for head in heads}):
        told = "segments of a writer that was interrupted: no timeline names them"
        remove = partial(inventory.drop_segments, key)
        yield Finding(Invariant.ONE_RESULT, "orphan_segments", key, told, remove=remove)
    for payload in sorted(payloads.keys() - {reference["id"] for _, reference in references}):
        told = "a payload that no document names"
        remove = partial(inventory.drop_payload, payload)
        yield Finding(Invariant.ONE_RESULT, "orphan_payload", payload, told, remove=remove)


def _of_heads(heads: list[TimelineHead]) -> Iterator[Reference]:
    for head in heads:
        if head.payload is not None:
            yield f"timelines/{head.timeline_id}", head.payload


def _lost_payloads(payloads: Mapping[str, int], references: list[Reference]) -> Iterator[Finding]:
    for name, reference in references:
        stored = payloads.get(reference["id"], 0)
        if stored != reference["parts"]:
            told = f"has {stored} of the {reference['parts']} parts of its content"
            yield Finding(Invariant.ONE_RESULT, "lost_payload", name, told, mark=str(stored))
