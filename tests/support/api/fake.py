"""The HTTP contract as the page needs it, in memory, for states that a real stack reaches only by luck.

A real server answers (uvicorn, see `tests.support.browser`), so uploads, ranges and event streams are the
browser's own. Analysis is not done: a test says how far it is.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from tests.support.api import correcting
from tests.support.api.fetched import Fetched
from tests.support.api.installation import installation
from tests.support.api.shapes import Json, surer, words
from tests.support.api.switch import Switch, problem
from tests.support.api.taken_out import TakenOut
from tests.support.api.video import FakeVideo

CREATED_AT = "2026-01-05T10:00:00Z"
EVENT_POLL_S = 0.05
HOLD_POLL_S = 0.02
STILL = "0.webp"
SESSION = "scenestream_session"


class FakeApi:
    """Videos and uploads in memory, and the application that serves them."""

    def __init__(self, media: Path, pictures: Path | None = None) -> None:
        self.media = media
        self.pictures = pictures
        self.videos: dict[str, FakeVideo] = {}
        self.uploads: dict[str, Json] = {}
        self.requests: list[str] = []
        self.away = False
        self.key: str | None = None
        """The one key that opens everything; None: none is needed."""
        self.scopes = ["read", "write"]
        """What that key allows."""
        self.write_only = False
        """Whether the caller's key lets it hand in videos, but not read them."""
        self.events_work = True
        self.break_next_part = False
        self.refuse_uploads: str | None = None
        self.holds_parts = False
        """While it does, parts that have come are on their way: neither stored nor answered."""
        self.moments: list[Json] = []
        """What search finds: those whose snippet has the first word that is asked for, and by meaning any."""
        self.search_problem: tuple[int, str] | None = None
        """Status and sentence of the next answer of search."""
        self.cluster: Json = installation()
        """The answer of `/cluster`."""
        self.looks_until_made = 0
        """How often an upload that is complete has to be asked for before it is a video."""
        self.taken_out = TakenOut()
        self.fetched = Fetched(self)
        self.app: ASGIApp = Switch(self, self._routes())

    def add(
        self, filename: str, state: str = "queued", *, file: Path | None = None, **more: Any
    ) -> FakeVideo:
        """A new video; the newest is the first of the list."""
        document: Json = {
            "id": secrets.token_hex(16),
            "state": state,
            "filename": filename,
            "bytes": (file or self.media).stat().st_size,
            "sha256": None,
            "media": None,
            "warnings": [],
            "progress": {"fraction": 0.0, "chunks_done": 0, "chunks_total": None, "eta_s": None},
            "settings": {"preset": "default"},
            "priority": "interactive",
            "revision": 0,
            "attempt": 1,
            "error": None,
            "proxy": None,
            "created_at": CREATED_AT,
            "started_at": None,
            "finished_at": None,
        }
        video = FakeVideo(document | more, file or self.media)
        self.videos[document["id"]] = video
        return video

    def change(self, video: FakeVideo, **values: Any) -> None:
        """Change the document and tell it to those who listen."""
        video.document.update(values)
        video.tell("state", dict(video.document))

    def progress(self, video: FakeVideo, done: int, total: int, found: int) -> None:
        """So many chunks of all are stored, and so many shots found."""
        progress = {"fraction": done / total, "chunks_done": done, "chunks_total": total, "eta_s": 8.0}
        video.found = found
        video.document.update(state="running", progress=progress)
        video.tell("progress", progress)
        video.tell("segments", {"chunk": done - 1})

    def finish(self, video: FakeVideo) -> None:
        """All is there."""
        progress = {"fraction": 1.0, "chunks_done": 4, "chunks_total": 4, "eta_s": None}
        self.change(video, state="done", revision=1, progress=progress)
        video.tell("done", dict(video.document))

    # ------------------------------------------------------------------ routes

    def _routes(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_api_route("/readyz", lambda: {"ready": True, "servers": []})
        app.add_api_route("/session", self._session, methods=["GET", "POST"])
        app.add_api_route("/session", self._sign_out, methods=["DELETE"])
        app.add_api_route("/cluster", lambda: self.cluster)
        app.add_api_route("/videos", self._list)
        app.add_api_route("/search", self._search)
        app.add_api_route("/videos/{video_id}", self._video)
        app.add_api_route("/videos/{video_id}", self._delete, methods=["DELETE"])
        app.add_api_route("/videos/{video_id}/cancel", self._cancel, methods=["POST"])
        app.add_api_route("/videos/{video_id}/retry", self._retry, methods=["POST"])
        app.add_api_route("/videos/{video_id}/resegment", self._resegment, methods=["POST"])
        app.add_api_route("/videos/{video_id}/segments", self._segments)
        app.add_api_route("/videos/{video_id}/frames", self._frames)
        correcting.add_routes(app, self)
        app.add_api_route("/videos/{video_id}/signals", self._signals)
        app.add_api_route("/videos/{video_id}/transcript", self._transcript)
        app.add_api_route("/videos/{video_id}/transcript/retry", self._retry_transcript, methods=["POST"])
        app.add_api_route("/videos/{video_id}/events", self._events)
        app.add_api_route("/videos/{video_id}/media", self._media)
        app.add_api_route("/videos/{video_id}/still.webp", self._still)
        app.add_api_route("/videos/{video_id}/proxy", self._proxy)
        app.add_api_route("/videos/{video_id}/proxy", self._make_proxy, methods=["POST"])
        app.add_api_route("/videos/{video_id}/thumbnails/{name}", self._thumbnail)
        app.add_api_route("/uploads", self._create_upload, methods=["POST"])
        app.add_api_route("/uploads/{upload_id}", self._head_upload, methods=["HEAD"])
        app.add_api_route("/uploads/{upload_id}", self._patch_upload, methods=["PATCH"])
        app.add_api_route("/uploads/{upload_id}", self._delete_upload, methods=["DELETE"])
        self.taken_out.add_routes(app)
        self.fetched.add_routes(app)
        return app

    def _session(self, request: Request) -> Response:
        if self.key is None:
            return JSONResponse({"way": "open", "key": None})
        if request.method == "POST" and request.headers.get("authorization") != f"Bearer {self.key}":
            return problem(401, "unauthorized", "This key is not known here.")
        key = {"name": "the cutting room", "owner": "anna", "scopes": self.scopes}
        answer = JSONResponse({"way": "session", "key": key})
        answer.set_cookie(SESSION, "signed in", httponly=True, samesite="strict")
        return answer

    def _sign_out(self) -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION)
        return answer

    def lets_in(self, method: str, path: str, cookies: str) -> bool:
        """Whether a request needs no key, or comes from a browser that is signed in."""
        if self.key is None or path.endswith("/readyz") or (path.endswith("/session") and method != "GET"):
            return True
        return SESSION in cookies

    def _list(
        self,
        q: str = "",
        state: str = "",
        order: str = "newest",
        offset: int = 0,
        around: str = "",
        limit: int = 30,
    ) -> Any:
        if self.write_only:
            return problem(403, "forbidden", "This needs a key with the scope `read`.")
        if len(q) > 200:
            return problem(422, "invalid_request", "query.q: String should have at most 200 characters.")
        found = [
            video.document
            for video in (self.videos.values() if order == "oldest" else reversed(self.videos.values()))
            if q.lower() in video.document["filename"].lower() and state in ("", video.document["state"])
        ]
        if order == "name":
            found.sort(key=lambda document: str(document["filename"]).lower())
        places = [place for place, document in enumerate(found) if document["id"] == around]
        first = max(0, min(places[0] - limit // 2 if places else offset, len(found) - limit))
        page = found[first : first + limit]
        return {"items": page, "next_cursor": None, "offset": first, "total": len(found)}

    def _search(self, q: str, limit: int = 20, cursor: str = "0") -> Any:
        if self.search_problem is not None:
            (status, message), self.search_problem = self.search_problem, None
            return problem(status, "invalid_request" if status < 500 else "unavailable", message)
        word = q.split()[0].lower()
        found = [
            moment
            for moment in self.moments
            if word in moment["snippet"].lower() or moment["ways"] == ["meaning"]
        ]
        start = int(cursor)
        rest = start + limit < len(found)
        by_meaning = any("meaning" in moment["ways"] for moment in self.moments)
        return {
            "items": found[start : start + limit],
            "next_cursor": str(start + limit) if rest else None,
            "ways": ["words", "meaning"] if by_meaning else ["words"],
        }

    def _video(self, video_id: str) -> Any:
        if self.write_only:
            return problem(403, "forbidden", "This needs a key with the scope `read`.")
        video = self.videos.get(video_id)
        return video.document if video else problem(404, "not_found", f"There is no video {video_id}.")

    def _delete(self, video_id: str) -> Response:
        self.videos.pop(video_id, None)
        return Response(status_code=204)

    def _cancel(self, video_id: str) -> Json:
        self.change(self.videos[video_id], state="cancelled")
        return self.videos[video_id].document

    def _retry(self, video_id: str) -> Json:
        self.change(self.videos[video_id], state="queued", error=None)
        return self.videos[video_id].document

    async def _resegment(self, video_id: str, request: Request) -> Any:
        """Shots are those that are as certain as their sensitivity asks. Above the middle of that of scenes
        every shot is a scene of its own; below, the scenes are those there were, or the first so many as are
        wanted. Of a part there is what lies wholly in it."""
        video, asked = self.videos[video_id], await request.json()
        settings = {"scene_sensitivity": 0.5, **asked["settings"], "preset": asked["preset"]}
        found = dict(video.segments)
        if "shot_sensitivity" in settings:
            found["shot"] = surer(found["shot"], 1 - settings["shot_sensitivity"])
        if settings["scene_sensitivity"] > 0.5:
            found["scene"] = [shot | {"level": "scene"} for shot in found["shot"]]
        found["scene"] = found["scene"][: settings.get("scenes")]
        from_s, to_s = settings.get("from_s") or 0.0, settings.get("to_s") or float("inf")
        if from_s >= to_s:
            return problem(422, "invalid_settings", f"to_s must lie after from_s ({from_s}), not at {to_s}.")
        found = {
            level: [one for one in segments if from_s <= one["start_s"] and one["end_s"] <= to_s]
            for level, segments in found.items()
        }
        if asked.get("dry_run"):
            levels = {level: len(segments) for level, segments in found.items()}
            return {"settings": settings, "counts": levels, "segments": [*itertools.chain(*found.values())]}
        video.segments = found
        self.change(video, state="queued", settings=settings)
        return video.document

    def _segments(self, video_id: str, level: str, limit: int = 500, cursor: str = "0") -> Json:
        video = self.videos[video_id]
        final = video.document["state"] == "done"
        items = video.segments.get(level, [])
        if not final:
            items = items[: video.found] if level == "shot" else []
        start = int(cursor)
        rest = start + limit < len(items)
        return {
            "items": items[start : start + limit],
            "next_cursor": str(start + limit) if rest else None,
            "state": "final" if final else "provisional",
            "revision": video.document["revision"],
        }

    def _frames(self, video_id: str) -> Any:
        frames = self.videos[video_id].frames
        return frames or problem(409, "conflict", "What was measured is not stored any more.")

    def _signals(self, video_id: str) -> Any:
        signals = self.videos[video_id].signals
        return signals or problem(404, "not_ready", "There are no curves yet.")

    def _transcript(self, video_id: str) -> Json:
        return self.videos[video_id].words or words("none")

    def _retry_transcript(self, video_id: str) -> Json:
        self.videos[video_id].words = words("queued")
        return words("queued")

    def _events(self, video_id: str, request: Request) -> Response:
        if not self.events_work:
            return problem(503, "unavailable", "There are no events at the moment.")
        video = self.videos.get(video_id)
        if video is None:
            return problem(404, "not_found", f"There is no video {video_id}.")

        async def stream() -> AsyncIterator[str]:
            sent = int(request.headers.get("last-event-id", len(video.events)))
            yield ": hello\n\n"
            while video_id in self.videos and not self.away and not await request.is_disconnected():
                for type_, data in video.events[sent:]:
                    sent += 1
                    yield f"id: {sent}\nevent: {type_}\ndata: {json.dumps(data)}\n\n"
                await asyncio.sleep(EVENT_POLL_S)
            if video_id not in self.videos:
                yield f"id: {sent + 1}\nevent: deleted\ndata: {json.dumps({'id': video_id})}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    def _media(self, video_id: str) -> FileResponse:
        return FileResponse(self.videos[video_id].file, media_type="application/octet-stream")

    def _still(self, video_id: str) -> Response:
        return self._thumbnail(video_id, STILL)

    def _proxy(self, video_id: str) -> Response:
        proxy = self.videos[video_id].proxy
        if proxy is None:
            return problem(409, "not_ready", "There is none yet.")
        return FileResponse(proxy, media_type="video/mp4")

    def _make_proxy(self, video_id: str) -> Json:
        video = self.videos[video_id]
        if (video.document["proxy"] or {}).get("state") in (None, "failed"):
            video.document["proxy"] = {"state": "queued", "fraction": 0.0, "bytes": None, "error": None}
        return video.document

    def _thumbnail(self, video_id: str, name: str) -> Response:
        if self.pictures is None or not (self.pictures / name).is_file():
            return problem(404, "not_found", "There is no such picture.")
        return FileResponse(self.pictures / name)

    # ----------------------------------------------------------------- uploads

    def _create_upload(self, request: Request) -> Response:
        if self.refuse_uploads:
            return problem(413, "limit_exceeded", self.refuse_uploads)
        described = dict(pair.split(" ") for pair in request.headers["upload-metadata"].split(","))
        metadata = {key: base64.b64decode(value).decode() for key, value in described.items()}
        upload_id = secrets.token_hex(8)
        self.uploads[upload_id] = {
            "length": int(request.headers["upload-length"]),
            "metadata": metadata,
            "data": b"",
            "video_id": None,
        }
        return Response(status_code=201, headers={"Location": f"/api/v1/uploads/{upload_id}"})

    def _head_upload(self, upload_id: str) -> Response:
        if upload_id not in self.uploads:
            return problem(404, "not_found", "There is no such upload.")
        self.looks_until_made -= 1
        self._make_video(self.uploads[upload_id])
        return Response(headers=self._upload_headers(upload_id))

    async def _patch_upload(self, upload_id: str, request: Request) -> Response:
        if upload_id not in self.uploads:
            return problem(404, "not_found", "There is no such upload.")
        upload = self.uploads[upload_id]
        body = await request.body()
        while self.holds_parts and upload_id in self.uploads:
            await asyncio.sleep(HOLD_POLL_S)
        if int(request.headers["upload-offset"]) != len(upload["data"]):
            return problem(409, "upload_offset_mismatch", "The part does not start where the upload ends.")
        if self.break_next_part:
            self.break_next_part = False
            upload["data"] += body[: len(body) // 2]
            return problem(503, "unavailable", "Storing was interrupted.")
        upload["data"] += body
        self._make_video(upload)
        return Response(status_code=204, headers=self._upload_headers(upload_id))

    def _make_video(self, upload: Json) -> None:
        whole = len(upload["data"]) == upload["length"]
        if whole and not upload["video_id"] and self.looks_until_made <= 0:
            name = upload["metadata"]["filename"]
            preset = upload["metadata"].get("preset", "default")
            upload["video_id"] = self.add(name, settings={"preset": preset}).document["id"]

    def _delete_upload(self, upload_id: str) -> Response:
        self.uploads.pop(upload_id, None)
        return Response(status_code=204)

    def _upload_headers(self, upload_id: str) -> dict[str, str]:
        upload = self.uploads[upload_id]
        headers = {"Upload-Offset": str(len(upload["data"])), "Upload-Length": str(upload["length"])}
        return headers | ({"Scenestream-Video-Id": upload["video_id"]} if upload["video_id"] else {})
