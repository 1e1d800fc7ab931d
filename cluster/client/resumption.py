"""Resumption of uploads across runs of a program: one small note file for each unfinished upload.

A note belongs to a file in one state (path, size, time of change, inode) and to the settings of the upload.
Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

KEPT_S = 14 * 86_400.0
"""Seconds after which a note is removed. Servers remove unfinished uploads after a day by default, so this is
ample.
"""


class Resumption:
    """Note files in `folder` about uploads to the server at `base_url`. Safe to share between threads."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self._folder = folder
        self._base_url = base_url.rstrip("/")

    def key(self, path: Path, wishes: dict[str, Any]) -> str:
        """The note's name for this file as it is now; OSError if it cannot be read."""
        found = path.stat()
        told = [self._base_url, str(path.resolve()), found.st_size, found.st_mtime_ns, found.st_ino, wishes]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def recall(self, key: str) -> str | None:
        """The server's path of the upload that was begun; None if there is no note, or it is broken."""
        try:
            upload = json.loads((self._folder / key).read_text(encoding="utf-8"))["upload"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return upload if isinstance(upload, str) and upload.startswith("/uploads/") else None

    def remember(self, key: str, upload: str) -> None:
        """Writes the note of an upload that was begun. If the folder cannot be written, only the later
        resumption is lost.
        """
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            note = self._folder / f"{key}.{os.getpid()}"
            note.write_text(json.dumps({"upload": upload}), encoding="utf-8")
            note.replace(self._folder / key)

    def forget(self, key: str) -> None:
        """Removes the note: the upload became a video."""
        with suppress(OSError):
            (self._folder / key).unlink()

    def _sweep(self) -> None:
        for note in self._folder.iterdir():
            if time.time() - note.stat().st_mtime > KEPT_S:
                note.unlink(missing_ok=True)
