"""Checks a request to import a video from an address, and makes the row for it. Knows no route."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.contract.imports import ImportRequest
from cluster.remote.addresses import AddressRules
from cluster.remote.opened import SourceRules
from cluster.remote.source import check_source, file_name
from cluster.settings import Settings
from cluster.stores.postgres.intake.imports import NewImport
from serve_app.videos.intake import video_options
from serve_app.videos.presets import FindPreset
from serve_app.videos.webhooks import CheckedWebhook, check_webhook


@dataclass(frozen=True, slots=True)
class CheckedImport:
    """A valid import: the row of the video to fetch, and its webhook."""

    new: NewImport
    webhook: CheckedWebhook | None


def check_import(
    asked: ImportRequest,
    settings: Settings,
    find: FindPreset,
    *,
    lane: str,
    idempotency_key: str | None,
    owner: str | None,
) -> CheckedImport:
    """Check settings, address and webhook of an import. `find`: the owner's presets.

    Raises Problem or UsageError. Nothing is resolved or connected here: the addresses that a host name
    resolves to are checked each time something connects to it.
    """
    wanted = video_options(find, file_name(asked.url), asked.preset, asked.settings, asked.priority)
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
    """The fair queue (lane) for single imports of an owner. Lanes take turns."""
    return f"single:{owner or ''}"
