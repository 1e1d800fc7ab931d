"""Our own JavaScript modules and style sheets, served under an address that changes with their content.

`/page/<digest>/main.js` may be cached for ever, and its relative imports stay inside the same digest: a
browser never mixes modules of two releases. Knows no route but this prefix.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_DIR = Path(__file__).resolve().parent / "static"
ENTRY_MODULE = "main.js"
STYLE_SHEETS = (
    "styles/tokens.css", "styles/frame.css", "styles/panels.css", "styles/player.css",
    "styles/timeline.css", "styles/tuning.css", "styles/clips.css",
)  # fmt: skip
"""In the order of the cascade."""

_DIGEST_LENGTH = 16


class _ImmutableFiles(StaticFiles):
    """Static files that a browser need not ask for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with a cache lifetime of a year; an error answer is left as it is."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@dataclass(frozen=True, slots=True)
class StaticModules:
    """The folder and the digest of what is in it."""

    folder: Path
    digest: str

    def __post_init__(self) -> None:
        missing = [name for name in (ENTRY_MODULE, *STYLE_SHEETS) if not (self.folder / name).is_file()]
        if missing:
            raise FileNotFoundError(f"The page's files are not complete: no {', '.join(missing)}; reinstall.")

    @classmethod
    def load(cls, folder: Path = STATIC_DIR) -> StaticModules:
        """Read the folder once. Raises FileNotFoundError where the installation lacks files."""
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
        return cls(folder, digest.hexdigest()[:_DIGEST_LENGTH])

    @property
    def prefix(self) -> str:
        """Where the folder is mounted."""
        return f"/page/{self.digest}"

    @property
    def favicon(self) -> Path:
        """The icon, for Gradio's /favicon.ico."""
        return self.folder / "favicon.svg"

    def url(self, name: str) -> str:
        """The address of one file, from the root of the origin."""
        return f"{self.prefix}/{name}"

    def asgi(self) -> StaticFiles:
        """The application to mount at `prefix`."""
        return _ImmutableFiles(directory=self.folder)
