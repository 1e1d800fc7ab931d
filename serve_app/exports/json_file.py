"""Writes the document of `scenestream segment --json`, with all levels or one. Knows no other format."""

from __future__ import annotations

import json

from serve_app.exports.material import Export


def write_json(made: Export) -> str:
    """UTF-8 JSON (RFC 8259): media, settings, warnings, segments (chapters, scenes, shots), audio_track,
    transcript, screen_text."""
    document = {
        "media": dict(made.media),
        "settings": dict(made.settings),
        "warnings": list(made.warnings),
        "segments": [segment.model_dump(mode="json") for segment in made.chosen()],
        "audio_track": list(made.audio_track),
        "transcript": None if made.transcript is None else dict(made.transcript),
        "screen_text": None if made.screen_text is None else list(made.screen_text),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
