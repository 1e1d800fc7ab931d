"""Presets and imports of the fake API: an address of `refused` is refused, others become videos that wait.

Fetches nothing: a test says how far a file is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request

from serve_app.videos.presets import packaged_documents
from tests.support.api.shapes import Json

if TYPE_CHECKING:
    from tests.support.api.fake import FakeApi
    from tests.support.api.video import FakeVideo


class Fetched:
    """Videos by their addresses. `items`: as they came, of all batches. `refused`: sentence by address."""

    def __init__(self, api: FakeApi) -> None:
        self._api = api
        self.items: list[Json] = []
        self.refused: dict[str, str] = {}
        self.videos: dict[str, FakeVideo] = {}
        """By address."""

    def add_routes(self, app: FastAPI) -> None:
        """Add the routes of presets and of batches."""
        app.add_api_route("/presets", lambda: {"items": packaged_documents()})
        app.add_api_route("/videos:batch", self._create, methods=["POST"])

    def tell(self, address: str, bytes_: int, total: int | None) -> None:
        """So many bytes of the file are here."""
        progress = self.videos[address].document["progress"]
        progress["fetch"] = {"bytes": bytes_, "bytes_total": total}

    def arrived(self, address: str) -> None:
        """The file is here."""
        del self.videos[address].document["progress"]["fetch"]

    async def _create(self, request: Request) -> Json:
        asked = (await request.json())["items"]
        self.items += asked
        return {"items": [self._outcome(item) for item in asked]}

    def _outcome(self, item: Json) -> dict[str, Any]:
        url = item["url"]
        if url in self.refused:
            problem = {
                "code": "address_refused",
                "title": "Refused",
                "detail": self.refused[url],
                "status": 422,
            }
            return {"status": 422, "video": None, "problem": problem, "webhook_secret": None}
        name = url.rsplit("/", 1)[-1]
        video = self._api.add(name, settings={"preset": item.get("preset", "default")})
        self.videos[url] = video
        self.tell(url, 0, None)
        return {"status": 202, "video": video.document, "problem": None, "webhook_secret": None}
