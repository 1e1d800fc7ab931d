"""Route POST /videos: one small file as multipart form, or a URL to import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import from_thread, to_thread
from fastapi import APIRouter, Header, Request, Response

from cluster.contract.imports import ImportRequest, UploadForm
from cluster.contract.problems import FieldProblem
from cluster.contract.videos import VideoDocument
from cluster.stores.documents import video_document
from cluster.stores.postgres.video import Video
from serve_app.access.callers import caller_of, client_id
from serve_app.context import Context, context_of, presets_of, root_of
from serve_app.videos.imports import check_import, lane_of
from serve_app.videos.intake import VideoOptions, client_key, video_options
from serve_app.videos.presets import FindPreset
from serve_app.videos.webhooks import SECRET_DESCRIPTION, SECRET_HEADER, CheckedWebhook, check_webhook_text
from serve_app.web.concurrency import patiently
from serve_app.web.forms import FORM_OVERHEAD_BYTES, FormReader, too_large_for_one_post
from serve_app.web.json_body import body_schema, read_json
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["videos"])

_FORM_FIELDS = frozenset({"preset", "settings", "webhook", "priority"})
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": UploadForm.model_json_schema()},
        "application/json": {"schema": body_schema(ImportRequest)},
    },
}


@router.post(
    "/videos",
    status_code=202,
    summary="Hand in a video",
    response_model=VideoDocument,
    openapi_extra={"requestBody": _BODY},
    responses={
        202: {
            "description": "Stored, or to be fetched, and queued",
            "headers": {
                "Location": {"description": "The video's address", "schema": {"type": "string"}},
                SECRET_HEADER: {"description": SECRET_DESCRIPTION, "schema": {"type": "string"}},
            },
        },
        **declared(
            "cross_site",
            "bad_multipart", "bad_json", "client_too_slow", "conflict", "too_large", "limit_exceeded",
            "unsupported_media_type", "invalid_request", "invalid_settings", "empty_file", "address_refused",
            "idempotency_key_reused", "busy", "storage_full", "unavailable",
        ),
    },
)  # fmt: skip
async def create_video(
    request: Request,
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(description="A repeat with the same key gives the same video")
    ] = None,
) -> VideoDocument:
    """A file as the multipart field `file` (up to 64 MiB; larger ones go through `/uploads`), or JSON with
    `url`.

    Answers once the file is stored, or the address written down: fetching is a part of the work that goes on
    behind the answer. A video whose file is not here yet is `queued`; `progress.fetch` tells how far it is.
    """
    context = context_of(request)
    owner = caller_of(request).owner
    key = client_key(idempotency_key, owner)
    await to_thread.run_sync(context.services.require_for_new_work)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        taken = await _import(request, context, key, owner)
    else:
        taken = await _upload(request, context, key, owner)
    response.headers["Location"] = f"{root_of(request)}/videos/{taken.video.id}"
    if taken.webhook is not None:
        response.headers.update(taken.webhook.headers)
    return video_document(taken.video, None)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A video and its webhook, made by this request or by the earlier one with the same idempotency key."""

    video: Video
    webhook: CheckedWebhook | None

    @classmethod
    def of(cls, context: Context, video: Video, webhook: CheckedWebhook | None, *, made: bool) -> _Taken:
        """`made`: whether this request made the video."""
        if webhook is not None and not made:
            secrets = context.services.jobs.webhooks.secrets_of([video.id])
            webhook = webhook.repeated(secrets.get(video.id))
        return cls(video, webhook)


async def _upload(request: Request, context: Context, key: str | None, owner: str | None) -> _Taken:
    """Stream the multipart body into the store, then register it."""
    max_bytes = context.services.settings.http.single_post_max_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes + FORM_OVERHEAD_BYTES:
        raise too_large_for_one_post(max_bytes)
    form = FormReader(request.headers.get("content-type"), patiently(request.stream()), max_bytes)
    find = presets_of(request)
    async with context.limits.posts.enter(client_id(request)):
        if not await form.find_file():
            raise _wrong_field("file", "The form has no field `file`. Send the video as `-F file=@film.mp4`.")
        if form.fields:
            # what came before the file is refused before the file is read
            await to_thread.run_sync(_options_of, form, find)

        def take() -> _Taken:
            # On one thread to the end: Serve cancels the request of a client that leaves, and a file that
            # was stored by then must become a video or be removed all the same.
            stored = context.intake.store(_pulled(form))
            with context.intake.removed_on_error(stored):
                from_thread.run(form.finish)
                wanted = _options_of(form, find)
                webhook = check_webhook_text(form.fields.get("webhook"), context.services.settings.webhooks)
            new = None if webhook is None else webhook.new
            video = context.intake.register(stored, wanted, key, owner, new)
            return _Taken.of(context, video, webhook, made=video.id == stored.video_id)

        return await to_thread.run_sync(take, limiter=context.limits.post_threads)


def _pulled(form: FormReader) -> Iterator[bytes]:
    """The file's blocks, for a worker thread; each is read from the client when the store takes it."""
    while block := from_thread.run(form.next_block):
        yield block


def _options_of(form: FormReader, find: FindPreset) -> VideoOptions:
    for name in form.fields.keys() - _FORM_FIELDS:
        known = ", ".join(sorted(_FORM_FIELDS))
        raise _wrong_field(name, f"There is no form field `{name}`; use file and {known}.")
    fields = form.fields
    chosen = [fields.get(name) for name in ("preset", "settings", "priority")]
    return video_options(find, form.filename, *chosen)


def _wrong_field(name: str, message: str) -> Problem:
    return Problem("invalid_request", message, errors=[FieldProblem(where=f"body.{name}", message=message)])


async def _import(request: Request, context: Context, key: str | None, owner: str | None) -> _Taken:
    """Insert the row of a video that a bridge will fetch."""
    asked = await read_json(request, ImportRequest)

    def take() -> _Taken:
        settings = context.services.settings
        find, lane = presets_of(request), lane_of(owner)
        checked = check_import(asked, settings, find, lane=lane, idempotency_key=key, owner=owner)
        video, made = context.services.jobs.imports.create(checked.new)
        return _Taken.of(context, video, checked.webhook, made=made)

    return await to_thread.run_sync(take)
