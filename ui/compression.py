"""Answers that are compressed where the client accepts it, and not sent again where the client has them.

Compressed once, when the answer is made. Gradio compresses its own files itself. Knows no file and no route.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

_ACCEPTS_GZIP = re.compile(
    r"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)", re.IGNORECASE
)
"""An Accept-Encoding that names gzip, and not with the weight 0 (RFC 9110, 12.5.3)."""
_TAG_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """One text in both encodings. `tag` names the content without its encoding."""

    plain: bytes
    gzipped: bytes
    media_type: str
    tag: str

    def to(self, scope: Scope) -> Response:
        """The response to a GET or HEAD: 304 without a body where the client names the tag as its own."""
        asked = Headers(scope=scope)
        accepts = _ACCEPTS_GZIP.search(asked.get("accept-encoding", "")) is not None
        # One tag for each encoding: they are different bytes (RFC 9110, 8.8.3.3).
        tag = f'"{self.tag}-gzip"' if accepts else f'"{self.tag}"'
        headers = {"ETag": tag, "Vary": "Accept-Encoding"}
        known = [name.strip().removeprefix("W/") for name in asked.get("if-none-match", "").split(",")]
        if tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if accepts:
            headers["Content-Encoding"] = "gzip"
        return Response(self.gzipped if accepts else self.plain, headers=headers, media_type=self.media_type)


def answer(content: bytes, media_type: str) -> Answer:
    """Compress a text. The same content always gives the same bytes."""
    tag = hashlib.sha256(content).hexdigest()[:_TAG_LENGTH]
    return Answer(content, gzip.compress(content, mtime=0), media_type, tag)
