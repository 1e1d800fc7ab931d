"""Loads the speech model when the first words are looked for, and keeps it.

Most processes never need it, and it takes a second and 200 MB. Imports neither PyAV nor CTranslate2 before.
"""

from __future__ import annotations

from pathlib import Path

from actors.segmentation.speech.recogniser import Recogniser, WhisperRecogniser


class SpeechModel:
    """A model in a folder; call it to get it loaded. Not thread-safe.

    device: "cpu" or "cuda:0". threads: 0 for all usable cores.
    """

    def __init__(self, folder: Path, name: str, *, device: str = "cpu", threads: int = 0) -> None:
        self.name = name
        self._folder = folder
        self._device = device
        self._threads = threads
        self._loaded: Recogniser | None = None

    def __repr__(self) -> str:
        return f"SpeechModel({self.name}, {'loaded' if self._loaded else 'not loaded'})"

    def __call__(self) -> Recogniser:
        """The loaded model. SpeechModelError when it is not there or cannot be read."""
        if self._loaded is None:
            self._loaded = WhisperRecogniser.load(
                self._folder, self.name, device=self._device, threads=self._threads
            )
        return self._loaded

    def close(self) -> None:
        """Forget the model; its memory is freed with the last reference."""
        self._loaded = None
