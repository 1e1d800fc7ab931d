"""Routes of resumable uploads: the protocol tus 1.0.0.

Its extensions are creation, creation-with-upload, termination, checksum and expiration. The routes
read and write headers; the bytes are stored by `serve_app.videos.uploads`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request, Response

from cluster.contract.protocol import IDEMPOTENCY_KEY
from cluster.stores.postgres.intake.uploads import Upload
from serve_app.access.callers import caller_of, client_id
from serve_app.access.visibility import UPLOAD_ID
from serve_app.context import Context, context_of, presets_of, root_of
from serve_app.videos.intake import client_key, empty_file, video_options
from serve_app.videos.webhooks import SECRET_DESCRIPTION, SECRET_HEADER, check_webhook_text
from serve_app.web import tus
from serve_app.web.concurrency import read_small, run_to_completion
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["uploads"])

UploadId = Annotated[str, Path(pattern=UPLOAD_ID, description="Last part of the upload's Location")]


def _speaks_tus(request: Request) -> None:
    request.state.headers_of_problems = tus.RESUMABLE
    tus.require_version(request.headers.get("tus-resumable"))


def _header(description: str, kind: str = "string", *, required: bool = False) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": kind}}


def _parameters(*headers: tuple[str, str, str, bool]) -> dict[str, Any]:
    return {
        "parameters": [
            {"name": name, "in": "header", **_header(description, kind, required=required)}
            for name, description, kind, required in headers
        ]
    }


_VERSION = ("Tus-Resumable", "Always 1.0.0", "string", True)
_CHECKSUM = ("Upload-Checksum", "`sha1` or `sha256`, a space, the digest in base64", "string", False)
_PART = {
    "content": {tus.PART_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    "description": "At most 8 MiB",
}
_STANDS = {
    "Tus-Resumable": {"schema": {"type": "string"}},
    "Upload-Offset": {"description": "Bytes stored so far", "schema": {"type": "integer"}},
    "Upload-Expires": {"description": "Until when it can be continued", "schema": {"type": "string"}},
    tus.VIDEO_ID_HEADER: {"description": "The video, once all bytes are here", "schema": {"type": "string"}},
}


@router.options("/uploads", status_code=204, response_class=Response, summary="What the upload server can do")
@router.options("/uploads/{upload_id}", status_code=204, response_class=Response, include_in_schema=False)
async def describe(request: Request) -> Response:
    """Version, extensions, checksum algorithms and the largest file."""
    limit = context_of(request).services.settings.limits.file_bytes
    return Response(
        status_code=204,
        headers={
            **tus.RESUMABLE,
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(limit),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
        },
    )


@router.post(
    "/uploads",
    status_code=201,
    response_class=Response,
    dependencies=[Depends(_speaks_tus)],
    summary="Begin an upload",
    openapi_extra={
        **_parameters(
            _VERSION,
            ("Upload-Length", "Bytes of the whole file", "integer", True),
            (
                "Upload-Metadata",
                "`filename`, `preset`, `priority`, `settings` and `webhook` (JSON), each in base64",
                "string",
                False,
            ),
            _CHECKSUM,
            (IDEMPOTENCY_KEY, "A repeat with the same key gives the same upload", "string", False),
        ),
        "requestBody": {**_PART, "description": "The first part, if it is sent along (at most 8 MiB)"},
    },
    responses={
        201: {
            "description": "Begun",
            "headers": {
                "Location": {"schema": {"type": "string"}},
                SECRET_HEADER: {"description": SECRET_DESCRIPTION, "schema": {"type": "string"}},
                **_STANDS,
            },
        },
        **declared(
            "cross_site",
            "bad_request", "bad_checksum_header", "client_too_slow", "tus_version", "too_large",
            "limit_exceeded", "unsupported_media_type", "invalid_request", "invalid_settings", "empty_file",
            "conflict", "idempotency_key_reused", "address_refused", "checksum_mismatch", "busy",
            "storage_full", "unavailable",
        ),
    },
)  # fmt: skip
async def begin_upload(request: Request) -> Response:
    """Send the parts to the address in `Location`; the settings of the video go along as metadata."""
    context = context_of(request)
    await to_thread.run_sync(context.services.require_for_new_work)
    if request.headers.get("upload-defer-length") is not None:
        raise Problem("bad_request", "Uploads of unknown length are not taken; send Upload-Length.")
    length = tus.whole_number("Upload-Length", request.headers.get("upload-length"))
    if length == 0:
        raise empty_file()
    header = request.headers.get("upload-metadata", "")
    metadata = tus.parse_metadata(header)
    chosen = [metadata.get(name) for name in ("filename", "preset", "settings", "priority")]
    wanted = await to_thread.run_sync(partial(video_options, presets_of(request), *chosen))
    webhook = check_webhook_text(metadata.get("webhook"), context.services.settings.webhooks)
    if webhook is not None:
        wanted = replace(wanted, webhook=webhook.new)
    owner = caller_of(request).owner
    key = client_key(request.headers.get(IDEMPOTENCY_KEY), owner)
    create = partial(context.uploads.create, length, wanted, header, owner, key)
    if request.headers.get("content-type") is None:
        upload = await to_thread.run_sync(create)
    else:
        async with context.limits.parts.enter(client_id(request)):
            part = await _part(request, context)
            upload = await to_thread.run_sync(create)
            if not upload.offset_bytes:  # otherwise it repeats a request whose part was stored
                upload = await _write(context, upload.id, 0, part)
            del part  # finishing takes long, and bodies are only bounded in here
        upload = await context.finishing(upload)
    location = f"{root_of(request)}/uploads/{upload.id}"
    headers = {"Location": location, **_headers(upload)}
    if webhook is not None and webhook.made_secret is not None:
        headers[SECRET_HEADER] = upload.metadata["webhook"]["secret"]  # of the first of several same requests
    return Response(status_code=201, headers=headers)


@router.head(
    "/uploads/{upload_id}",
    response_class=Response,
    dependencies=[Depends(_speaks_tus)],
    summary="How far an upload is",
    openapi_extra=_parameters(_VERSION),
    responses={
        200: {"description": "It can be continued at Upload-Offset", "headers": _STANDS},
        **declared("not_found", "tus_version", "invalid_request", "unavailable"),
    },
)
async def upload_state(request: Request, upload_id: UploadId) -> Response:
    """Where to continue. Also finishes an upload whose last part was stored and never answered."""
    context = context_of(request)
    upload = await context.finishing(await to_thread.run_sync(context.uploads.get, upload_id))
    return Response(
        headers={
            **_headers(upload),
            "Upload-Length": str(upload.length_bytes),
            "Upload-Metadata": upload.metadata["client"],
        }
    )


@router.patch(
    "/uploads/{upload_id}",
    status_code=204,
    response_class=Response,
    dependencies=[Depends(_speaks_tus)],
    summary="Send the next part",
    openapi_extra={
        **_parameters(
            _VERSION,
            ("Upload-Offset", "Where the part starts; must be where the upload ends", "integer", True),
            _CHECKSUM,
        ),
        "requestBody": {**_PART, "required": True},
    },
    responses={
        204: {"description": "Stored", "headers": _STANDS},
        **declared(
            "cross_site",
            "bad_request", "bad_checksum_header", "not_found", "client_too_slow", "upload_offset_mismatch",
            "tus_version", "too_large", "unsupported_media_type", "invalid_request", "upload_locked",
            "checksum_mismatch", "busy", "storage_full", "unavailable",
        ),
    },
)  # fmt: skip
async def append_part(request: Request, upload_id: UploadId) -> Response:
    """The answer to the last part has the id of the video; where that takes long, the one to a HEAD does."""
    context = context_of(request)
    offset = tus.whole_number("Upload-Offset", request.headers.get("upload-offset"))
    async with context.limits.parts.enter(client_id(request)):
        part = await _part(request, context)
        upload = await _write(context, upload_id, offset, part)
        del part  # finishing takes long, and bodies are only bounded in here
    return Response(status_code=204, headers=_headers(await context.finishing(upload)))


@router.delete(
    "/uploads/{upload_id}",
    status_code=204,
    response_class=Response,
    dependencies=[Depends(_speaks_tus)],
    summary="Give an upload up",
    openapi_extra=_parameters(_VERSION),
    responses=declared(
        "cross_site", "not_found", "tus_version", "invalid_request", "upload_locked", "unavailable"
    ),
)
async def give_up(request: Request, upload_id: UploadId) -> Response:
    """What has arrived is removed. A video that was made of it stays."""
    context = context_of(request)
    await to_thread.run_sync(context.uploads.delete, upload_id, limiter=context.limits.writers)
    return Response(status_code=204, headers=tus.RESUMABLE)


@router.post("/uploads/{upload_id}", include_in_schema=False, dependencies=[Depends(_speaks_tus)])
async def overridden(request: Request, upload_id: UploadId) -> Response:
    """For clients behind something that lets no PATCH or DELETE pass (tus: X-HTTP-Method-Override)."""
    method = request.headers.get(tus.METHOD_OVERRIDE, "").upper()
    if method == "PATCH":
        return await append_part(request, upload_id)
    if method == "DELETE":
        return await give_up(request, upload_id)
    raise Problem(
        "method_not_allowed",
        f"POST here needs the header {tus.METHOD_OVERRIDE}: PATCH or DELETE.",
        headers={"Allow": "HEAD, PATCH, DELETE, OPTIONS"},
    )


async def _part(request: Request, context: Context) -> bytes:
    """The body of a part. Its type, size and checksum are checked."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != tus.PART_TYPE:
        raise Problem("unsupported_media_type", f"Send parts as {tus.PART_TYPE}.")
    max_bytes = context.services.settings.http.upload_part_max_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise Problem(
            "too_large", f"A part has at most {max_bytes} bytes; set the client's chunk size to that."
        )
    part = bytes(await read_small(request.stream(), max_bytes, "A part"))
    await to_thread.run_sync(tus.check_checksum, request.headers.get("upload-checksum"), part)
    return part


async def _write(context: Context, upload_id: str, offset: int, part: bytes) -> Upload:
    async def stored() -> Upload:
        upload = await to_thread.run_sync(
            context.uploads.write, upload_id, offset, part, limiter=context.limits.writers
        )
        context.finishing.begin(upload)  # also if its client has gone
        return upload

    return await run_to_completion(stored())


def _headers(upload: Upload) -> dict[str, str]:
    headers = {
        **tus.RESUMABLE,
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Expires": tus.expires(upload.expires_at),
    }
    if upload.video_id is not None:
        headers[tus.VIDEO_ID_HEADER] = upload.video_id
    return headers
