"""The speech model that the settings name, as the library wants it; None where it is not installed.

Knows the folder of models and the library; loads nothing.
"""

from __future__ import annotations

from actors.segmentation.speech.loading import SpeechModel
from cluster.models.folder import ModelsFolder
from cluster.settings import NO_MODEL, Settings


def speech_model(settings: Settings, *, device: str = "cpu", threads: int = 0) -> SpeechModel | None:
    """None if the settings name none, or one that is not there: videos then have no words."""
    name = settings.models.speech
    model = None if name == NO_MODEL else ModelsFolder.of(settings).find(name)
    return None if model is None else SpeechModel(model.folder, name, device=device, threads=threads)
