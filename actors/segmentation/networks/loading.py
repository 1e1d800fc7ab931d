"""Loads the networks on a thread of its own; whoever needs one waits for it.

Importing torch and reading the weights takes seconds, in which a short clip is largely decoded. Has the
attributes of `Models` that the analysis uses; importing this module does not import torch.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from actors.segmentation.networks.cores import usable_cores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from actors.segmentation.networks.audio import AudioNetworks
    from actors.segmentation.networks.efficientnet import Embedding
    from actors.segmentation.networks.models import Models


class ModelsLoading:
    """In place of `Models.load()`, which is begun at once, on a thread, for the CPU.

    An exception of loading (FileNotFoundError, RuntimeError) is raised by the first use.
    """

    def __init__(self) -> None:
        executor = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._models: Future[Models] = executor.submit(_load)
        executor.shutdown(wait=False)

    @property
    def threads(self) -> int:
        """See `Models.threads`; does not wait."""
        return usable_cores()

    @property
    def gpu(self) -> None:
        """See `Models.gpu`; None, since these are loaded for the CPU."""
        return

    @property
    def audio(self) -> AudioNetworks | None:
        """See `Models.audio`."""
        return self._models.result().audio

    def transitions(self, window: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
        """See `Models.transitions`."""
        return self._models.result().transitions(window)

    def embedding(self, picture: npt.NDArray[np.uint8]) -> Embedding:
        """See `Models.embedding`."""
        return self._models.result().embedding(picture)


def _load() -> Models:
    from actors.segmentation.networks.models import Models

    return Models.load()
