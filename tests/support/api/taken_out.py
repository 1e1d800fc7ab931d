"""Clips and exports of the fake API: it keeps orders as they came, and an export is the text of its request.

Cuts nothing.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from tests.support.api.shapes import Json
from tests.support.api.switch import problem

ORDERED_AT = "2026-01-05T10:00:00Z"


class TakenOut:
    """Orders of clips, and exports. `orders` and `revisions`: the bodies of the requests, and the results
    whose segments they number, in the order in which they came."""

    def __init__(self) -> None:
        self.orders: list[Json] = []
        self.revisions: list[str | None] = []
        self.refuses = ""
        """The sentence by which exports are refused; empty: they are not."""

    def add_routes(self, app: FastAPI) -> None:
        """Add the routes of clips and of exports."""
        app.add_api_route("/videos/{video_id}/clips", self._order, methods=["POST"], status_code=202)
        app.add_api_route("/videos/{video_id}/clips", self._list)
        app.add_api_route("/videos/{video_id}/export", self._export)

    async def _order(self, video_id: str, request: Request) -> Json:
        self.orders.append(await request.json())
        self.revisions.append(request.query_params.get("revision"))
        return self._documents(video_id)[0]

    def _list(self, video_id: str) -> Json:
        return {"items": self._documents(video_id), "next_cursor": None}

    def _documents(self, video_id: str) -> list[Json]:
        return [_document(video_id, number, body) for number, body in enumerate(self.orders)][::-1]

    def _export(self, request: Request) -> Response:
        if self.refuses:
            return problem(412, "revision_moved_on", self.refuses)
        asked = "\n".join(f"{name}={value}" for name, value in request.query_params.items())
        return PlainTextResponse(asked, headers={"Content-Disposition": 'attachment; filename="asked.txt"'})


def _document(video_id: str, number: int, body: Json) -> Json:
    """An order that is done."""
    total = len(body["select"].get("indices") or [0])
    progress: dict[str, Any] = {"fraction": 1.0, "done": total, "failed": 0, "total": total}
    return {
        "id": f"{number:032x}",
        "video_id": video_id,
        "state": "done",
        "level": body["level"],
        "mode": body["mode"],
        "settings": {},
        "revision": 1,
        "progress": progress,
        "error": None,
        "attempt": 1,
        "created_at": ORDERED_AT,
        "started_at": ORDERED_AT,
        "finished_at": ORDERED_AT,
        "archive": f"/api/v1/videos/{video_id}/clips/{number:032x}/archive",
    }
