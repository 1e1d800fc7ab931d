"""The request of `up` to a new supervisor, passed in a private file because its URLs contain passwords."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from cluster.local.environment import from_json, to_json
from cluster.local.layout import Layout, write_private
from cluster.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """Settings and parts of a stack to start. By the token, `up` recognises its own request in stack.json."""

    settings: Settings
    parts: tuple[str, ...]
    serve_config: Path
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def put(self, layout: Layout) -> Path:
        """Write the request file for the supervisor; returns its path."""
        path = layout.run_dir / f"request-{self.token}.json"
        content = {
            "settings": to_json(self.settings),
            "parts": self.parts,
            "serve_config": str(self.serve_config),
            "token": self.token,
        }
        write_private(path, json.dumps(content), durable=False)
        return path

    @classmethod
    def take(cls, path: Path) -> Request:
        """Read a request file and delete it."""
        content = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        return cls(
            from_json(content["settings"]),
            tuple(content["parts"]),
            Path(content["serve_config"]),
            content["token"],
        )
