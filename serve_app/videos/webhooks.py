"""Checks the webhook that a request names, and makes the row for it. Writes nothing; knows no route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from cluster.contract.problems import FieldProblem
from cluster.contract.webhooks import WebhookWish
from cluster.remote.addresses import AddressRules, check_url
from cluster.remote.webhook_signing import parse_secret, shown
from cluster.stores.postgres.webhooks import NewWebhook, check_events
from cluster.work_settings import WebhookSettings
from serve_app.web.json_body import body_problem
from serve_app.web.problems import Problem

SECRET_HEADER = "Scenestream-Webhook-Secret"  # noqa: S105 - the name of a header field
SECRET_DESCRIPTION = "What deliveries are signed with, unless the request named a secret; told only here"  # noqa: S105


@dataclass(frozen=True, slots=True)
class CheckedWebhook:
    """A valid webhook. `made_secret`: the generated secret, told once; None if the owner chose one."""

    new: NewWebhook
    made_secret: str | None

    @property
    def headers(self) -> dict[str, str]:
        """Headers for the response to the request that creates it."""
        return {} if self.made_secret is None else {SECRET_HEADER: self.made_secret}

    def repeated(self, secret: bytes | None) -> CheckedWebhook:
        """The webhook for a repeat with the same idempotency key: with the `secret` generated then."""
        told = None if self.made_secret is None or secret is None else shown(secret)
        return replace(self, made_secret=told)


def check_webhook(wish: WebhookWish, settings: WebhookSettings) -> CheckedWebhook:
    """Check address, events and secret of a webhook.

    Raises Problem `invalid_request` for a malformed secret; AddressRefusedError for an address that can be
    refused before its host name is resolved. The resolved address is checked at every delivery.
    """
    check_url(wish.url, AddressRules(settings.private_networks, settings.refused_networks))
    events = check_events(wish.events)
    if wish.secret is None:
        new = NewWebhook(wish.url, events)
        return CheckedWebhook(new, shown(new.secret))
    try:
        return CheckedWebhook(NewWebhook(wish.url, events, parse_secret(wish.secret), named=True), None)
    except ValueError as error:
        raise _wrong("body.webhook.secret", str(error)) from error


def check_webhook_text(text: str | None, settings: WebhookSettings) -> CheckedWebhook | None:
    """As `check_webhook`, for the JSON text of a form field or of upload metadata. None for no text."""
    if not text:
        return None
    try:
        wish = WebhookWish.model_validate_json(text)
    except ValidationError as error:
        raise body_problem(error, WebhookWish) from error
    return check_webhook(wish, settings)


def kept_webhook(new: NewWebhook | None) -> dict[str, Any]:
    """The webhook as metadata of an upload, whose video does not exist yet."""
    if new is None:
        return {}
    return {"webhook": {"url": new.url, "events": list(new.events), "secret": shown(new.secret)}}


def webhook_in(metadata: Mapping[str, Any]) -> NewWebhook | None:
    """The webhook that `kept_webhook` wrote into an upload's metadata."""
    kept = metadata.get("webhook")
    if kept is None:
        return None
    return NewWebhook(kept["url"], tuple(kept["events"]), parse_secret(kept["secret"]))


def _wrong(where: str, message: str) -> Problem:
    return Problem(
        "invalid_request", f"{where}: {message}", errors=[FieldProblem(where=where, message=message)]
    )
