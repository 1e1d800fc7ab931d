"""The bridge's part that tells webhooks how videos ended: at least once, signed, again after failures.

Threads of its own, so that a receiver that hangs holds up neither doorbells nor videos. What is to be told is
in PostgreSQL; a bridge that dies leaves a lease that runs out. Knows no video beyond its row.
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
from cluster.settings import WebhookSettings
from cluster.stores.documents import webhook_payload
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.webhooks import Delivery, Errand

CLAIM_INTERVAL_S = 0.5
FORGET_INTERVAL_S = 600.0
_LEASE_MARGIN_S = 30.0  # beyond the time limit of one request: who is slower has died
_KEPT_PART = 4  # one in so many hands is kept for owners to whom nothing is being delivered
_GONE = 410

log = structlog.get_logger(__name__)


class Deliveries:
    """Begins with `start`."""

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
        """Begin to claim."""
        for periodic in self._periodic:
            periodic.start()

    def stop(self, timeout_s: float) -> bool:
        """Finish the requests under way; False when that takes longer than allowed."""
        ended = self._workers.stop(timeout_s)
        for periodic in self._periodic:
            periodic.stop()
        return ended

    def _claim(self, free: int) -> list[Errand]:
        lease_s = self._settings.timeout_s + _LEASE_MARGIN_S
        return self._webhooks.claim(free, lease_s, kept=self._settings.concurrency // _KEPT_PART)

    def _deliver(self, errand: Errand) -> None:
        delivery = errand.delivery
        status: int | None = None
        try:
            status = self._post(errand)
        except (SourceBrokeError, SourceError, AddressRefusedError) as error:
            reason = error.message
        else:
            if 200 <= status < 300:
                self._webhooks.delivered(delivery, status)
                log.info("webhook delivered", webhook_id=delivery.webhook_id, event_id=delivery.event_id)
                return
            reason = f"The receiver answered {status}."
        delay_s = self._delay_s(errand, status)
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

    def _post(self, errand: Errand) -> int:
        delivery = errand.delivery
        body = body_of(delivery)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Scenestream",
            **signed_headers(errand.secret, delivery.event_id, int(time.time()), body),
        }
        return post(errand.url, body, headers, self._rules, self._settings.timeout_s)

    def _delay_s(self, errand: Errand, status: int | None) -> float | None:
        settings = self._settings
        if status == _GONE or errand.age_s > settings.give_up_after_s:
            return None
        return Backoff(settings.retry_first_s, settings.retry_longest_s).after(errand.delivery.attempts)

    def _forget(self) -> None:
        try:
            self._webhooks.forget_old(self._settings.log_kept_s)
        except ScenestreamError as error:  # a matter of room only; the next round does it
            log.info("old deliveries kept", reason=error.message)


def body_of(delivery: Delivery) -> bytes:
    """The contract's `WebhookPayload` as UTF-8 JSON; the same bytes at every attempt."""
    payload = webhook_payload(delivery).model_dump(mode="json")
    video = payload["video"]
    for name in ("media", "progress", "error"):  # last, as in bodies that were sent before
        video[name] = video.pop(name)
    return json.dumps(payload, ensure_ascii=False).encode()
