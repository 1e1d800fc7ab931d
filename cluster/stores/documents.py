"""Converts rows of PostgreSQL and documents of MongoDB into the contract's documents, for API and bridges:
videos, segments, keys, webhooks, deliveries and their payloads.

Pure: all values are handed in. `root` is the path that the API is mounted at ("/api/v1").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cluster.contract.access import KeyDocument
from cluster.contract.audit import AuditEntryDocument
from cluster.contract.events import LiveProgress
from cluster.contract.results import Segment
from cluster.contract.revisions import CorrectionCounts
from cluster.contract.revisions import Revision as RevisionDocument
from cluster.contract.videos import Failure, Fetched, Media, MediaWarning, Progress, Proxy, VideoDocument
from cluster.contract.vocabulary import ProxyState
from cluster.contract.webhooks import DeliveryDocument, WebhookDocument, WebhookPayload
from cluster.stores.postgres.api_keys import ApiKey
from cluster.stores.postgres.audit import AuditEntry
from cluster.stores.postgres.revisions import Revision
from cluster.stores.postgres.video import LEASED_STATES, Video, VideoState
from cluster.stores.postgres.webhooks import Delivery, Webhook

_PROXY_STATES: Mapping[str, ProxyState] = {
    "queued": "queued",
    "running": "running",
    "done": "ready",
    "failed": "failed",
    "cancelled": "failed",
}
_NEARLY = 0.999  # fraction shown while every chunk is stored but no (new) result is: 1 means done


def video_document(video: Video, live: LiveProgress | None, now: datetime | None = None) -> VideoDocument:
    """The contract's Video, from its row. `live` is the progress in Redis, or None without one."""
    error = None
    if video.error_code is not None:
        error = Failure(code=video.error_code, message=video.error_message or "")
    return VideoDocument(
        id=video.id,
        state=video.state.value,
        filename=video.filename,
        bytes=video.bytes,
        sha256=video.sha256,
        media=media_document(video.media),
        warnings=[MediaWarning.model_validate(warning) for warning in video.warnings],
        progress=progress_document(video, live, now),
        settings=video.settings,
        priority=video.priority,
        revision=video.revision,
        attempt=video.attempt,
        error=error,
        proxy=proxy_document(video.proxy),
        created_at=video.created_at,
        started_at=video.started_at,
        finished_at=video.finished_at,
    )


def proxy_document(proxy: Mapping[str, Any] | None) -> Proxy | None:
    """The contract's Proxy, from what PostgreSQL tells beside a video (`get_video`)."""
    if proxy is None:
        return None
    error = None
    if proxy["error_code"] is not None:
        error = Failure(code=proxy["error_code"], message=proxy["error_message"] or "")
    fraction = 1.0 if proxy["state"] == "done" else min(proxy["made"] / proxy["total"], _NEARLY)
    return Proxy(
        state=_PROXY_STATES[proxy["state"]], fraction=round(fraction, 4), bytes=proxy["bytes"], error=error
    )


def media_document(media: Mapping[str, Any] | None) -> Media | None:
    """The contract's Media, from the stored result of probing; other stored keys are left out."""
    if media is None:
        return None
    return Media.model_validate({name: media[name] for name in Media.model_fields if name in media})


def has_sound_only(media: Mapping[str, Any] | None) -> bool:
    """Whether a file that was probed has no picture; False for one that was not."""
    return media is not None and media.get("video_codec", "") is None


def progress_document(video: Video, live: LiveProgress | None, now: datetime | None = None) -> Progress:
    """The contract's Progress of `video`.

    The fraction comes from the live progress if that belongs to this attempt, else from the stored chunks. It
    is 1 only when the video is done.
    """
    fraction = _by_chunks(video)
    eta_s = None
    if video.state in LEASED_STATES:
        if live is not None:
            fraction = max(fraction, _live_fraction(live))
        fraction = min(fraction, _NEARLY)
        eta_s = _number(live.get("eta_s")) if live else None
        if eta_s is None and video.started_at is not None and fraction > 0.01:
            elapsed_s = ((now or datetime.now(UTC)) - video.started_at).total_seconds()
            eta_s = max(0.0, elapsed_s * (1 - fraction) / fraction)
    return Progress(
        fraction=round(fraction, 4),
        chunks_done=video.chunks_done,
        chunks_total=video.chunks_total,
        eta_s=None if eta_s is None else round(eta_s, 1),
        fetch=_fetched(video, live),
    )


def _fetched(video: Video, live: LiveProgress | None) -> Fetched | None:
    """Progress of an import whose file is not complete; Redis may know the number of bytes."""
    if not video.fetching or video.is_final:
        return None
    known = live.get("fetch") if live else None
    if not known:
        return Fetched(bytes=0, bytes_total=None)
    return Fetched(bytes=known.get("bytes", 0), bytes_total=known.get("bytes_total"))


def _by_chunks(video: Video) -> float:
    if video.state is VideoState.DONE:
        return 1.0
    if not video.chunks_total:
        return 0.0
    return min(video.chunks_done / video.chunks_total, _NEARLY)


def _live_fraction(live: LiveProgress) -> float:
    fraction = _number(live.get("fraction"))
    return min(max(fraction or 0.0, 0.0), 1.0)


def _number(value: object) -> float | None:
    """A number from Redis, else None: another version of the program may have written another type."""
    return float(value) if isinstance(value, int | float) else None


def segment_document(segment: Mapping[str, Any], video_id: str, root: str) -> Segment:
    """The contract's Segment: the frame number of the keyframe becomes the address of its image.

    Segments that an older version stored lack what came later; that has the default of its field.
    """
    fields = Segment.model_fields.items()
    values = {name: segment.get(name) for name, field in fields if name in segment or field.is_required()}
    frame = segment.get("thumbnail")
    values["thumbnail"] = None if frame is None else thumbnail_url(root, video_id, frame)
    return Segment.model_validate(values)


def revision_document(revision: Revision, counts: Mapping[str, int]) -> RevisionDocument:
    """The contract's Revision. `counts`: its segments by level."""
    corrections = revision.corrections or {}
    totals = {name: sum(map(len, (corrections.get(name) or {}).values())) for name in ("locked", "removed")}
    return RevisionDocument(
        revision=revision.revision,
        current=revision.current,
        preset=revision.preset,
        settings=revision.settings,
        origin=revision.origin,
        note=revision.note,
        corrections=CorrectionCounts(**totals),
        created_at=revision.created_at,
        counts=dict(counts),
    )


def thumbnail_url(root: str, video_id: str, frame: int) -> str:
    """The address of the image of keyframe `frame`."""
    return f"{root}/videos/{video_id}/thumbnails/{int(frame)}.webp"


def key_document(key: ApiKey) -> KeyDocument:
    """The contract's ApiKey: its name, owner and times, without the secret or its digest."""
    return KeyDocument(
        id=key.shown,
        name=key.name,
        owner=key.owner,
        scopes=[scope.value for scope in sorted(key.scopes)],
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )


def audit_document(entry: AuditEntry) -> AuditEntryDocument:
    """The contract's AuditEntry."""
    return AuditEntryDocument(
        id=entry.id,
        at=entry.at,
        act=entry.act,
        target=entry.target,
        details=entry.details,
        actor=entry.actor,
        key_name=entry.key_name,
        owner=entry.owner,
        address=entry.address,
        request_id=entry.request_id,
    )


def webhook_document(webhook: Webhook) -> WebhookDocument:
    """The contract's Webhook, without its owner."""
    return WebhookDocument(
        id=webhook.id,
        url=webhook.url,
        events=list(webhook.events),
        video_id=webhook.video_id,
        created_at=webhook.created_at,
        disabled_at=webhook.disabled_at,
        disabled_reason=webhook.disabled_reason,
    )


def delivery_document(delivery: Delivery) -> DeliveryDocument:
    """The contract's Delivery, without the video it reports."""
    return DeliveryDocument(
        id=delivery.id,
        event_id=delivery.event_id,
        event=delivery.event,
        video_id=delivery.video_id,
        state=delivery.state,
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        due_at=delivery.due_at,
        finished_at=delivery.finished_at,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
    )


def webhook_payload(delivery: Delivery) -> WebhookPayload:
    """The body of a delivery: the event, and the video as it was when the event happened."""
    return WebhookPayload(
        id=delivery.event_id,
        type=delivery.event,
        created_at=delivery.created_at.isoformat(),
        video=video_document(Video.from_json(delivery.video), live=None),
    )
