"""POST /videos: one small file as multipart, or a URL to import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from anyio import from_thread, to_thread
from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError

from cluster.stores.video import Video
from serve_app.context import Context, context_of, root_of
from serve_app.forms import FORM_OVERHEAD_BYTES, FormReader, too_large_for_one_post
from serve_app.gate import patiently, read_small
from serve_app.importer import open_url
from serve_app.intake import StoredFile, Wish, client_key, wish
from serve_app.present import video_document
from serve_app.problems import FieldProblem, Problem, declared
from serve_app.schemas import ImportRequest, UploadForm, VideoDocument

router = APIRouter(tags=["videos"])

MAX_JSON_BYTES = 64 << 10
_FORM_FIELDS = frozenset({"preset", "settings"})
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": UploadForm.model_json_schema()},
        "application/json": {"schema": ImportRequest.model_json_schema()},
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
            "description": "Stored and queued",
            "headers": {"Location": {"description": "The video's address", "schema": {"type": "string"}}},
        },
        **declared(
            "cross_site",
            "bad_multipart", "bad_json", "client_too_slow", "conflict", "too_large", "limit_exceeded",
            "unsupported_media_type", "invalid_request", "invalid_settings", "empty_file", "address_refused",
            "import_failed", "busy", "storage_full", "unavailable",
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

    Answers once the file is stored; the work goes on behind the answer.
    """
    context = context_of(request)
    key = client_key(idempotency_key)
    await to_thread.run_sync(
        context.services.jobs.ping
    )  # an upload nobody can record is refused before it comes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        video = await _import(request, context, key)
    else:
        video = await _upload(request, context, key)
    response.headers["Location"] = f"{root_of(request)}/videos/{video.id}"
    return video_document(video, None)


async def _upload(request: Request, context: Context, key: str | None) -> Video:
    """Stream the multipart body into the store, then register it."""
    max_bytes = context.services.settings.http.single_post_max_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes + FORM_OVERHEAD_BYTES:
        raise too_large_for_one_post(max_bytes)
    form = FormReader(request.headers.get("content-type"), patiently(request.stream()), max_bytes)
    async with context.gates.posts.enter():
        if not await form.find_file():
            raise _wrong_field("file", "The form has no field `file`. Send the video as `-F file=@film.mp4`.")
        if form.fields:
            _wish_of(form)  # what came before the file is refused before the file is read
        stored = await to_thread.run_sync(
            context.intake.store, _pulled(form), limiter=context.gates.post_threads
        )
        try:
            await form.finish()
            wanted = await to_thread.run_sync(_wish_of, form)
        except BaseException:
            context.intake.discard(stored.video_id)
            raise
    return await to_thread.run_sync(context.intake.register, stored, wanted, key)


def _pulled(form: FormReader) -> Iterator[bytes]:
    """The file's blocks for a thread: each is read from the client when the store asks for it."""
    while block := from_thread.run(form.next_block):
        yield block


def _wish_of(form: FormReader) -> Wish:
    for name in form.fields.keys() - _FORM_FIELDS:
        raise _wrong_field(name, f"There is no form field `{name}`; use file, preset and settings.")
    return wish(form.filename, form.fields.get("preset"), form.fields.get("settings"))


def _wrong_field(name: str, message: str) -> Problem:
    return Problem("invalid_request", message, errors=[FieldProblem(where=f"body.{name}", message=message)])


async def _import(request: Request, context: Context, key: str | None) -> Video:
    """Fetch the file a URL names into the store, then register it."""
    body = await read_small(request.stream(), MAX_JSON_BYTES, "The JSON body")
    try:
        asked = ImportRequest.model_validate_json(bytes(body))
    except ValidationError as error:
        raise _json_problem(error) from error
    wish(None, asked.preset, asked.settings)  # refused before anything is fetched

    def fetch() -> tuple[StoredFile, Wish]:
        limit = context.services.settings.limits.file_bytes
        with open_url(asked.url, limit, context.services.import_policy) as source:
            return context.intake.store(source.blocks), wish(source.filename, asked.preset, asked.settings)

    async with context.gates.imports.enter():
        stored, wanted = await to_thread.run_sync(fetch, limiter=context.gates.import_threads)
    return await to_thread.run_sync(context.intake.register, stored, wanted, key)


def _json_problem(error: ValidationError) -> Problem:
    wrong = [
        FieldProblem(where=".".join(["body", *(str(part) for part in item["loc"])]), message=item["msg"])
        for item in error.errors(include_url=False)
    ]
    detail = "; ".join(f"{item.where}: {item.message}" for item in wrong)
    if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
        return Problem("bad_json", f'Send JSON such as {{"url": "https://…"}}. {detail}')
    return Problem("invalid_request", detail, errors=wrong)
