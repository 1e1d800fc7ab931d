"""The route of the audit log, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from cluster.contract.audit import AuditList
from cluster.contract.pages import AUDIT_PAGE_ITEMS, MAX_PAGE_ITEMS
from cluster.contract.vocabulary import AuditAct
from cluster.stores.documents import audit_document
from serve_app.access.callers import require_key
from serve_app.context import Cursor, context_of
from serve_app.web.problems import declared

router = APIRouter(tags=["access"])


@router.get(
    "/audit",
    summary="Who did what, newest first",
    responses=declared("bad_cursor", "forbidden", "invalid_request", "unavailable"),
)
def list_audit(
    request: Request,
    act: Annotated[AuditAct | None, Query(description="Only acts of this kind")] = None,
    actor: Annotated[
        str | None,
        Query(max_length=64, pattern=r"^[^\x00]*$", description="Only acts of this key, by its `id`"),
    ] = None,
    at_from: Annotated[AwareDatetime | None, Query(description="Then or later")] = None,
    at_to: Annotated[AwareDatetime | None, Query(description="Before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_ITEMS)] = AUDIT_PAGE_ITEMS,
    cursor: Cursor = None,
) -> AuditList:
    """Changes of keys, webhooks and presets, deleted videos, and work on videos that others stopped or began
    again. For keys with the scope `admin`; without a key, `scenestream audit` on the machine itself.
    """
    require_key(request)
    page = context_of(request).services.jobs.audit.entries(
        limit, cursor, act=act, actor=actor, at_from=at_from, at_to=at_to
    )
    return AuditList(items=[audit_document(entry) for entry in page.items], next_cursor=page.next_cursor)
