"""Delivers webhooks: tells receivers how videos ended, at least once, signed, with retries and back-off.

PostgreSQL holds the deliveries; a bridge claims each under a lease, so if it dies, another one delivers.
Worker threads of its own keep a receiver that hangs from delaying doorbells or videos. Knows no video beyond
its row.
"""

from __future__ import annotations

import json
import time

import structlog

from actors.bridge.threads import Periodic, WorkerThreads
from cluster.backoff import Backoff
from cluster.errors import ScenestreamError
from cluster.remote.addresses import AddressRules
from cluster.remote.errors import AddressRefusedError, SourceBrokeError, SourceError
from cluster.remote.post import post
from cluster.remote.webhook_signing import signed_headers
from cluster.stores.documents import webhook_payload
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.webhooks import ClaimedDelivery, Delivery
from cluster.work_settings import WebhookSettings

CLAIM_INTERVAL_S = 0.5
"""Between two claims of due deliveries. While a thread is free, a webhook is late by this at most."""
FORGET_INTERVAL_S = 600.0
"""Between two removals of old log rows, which only free space."""
_LEASE_MARGIN_S = 30.0
"""Lease time beyond the time limit of one request: a holder that takes longer has died."""
_RESERVED_PART = 4
"""One in so many threads is reserved for owners to whom nothing is being delivered, so that the slow
receivers of one owner do not delay those of all others."""
_GONE = 410
"""HTTP status by which a receiver says that it wants no more deliveries."""

log = structlog.get_logger(__name__)


class Deliveries:
    """The delivery workers of one bridge; they start with `start`."""

    def __init__(self, settings: WebhookSettings, jobs: Jobs) -> None:
        self._settings = settings
        self._webhooks = jobs.webhooks
        self._rules = AddressRules(settings.private_networks, settings.refused_networks)
        self._workers = WorkerThreads("webhook", settings.concurrency, self._claim, self._deliver)
        self._periodic = [
            Periodic("webhooks", CLAIM_INTERVAL_S, self._workers.recruit),
            Periodic("webhook log", FORGET_INTERVAL_S, self._forget),
        ]

    def start(self) -> None:
        """Start to claim and deliver."""
        for periodic in self._periodic:
            periodic.start()

    def stop(self, timeout_s: float) -> bool:
        """Claim nothing more and wait for the requests under way; False if they take longer than that."""
        ended = self._workers.stop(timeout_s)
        for periodic in self._periodic:
            periodic.stop()
        return ended

    def _claim(self, free: int) -> list[ClaimedDelivery]:
        lease_s = self._settings.timeout_s + _LEASE_MARGIN_S
        return self._webhooks.claim(free, lease_s, kept=self._settings.concurrency // _RESERVED_PART)

    def _deliver(self, claimed: ClaimedDelivery) -> None:
        delivery = claimed.delivery
        status: int | None = None
        try:
            status = self._post(claimed)
        except (SourceBrokeError, SourceError, AddressRefusedError) as error:
            reason = error.message
        else:
            if 200 <= status < 300:
                self._webhooks.delivered(delivery, status)
                log.info("webhook delivered", webhook_id=delivery.webhook_id, event_id=delivery.event_id)
                return
            reason = f"The receiver answered {status}."
        delay_s = self._delay_s(claimed, status)
        self._webhooks.not_delivered(delivery, status, reason, delay_s)
        log.info(
            "webhook not delivered",
            webhook_id=delivery.webhook_id,
            event_id=delivery.event_id,
            reason=reason,
            again_in_s=None if delay_s is None else round(delay_s, 1),
        )
        if status == _GONE:
            self._webhooks.disable(delivery.webhook_id, "The receiver answered 410 Gone.")

    def _post(self, claimed: ClaimedDelivery) -> int:
        delivery = claimed.delivery
        body = body_of(delivery)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Scenestream",
            **signed_headers(claimed.secret, delivery.event_id, int(time.time()), body),
        }
        return post(claimed.url, body, headers, self._rules, self._settings.timeout_s)

    def _delay_s(self, claimed: ClaimedDelivery, status: int | None) -> float | None:
        settings = self._settings
        if status == _GONE or claimed.age_s > settings.give_up_after_s:
            return None
        return Backoff(settings.retry_first_s, settings.retry_longest_s).after(claimed.delivery.attempts)

    def _forget(self) -> None:
        try:
            self._webhooks.forget_old(self._settings.log_kept_s)
        except ScenestreamError as error:  # only space is lost; the next round removes them
            log.info("old deliveries kept", reason=error.message)


def body_of(delivery: Delivery) -> bytes:
    """The contract's `WebhookPayload` as UTF-8 JSON; the same bytes at every attempt."""
    payload = webhook_payload(delivery).model_dump(mode="json")
    video = payload["video"]
    for name in ("media", "progress", "error"):  # last, as in bodies that were sent before
        video[name] = video.pop(name)
    return json.dumps(payload, ensure_ascii=False).encode()
