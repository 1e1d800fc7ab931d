"""Routes of API keys (for administrators), of the page's session, and of signed links that need no key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request, Response

from cluster.contract.access import KeyDocument, KeyList, Links, MadeKey, NewKey, SessionDocument
from cluster.contract.problems import FieldProblem
from cluster.stores.documents import key_document
from cluster.stores.postgres.api_keys import id_named, told_of
from serve_app.access.acts import audited
from serve_app.access.auth import SESSION_COOKIE
from serve_app.access.callers import caller_of, require_key
from serve_app.access.rate_limits import came_by_tls
from serve_app.context import VideoId, context_of
from serve_app.routes.answering.idempotency import IdempotencyKey, once
from serve_app.routes.answering.links import signed_link
from serve_app.web.json_body import read_json
from serve_app.web.problems import Problem, declared

router = APIRouter(tags=["access"])


@router.post("/session", summary="Sign a browser in", responses=declared("cross_site", "unavailable"))
def open_session(request: Request, response: Response) -> SessionDocument:
    """Send the key as for any other call; the answer's cookie stands for it until it ends or is revoked.

    For pages, whose `EventSource`, `<video>` and `<img>` send no headers of their own.
    """
    caller, authenticator = caller_of(request), context_of(request).authenticator
    if caller.key is not None:
        settings = context_of(request).services.settings.access
        valid_s = settings.session_s
        if caller.key.expires_at is not None:
            valid_s = min(valid_s, (caller.key.expires_at - datetime.now(UTC)).total_seconds())
        response.set_cookie(
            SESSION_COOKIE,
            authenticator.signer.session(caller.key.id, valid_s),
            max_age=max(int(valid_s), 1),
            # Without a path it counts below the address of the request, also where a proxy adds a prefix.
            path=None,
            secure=came_by_tls(request.scope, request.headers, settings.trusted_proxies),
            httponly=True,
            samesite="strict",
        )
    return _session(request)


@router.get("/session", summary="How this client is let in", responses=declared("unavailable"))
async def get_session(request: Request) -> SessionDocument:
    """The key that counts, without what opens anything."""
    return _session(request)


@router.delete(
    "/session",
    status_code=204,
    response_class=Response,
    summary="Sign a browser out",
    responses=declared("cross_site"),
)
async def close_session(request: Request) -> Response:
    """Has the browser forget the cookie. Revoking the key ends it everywhere."""
    response = Response(status_code=204)
    response.set_cookie(SESSION_COOKIE, max_age=0, expires=0, path=None, httponly=True, samesite="strict")
    return response


@router.get("/keys", summary="List API keys", responses=declared("forbidden", "unavailable"))
def list_keys(request: Request) -> KeyList:
    """Revoked and expired ones, too. Like all of `/keys` for keys with the scope `admin`."""
    require_key(request)
    return KeyList(items=[key_document(key) for key in context_of(request).services.jobs.api_keys.all()])


@router.post(
    "/keys",
    status_code=201,
    summary="Make an API key",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NewKey.model_json_schema()}},
        }
    },
    responses=declared(
        "cross_site", "bad_request", "bad_json", "unsupported_media_type", "forbidden", "client_too_slow",
        "conflict", "too_large", "invalid_request", "idempotency_key_reused", "unavailable",
    ),
)  # fmt: skip
async def create_key(request: Request, idempotency_key: IdempotencyKey = None) -> MadeKey:
    """The token is told once, and again to a repeat of the request; only its SHA-256 is kept."""
    require_key(request)
    asked = await read_json(request, NewKey)
    jobs = context_of(request).services.jobs

    def make() -> MadeKey:
        with audited(request, jobs) as tell:
            key, token = jobs.api_keys.create(asked.name, asked.owner, asked.scopes, asked.expires_in_s)
            tell("key_created", key.shown, **told_of(key))
        return MadeKey(key=key_document(key), token=token)

    return await to_thread.run_sync(once, request, idempotency_key, asked, MadeKey, make)


@router.delete(
    "/keys/{key_id}",
    summary="Revoke an API key",
    responses=declared("cross_site", "forbidden", "not_found", "invalid_request", "unavailable"),
)
def revoke_key(
    request: Request, key_id: Annotated[str, Path(pattern="^sk_[0-9a-f]{12}$", description="Its `id`")]
) -> KeyDocument:
    """It ends within seconds, with the sessions that it opened; links that are out end by themselves."""
    require_key(request)
    jobs = context_of(request).services.jobs
    with audited(request, jobs) as tell:
        key = jobs.api_keys.revoke(id_named(key_id))
        tell("key_revoked", key.shown, **told_of(key))
    return key_document(key)


@router.get(
    "/videos/{video_id}/links",
    tags=["results"],
    summary="Addresses that need no key for a while",
    responses=declared("not_found", "invalid_request", "unavailable"),
)
def get_links(
    request: Request,
    video_id: VideoId,
    valid_s: Annotated[
        float | None, Query(ge=1, le=1e9, allow_inf_nan=False, description="At least so long; at most twice")
    ] = None,
) -> Links:
    """The file, for a player. Segments name their images in the same way."""
    services = context_of(request).services
    services.jobs.owner_of(video_id)
    longest_s = services.settings.access.link_max_s
    if valid_s is not None and valid_s > longest_s:
        message = f"Links are valid for at most {longest_s:g} s."
        raise Problem(
            "invalid_request", message, errors=[FieldProblem(where="query.valid_s", message=message)]
        )
    media, expires = signed_link(
        request, video_id, f"/videos/{video_id}/media", valid_s or services.settings.access.link_s
    )
    return Links(media=media, expires_at=datetime.fromtimestamp(expires, UTC))


def _session(request: Request) -> SessionDocument:
    caller = caller_of(request)
    assert caller.way != "link"  # opens media and images only
    return SessionDocument(way=caller.way, key=None if caller.key is None else key_document(caller.key))
