"""The page's modules as one script, and its style sheets as one, made in memory when the page starts.

No tool of Node.js is needed for it, so an installation can be changed file by file. Knows no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ui.linking import LinkError, link
from ui.source_map import source_map

SCRIPT = "bundle.js"
SCRIPT_MAP = "bundle.js.map"
STYLE_SHEET = "bundle.css"

_OUTSIDE = re.compile(r"@import\b|@charset\b|url\(\s*[\"']?(?!data:|#)")
"""What another file would have to be found for, or what must stand first in its file."""


def bundled(folder: Path, entry: str, style_sheets: Sequence[str]) -> dict[str, str]:
    """The files of the bundle by name, to be served from the address of `folder`.

    `entry`, `style_sheets`: below the folder; the latter in the order of the cascade. LinkError where
    something cannot be bundled.
    """
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.js")}
    sources = {name: path.read_text("utf-8") for name, path in paths.items()}
    linked = link(sources, entry)
    styles = {name: (folder / name).read_text("utf-8") for name in style_sheets}
    return {
        SCRIPT: f"{linked.text}//# sourceMappingURL={SCRIPT_MAP}\n",
        SCRIPT_MAP: source_map(SCRIPT, linked.origins),
        STYLE_SHEET: _one_sheet(styles),
    }


def _one_sheet(styles: Mapping[str, str]) -> str:
    for name, text in styles.items():
        if found := _OUTSIDE.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise LinkError(f"{name}, line {line}: `{found[0]}` is not bundled")
    return "\n".join(f"/* {name} */\n{text.strip()}\n" for name, text in styles.items())
