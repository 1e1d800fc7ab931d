"""Wake-up notification: the message on RabbitMQ, which says only that a video may have changed.

All state is in PostgreSQL, so a doorbell may be lost, repeated or late without harm. The format is small,
validated JSON with a version, and not pickle or the like, whose decoding can run code. Knows no broker.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

MAX_DOORBELL_BYTES = 1024  # a doorbell takes about 60; a larger message is none
_VERSION = 1
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{8,128}")


@dataclass(frozen=True, slots=True)
class Doorbell:
    """Wake-up notification for one video. ValueError when `video_id` is not in the form of an id."""

    video_id: str

    def __post_init__(self) -> None:
        if not isinstance(self.video_id, str) or not _VIDEO_ID.fullmatch(self.video_id):
            raise ValueError("a doorbell's video_id is 8 to 128 letters, digits, '-' or '_'")

    def encode(self) -> bytes:
        """Encodes it as UTF-8 JSON: {"v":1,"video_id":…}."""
        return json.dumps({"v": _VERSION, "video_id": self.video_id}, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> Doorbell:
        """Decodes the body of a message; ValueError names what is wrong with it."""
        if len(body) > MAX_DOORBELL_BYTES:
            raise ValueError(f"{len(body)} bytes, a doorbell has at most {MAX_DOORBELL_BYTES}")
        try:
            document = json.loads(body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(document, dict) or document.get("v") != _VERSION:
            raise ValueError(f"not a JSON object of version {_VERSION}")
        return cls(video_id=document.get("video_id", ""))
