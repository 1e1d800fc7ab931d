"""API keys, sessions and signed links (pydantic)."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from cluster.contract.vocabulary import ScopeName, SessionWay

MAX_KEY_NAME_CHARS = 100


class KeyDocument(BaseModel):
    """An API key, without what opens anything."""

    id: str = Field(description="The key's beginning", examples=["sk_0123456789ab"])
    name: str
    owner: str = Field(description="Whose the videos are that come in with it")
    scopes: list[ScopeName] = Field(description="`admin` includes the others, `write` not `read`")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute")
    revoked_at: datetime | None


class KeyList(BaseModel):
    """Every key, newest first."""

    items: list[KeyDocument]


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "cutting room", "owner": "anna", "scopes": ["read"]}]},
    )

    name: str = Field(min_length=1, max_length=MAX_KEY_NAME_CHARS)
    owner: str = Field(min_length=1, max_length=64)
    scopes: list[ScopeName] = Field(["read", "write"], min_length=1, max_length=3)
    expires_in_s: float | None = Field(None, gt=0, le=3e9, allow_inf_nan=False)


class MadeKey(BaseModel):
    """A new key; `token` is what clients send, and is told only here."""

    key: KeyDocument
    token: str


class SessionDocument(BaseModel):
    """How this client is let in."""

    way: SessionWay = Field(
        description="`open`: no key is needed; otherwise whether one is sent or the page is signed in"
    )
    key: KeyDocument | None


class Links(BaseModel):
    """Addresses that need no key until they end; for `<video src>` and for people without one."""

    media: str
    expires_at: datetime
