"""Where the API of this installation is, for clients on this machine.

Reads what `up` wrote down; does not know whether anything answers there.
"""

from __future__ import annotations

import json

from cluster.settings import Settings


def api_url(settings: Settings) -> str:
    """`SCENESTREAM_API_URL` if set, else the running local stack's address, else the configured one."""
    if settings.api_url:
        return settings.api_url
    try:
        state = json.loads((settings.var_dir / "run" / "stack.json").read_text())
        return str(state["api_url"])
    except (FileNotFoundError, KeyError, json.JSONDecodeError):
        return f"http://{settings.http.host}:{settings.http.port}"
