"""Loads the networks that read text when the first picture is read, and keeps them.

Most processes never need them, and they take seconds and 200 MB for each thread that reads. Imports neither
OpenCV nor ONNX Runtime before.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.segmentation.screen.text_reader import NAME, PackagedReader, TextReader


class TextReadersLoading:
    """Call it with a number to get so many readers, each for a thread of its own. Not thread-safe."""

    name = NAME

    def __init__(self) -> None:
        self._loaded: list[TextReader] = []

    def __repr__(self) -> str:
        return f"TextReadersLoading({self.name}, {len(self._loaded)} loaded)"

    def __call__(self, count: int) -> Sequence[TextReader]:
        """The readers; those that were loaded before are among them. FileNotFoundError when the package is
        not installed."""
        while len(self._loaded) < count:
            self._loaded.append(PackagedReader())
        return self._loaded[:count]

    def close(self) -> None:
        """Forget them; their memory is freed with the last reference."""
        self._loaded.clear()
