"""Webhooks in PostgreSQL, and their deliveries: the table `webhook_deliveries` is a transactional outbox.

A trigger adds a delivery for every webhook concerned, in the transaction that changes the video's state. So
no event is lost, and none is sent that did not happen. Bridges claim deliveries with a lease; the number of
`attempts` is the fencing token. Knows no HTTP.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

import structlog

from cluster.contract.pages import DELIVERIES_PAGE_ITEMS
from cluster.contract.vocabulary import DELIVERY_STATES, WEBHOOK_EVENTS, DeliveryState, WebhookEvent
from cluster.errors import ConflictError, NotFoundError
from cluster.stores.ids import new_id
from cluster.stores.page import Page, check_limit, decode_cursor, page_of
from cluster.stores.postgres.database import Connection, Database
from cluster.stores.postgres.sql_files import load_statements

_log = structlog.get_logger(__name__)

_SQL = load_statements("webhooks.sql")

MAX_WEBHOOKS = 100
"""Webhooks of one owner, without those of single videos: each sends a request for every video of the owner.
No measurement.
"""
_SECRET_BYTES = 32  # as long as the digest of HMAC-SHA256; longer ones add nothing (RFC 2104, section 3)
_EACH = 2  # deliveries to one webhook at a time, so that a slow receiver does not take all places
EVERYBODY = object()
"""As `owner`: of any owner."""


def new_secret() -> bytes:
    """A new random secret that deliveries are signed with."""
    return secrets.token_bytes(_SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to make. `secret`: 24 to 64 bytes; `named`: the owner chose the secret."""

    url: str
    events: tuple[WebhookEvent, ...] = WEBHOOK_EVENTS
    secret: bytes = field(default_factory=new_secret, repr=False)
    named: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """One row of `webhooks`, without its secret."""

    id: str
    owner: str | None
    video_id: str | None
    url: str
    events: tuple[WebhookEvent, ...]
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Makes it from a row of `webhooks`."""
        values = {item.name: row[item.name] for item in fields(cls)}
        return cls(**{**values, "events": tuple(values["events"])})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of `webhook_deliveries`: one event for one webhook. `video`: the row at the time of the
    event.
    """

    id: int
    webhook_id: str
    event_id: str
    event: WebhookEvent
    video_id: str
    video: dict[str, Any] = field(repr=False)
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Makes it from a row of `webhook_deliveries`."""
        return cls(**{item.name: row[item.name] for item in fields(cls)})


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A claimed delivery, with address and signing secret of its webhook. `age_s`: seconds since the
    event.
    """

    delivery: Delivery
    url: str
    secret: bytes = field(repr=False)
    age_s: float


class Webhooks:
    """The tables of webhooks and deliveries. Shares the pool of `Jobs` (as `jobs.webhooks`); raises
    UnavailableError.

    `owner`: the owner of the webhooks (None: without an owner, where no keys are needed), or EVERYBODY.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, new: NewWebhook, owner: str | None) -> Webhook:
        """Makes a webhook for all videos of the owner. ConflictError beyond MAX_WEBHOOKS."""
        with self._database.transaction() as connection:
            row = connection.execute(_SQL["count_webhooks"], {"owner": owner}).fetchone()
            if row is not None and row["number"] >= MAX_WEBHOOKS:
                raise ConflictError(
                    f"There are {MAX_WEBHOOKS} webhooks already; delete one that is not used."
                )
            return put_webhook(connection, new, owner, None)

    def list_webhooks(self, owner: object, video_id: str | None = None) -> list[Webhook]:
        """Lists webhooks, newest first: those of one video, or those for all videos."""
        values = _owned(owner) | {"video_id": video_id}
        return [Webhook.from_row(row) for row in self._database.all(_SQL["list_webhooks"], values)]

    def get(self, webhook_id: str, owner: object) -> Webhook:
        """Reads a webhook; NotFoundError if there is none, or it has another owner."""
        row = self._database.one(_SQL["get_webhook"], _owned(owner) | {"id": webhook_id})
        if row is None:
            raise NotFoundError(f"There is no webhook {webhook_id}; it may have been deleted.")
        return Webhook.from_row(row)

    def secrets_of(self, video_ids: Sequence[str]) -> dict[str, bytes]:
        """The secrets of the webhooks that were made with these videos."""
        rows = self._database.all(_SQL["webhooks_of_videos"], {"video_ids": list(video_ids)})
        return {row["video_id"]: bytes(row["secret"]) for row in rows}

    def delete(self, webhook_id: str, owner: object) -> None:
        """Deletes a webhook and its deliveries, with those not sent yet. NotFoundError as `get`."""
        if not self._database.changed(_SQL["delete_webhook"], _owned(owner) | {"id": webhook_id}):
            self.get(webhook_id, owner)

    def deliveries(
        self, webhook_id: str, limit: int = DELIVERIES_PAGE_ITEMS, cursor: str | None = None
    ) -> Page[Delivery]:
        """Lists the deliveries of a webhook, newest first. UsageError for a bad cursor."""
        before = None if cursor is None else decode_cursor(cursor, int)[0]
        rows = self._database.all(
            _SQL["list_deliveries"], {"id": webhook_id, "before": before, "limit": check_limit(limit) + 1}
        )
        return page_of([Delivery.from_row(row) for row in rows], limit, lambda delivery: (delivery.id,))

    def claim(self, limit: int, lease_s: float, kept: int = 0) -> list[ClaimedDelivery]:
        """Claims up to `limit` deliveries that are due, and counts an attempt of each.

        Owners get turns in rotation; `kept` of the `limit` are for owners without a delivery under way.
        """
        values = {"limit": limit, "lease_s": lease_s, "each": _EACH, "kept": kept}
        rows = self._database.all(_SQL["claim_deliveries"], values)
        return [
            ClaimedDelivery(Delivery.from_row(row), row["url"], bytes(row["secret"]), row["age_s"])
            for row in rows
        ]

    def delivered(self, delivery: Delivery, status: int) -> bool:
        """Ends a delivery as delivered. False: the lease is lost."""
        values = {"id": delivery.id, "attempts": delivery.attempts, "status": status}
        return self._database.changed(_SQL["record_delivered"], values)

    def not_delivered(
        self, delivery: Delivery, status: int | None, error: str, delay_s: float | None
    ) -> bool:
        """Schedules another attempt after `delay_s`; None: no other one. False: the lease is lost."""
        values = {"id": delivery.id, "attempts": delivery.attempts, "status": status, "error": error}
        return self._database.changed(_SQL["record_failure"], {**values, "delay_s": delay_s})

    def disable(self, webhook_id: str, reason: str) -> None:
        """Disables a webhook: nothing is sent to it any more, and its waiting deliveries end."""
        values = {"id": webhook_id, "reason": reason}
        with self._database.transaction() as connection:
            connection.execute(_SQL["disable_webhook"], values)
            connection.execute(_SQL["end_pending"], values)
        _log.info("webhook disabled", webhook_id=webhook_id, reason=reason)

    def forget_old(self, kept_s: float) -> None:
        """Deletes ended deliveries older than this, and webhooks of deleted videos."""
        self._database.changed(_SQL["drop_old_deliveries"], {"kept_s": kept_s})
        self._database.changed(_SQL["drop_left_webhooks"], {})

    def counts(self) -> dict[str, int]:
        """The number of deliveries in each state, with 0 for a state without one."""
        found = {row["state"]: row["number"] for row in self._database.all(_SQL["count_deliveries"])}
        return {state: found.get(state, 0) for state in DELIVERY_STATES}


def put_webhook(connection: Connection, new: NewWebhook, owner: str | None, video_id: str | None) -> Webhook:
    """Stores a webhook in the caller's transaction; with `video_id` it is for that video only."""
    values = {
        "id": f"wh_{new_id()}",
        "owner": owner,
        "video_id": video_id,
        "url": new.url,
        "events": list(new.events),
        "secret": new.secret,
    }
    row = connection.execute(_SQL["insert_webhook"], values).fetchone()
    assert row is not None  # an INSERT of one row without a condition
    return Webhook.from_row(row)


def has_webhook(connection: Connection, video_id: str, asked: NewWebhook | None) -> bool:
    """Whether the video was made with the same webhook. A secret that was made here is not compared, because
    each request makes another one.
    """
    row = connection.execute(_SQL["webhooks_of_videos"], {"video_ids": [video_id]}).fetchone()
    if row is None or asked is None:
        return row is None and asked is None
    same_secret = not asked.named or bytes(row["secret"]) == asked.secret
    return same_secret and (row["url"], tuple(row["events"])) == (asked.url, asked.events)


def _owned(owner: object) -> dict[str, Any]:
    return {"owner": None if owner is EVERYBODY else owner, "all_owners": owner is EVERYBODY}


def check_events(events: Sequence[str]) -> tuple[WebhookEvent, ...]:
    """Returns the events without repeats, in the order of WEBHOOK_EVENTS; ValueError for unknown ones or
    none.
    """
    if not events or not set(events) <= set(WEBHOOK_EVENTS):
        raise ValueError(f"events are one or more of {', '.join(WEBHOOK_EVENTS)}")
    return tuple(event for event in WEBHOOK_EVENTS if event in events)
