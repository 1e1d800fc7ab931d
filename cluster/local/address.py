"""Finds the API's address for clients on this machine, from the settings or the stack's stack.json.

Does not check whether anything answers at that address.
"""

from __future__ import annotations

import json

from cluster.settings import Settings


def api_url(settings: Settings) -> str:
    """`SCENESTREAM_API_URL` if set, else the address in stack.json, else host and port of the settings."""
    if settings.api_url:
        return settings.api_url
    try:
        state = json.loads((settings.var_dir / "run" / "stack.json").read_text())
        return str(state["api_url"])
    except (FileNotFoundError, KeyError, json.JSONDecodeError):
        return f"http://{settings.http.host}:{settings.http.port}"
