"""Loads the model of meaning when the first sentences are to be encoded, and keeps it.

Most processes never need it, and it takes half a second and 260 MB. Does not import torch before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.segmentation.meaning.encoder import TextEncoder
    from actors.segmentation.meaning.retrieval import Retrieval


class MeaningModel:
    """A model in a folder; call it to get it loaded. Not thread-safe. threads: 0 for all usable cores."""

    def __init__(self, folder: Path, name: str, *, threads: int = 0) -> None:
        self.name = name
        self._folder = folder
        self._threads = threads
        self._loaded: TextEncoder | None = None

    def __repr__(self) -> str:
        return f"MeaningModel({self.name}, {'loaded' if self._loaded else 'not loaded'})"

    def __call__(self) -> TextEncoder:
        """The loaded model. MeaningModelError when it is not there or cannot be read."""
        if self._loaded is None:
            from actors.segmentation.meaning.encoder import TextEncoder

            self._loaded = TextEncoder.load(self._folder, self.name, threads=self._threads)
        return self._loaded

    def retrieval(self) -> Retrieval:
        """What makes vectors for search, with the loaded model. MeaningModelError as for `__call__`."""
        from actors.segmentation.meaning.retrieval import Retrieval

        return Retrieval(self(), self._folder)

    def close(self) -> None:
        """Forget the model; its memory is freed with the last reference."""
        self._loaded = None
