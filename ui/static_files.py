"""Serves static/ (JavaScript modules, style sheets, icon) under a path that contains a digest of its content.

`/page/<digest>/main.js` never changes, so browsers may cache it for ever. Relative imports stay below the
same digest, so a browser never mixes modules of two releases. Knows no route but this prefix.
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
    "styles/tokens.css",
    "styles/frame.css",
    "styles/controls.css",
    "styles/panels.css",
    "styles/library.css",
    "styles/uploads.css",
    "styles/player.css",
    "styles/timeline.css",
    "styles/tuning.css",
    "styles/clips.css",
    "styles/drawer.css",
    "styles/editing.css",
    "styles/words.css",
    "styles/search.css",
    "styles/cluster.css",
)
"""In the order of the cascade: a later one may override an earlier one."""

_DIGEST_LENGTH = 16
"""Hexadecimal digits of the SHA-256: enough that two releases never share an address."""


class _ImmutableFiles(StaticFiles):
    """Static files that a browser caches without revalidation."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with a cache lifetime of a year; error responses get no such header."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@dataclass(frozen=True, slots=True)
class StaticModules:
    """The folder and the digest of its content. FileNotFoundError where the page's own files are missing."""

    folder: Path
    digest: str

    def __post_init__(self) -> None:
        missing = [name for name in (ENTRY_MODULE, *STYLE_SHEETS) if not (self.folder / name).is_file()]
        if missing:
            raise FileNotFoundError(f"The page's files are not complete: no {', '.join(missing)}; reinstall.")

    @classmethod
    def load(cls, folder: Path = STATIC_DIR) -> StaticModules:
        """Read the folder and its subfolders. FileNotFoundError where the installation lacks files."""
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
        return cls(folder, digest.hexdigest()[:_DIGEST_LENGTH])

    @property
    def prefix(self) -> str:
        """Path under which the folder is mounted."""
        return f"/page/{self.digest}"

    @property
    def scripts(self) -> list[str]:
        """Every JavaScript module, relative to the folder, in the order of their names."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.js"))

    @property
    def favicon(self) -> Path:
        """The icon, which Gradio serves as /favicon.ico."""
        return self.folder / "favicon.svg"

    def url(self, name: str) -> str:
        """Address of one file relative to the page; `name` is relative to the folder."""
        return f"{self.prefix.removeprefix('/')}/{name}"

    def asgi(self) -> StaticFiles:
        """The application to mount at `prefix`."""
        return _ImmutableFiles(directory=self.folder)
