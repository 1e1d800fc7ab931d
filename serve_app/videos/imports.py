"""What clients ask for when they name an address, checked, as a video to fetch. Knows no route."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.contract.imports import ImportRequest
from cluster.remote.addresses import AddressRules
from cluster.remote.opened import SourceRules
from cluster.remote.source import check_source, file_name
from cluster.settings import Settings
from cluster.stores.postgres.imports import NewImport
from serve_app.videos.intake import video_options
from serve_app.videos.webhooks import CheckedWebhook, check_webhook


@dataclass(frozen=True, slots=True)
class CheckedImport:
    """A video to fetch, and the webhook that goes with it."""

    new: NewImport
    webhook: CheckedWebhook | None


def check_import(
    asked: ImportRequest, settings: Settings, *, lane: str, idempotency_key: str | None, owner: str | None
) -> CheckedImport:
    """The import that is asked for.

    Problem or UsageError for what is wrong with it, as far as that can be told without asking anybody: an
    address is judged again, by what its name resolves to, each time something connects to it.
    """
    wanted = video_options(file_name(asked.url), asked.preset, asked.settings, asked.priority)
    imports = settings.imports
    addresses = AddressRules(imports.private_networks, imports.refused_networks)
    check_source(asked.url, SourceRules(addresses, imports.s3_buckets))
    webhook = None if asked.webhook is None else check_webhook(asked.webhook, settings.webhooks)
    new = NewImport(
        url=asked.url,
        filename=wanted.filename,
        preset=wanted.preset,
        settings=wanted.settings,
        lane=lane,
        idempotency_key=idempotency_key,
        owner=owner,
        webhook=None if webhook is None else webhook.new,
        priority=wanted.priority,
    )
    return CheckedImport(new, webhook)


def lane_of(owner: str | None) -> str:
    """The lane of imports that come one by one: each owner's take turns with those of others."""
    return f"single:{owner or ''}"
