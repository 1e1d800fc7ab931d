"""The audit log: who did what, when and from where (pydantic)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from cluster.contract.vocabulary import AuditAct


class AuditEntryDocument(BaseModel):
    """One administrative act."""

    id: int
    at: datetime
    act: AuditAct
    target: str = Field(description="The key, video, webhook or preset; empty where there is only one")
    details: dict[str, Any] = Field(description="What else tells the act, such as the scopes of a new key")
    actor: str = Field(
        description="The key's `id`; `anybody` where no key is needed; `this machine`: the command line"
    )
    key_name: str | None
    owner: str | None = Field(description="The owner of the actor's key")
    address: str | None = Field(description="The client's, behind trusted proxies, too")
    request_id: str | None


class AuditList(BaseModel):
    """A page of the audit log, newest first."""

    items: list[AuditEntryDocument]
    next_cursor: str | None
