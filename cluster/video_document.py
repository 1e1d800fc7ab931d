"""The contract's Video as plain values, from a row of `videos`, for who tells others of it without the API.

`cluster.stores.documents` adds what only the API knows: live progress.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MEDIA_KEYS = (
    "duration_s", "width", "height", "fps", "frames", "variable_frame_rate", "rotation", "video_codec",
    "audio_codec", "start_s",
)  # fmt: skip
_SAME = (
    "id", "state", "filename", "bytes", "sha256", "settings", "priority", "revision", "attempt",
)  # fmt: skip
_TIMES = ("created_at", "started_at", "finished_at")


def ended_video(row: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a video that is done, failed or cancelled. `row` is PostgreSQL's JSON of it."""
    media, code, total = row["media"], row["error_code"], row["chunks_total"]
    done = row["state"] == "done"
    fraction = 1.0 if done else round(min(row["chunks_done"] / total, 0.999), 4) if total else 0.0
    return {
        **{name: row[name] for name in _SAME},
        **{name: _as_shown(row[name]) for name in _TIMES},
        "media": None if media is None else {name: media[name] for name in MEDIA_KEYS if name in media},
        "progress": {
            "fraction": fraction,
            "chunks_done": row["chunks_done"],
            "chunks_total": total,
            "eta_s": None,
        },
        "error": None if code is None else {"code": code, "message": row["error_message"] or ""},
    }


def _as_shown(time: str | None) -> str | None:
    """As the API writes times, in UTC."""
    if time is None:
        return None
    return datetime.fromisoformat(time).astimezone(UTC).isoformat().replace("+00:00", "Z")
