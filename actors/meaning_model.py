"""The model of meaning that the settings name, as the library wants it; None where it is not installed.

Knows the folder of models and the library; loads nothing.
"""

from __future__ import annotations

from actors.segmentation.meaning.loading import MeaningModel
from cluster.models.folder import ModelsFolder
from cluster.settings import NO_MODEL, Settings


def meaning_model(settings: Settings, *, threads: int = 0) -> MeaningModel | None:
    """None if the settings name none, or one that is not there: topics are not told apart then."""
    name = settings.models.embedding
    model = None if name == NO_MODEL else ModelsFolder.of(settings).find(name)
    return None if model is None else MeaningModel(model.folder, name, threads=threads)
