"""Serves static/ (JavaScript modules, style sheets, icon) under a path that contains a digest of its content.

`/page/<digest>/bundle.js` never changes, so browsers may cache it for ever. The page loads the bundle; the
modules that it is made of are beside it, for a browser's tools. Knows no route but this prefix.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ui.bundle import bundled
from ui.compression import answer

STATIC_DIR = Path(__file__).resolve().parent / "static"
ENTRY_MODULE = "main.js"
SKELETON = "skeleton.html"
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

FIRST_SHEETS = ("styles/tokens.css", "styles/skeleton.css")
"""Style sheets of the skeleton (`ui.document`), which stand in the document itself."""

_DIGEST_LENGTH = 16
"""Hexadecimal digits of the SHA-256: enough that two releases never share an address."""
_FOR_EVER = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".map": "application/json"}


class _ImmutableFiles(StaticFiles):
    """Files of the folder and of the bundle, which a browser caches without revalidation."""

    def __init__(self, folder: Path, bundle: Mapping[str, str]) -> None:
        super().__init__(directory=folder)
        self._answers = {
            name: answer(text.encode(), _MEDIA_TYPES[Path(name).suffix]) for name, text in bundle.items()
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with a cache lifetime of a year; error responses get no such header."""
        made = self._answers.get(path) if scope["method"] in ("GET", "HEAD") else None
        response = made.to(scope) if made else await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = _FOR_EVER
        return response


@dataclass(frozen=True, slots=True)
class StaticModules:
    """The folder, the digest of its content, and what it is bundled to, by name."""

    folder: Path
    digest: str
    bundle: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path = STATIC_DIR) -> StaticModules:
        """Read the folder and its subfolders.

        FileNotFoundError where the installation lacks files, `ui.linking.LinkError` where a module is written
        as the bundle does not allow.
        """
        needed = (ENTRY_MODULE, SKELETON, *STYLE_SHEETS, *FIRST_SHEETS)
        missing = [name for name in needed if not (folder / name).is_file()]
        if missing:
            raise FileNotFoundError(f"The page's files are not complete: no {', '.join(missing)}; reinstall.")
        bundle = bundled(folder, ENTRY_MODULE, STYLE_SHEETS)
        contents = {name: text.encode() for name, text in bundle.items()}
        for path in folder.rglob("*"):
            if path.is_file():
                contents[path.relative_to(folder).as_posix()] = path.read_bytes()
        digest = hashlib.sha256()
        for name, content in sorted(contents.items()):
            digest.update(name.encode() + b"\0" + content)
        return cls(folder, digest.hexdigest()[:_DIGEST_LENGTH], bundle)

    @property
    def prefix(self) -> str:
        """Path under which the folder is mounted."""
        return f"/page/{self.digest}"

    @property
    def first_styles(self) -> str:
        """What the skeleton needs of style sheets, as one text."""
        return "\n".join((self.folder / name).read_text("utf-8") for name in FIRST_SHEETS)

    @property
    def skeleton(self) -> str:
        """The skeleton's markup."""
        return (self.folder / SKELETON).read_text("utf-8")

    @property
    def favicon(self) -> Path:
        """The icon, which Gradio serves as /favicon.ico."""
        return self.folder / "favicon.svg"

    def url(self, name: str) -> str:
        """Address of one file relative to the page; `name` is relative to the folder, or of the bundle."""
        return f"{self.prefix.removeprefix('/')}/{name}"

    def asgi(self) -> StaticFiles:
        """The application to mount at `prefix`."""
        return _ImmutableFiles(self.folder, self.bundle)
