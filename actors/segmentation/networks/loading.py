"""The networks while they are still being loaded: whoever needs one waits for it, others need not.

Importing torch and reading the weights takes seconds, in which a decoder can do a good part of a short clip.
Knows what `Models` offers; not what it is for.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from actors.segmentation.networks.cores import usable_cores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from actors.segmentation.networks.embed import Embedding
    from actors.segmentation.networks.listeners import Listeners
    from actors.segmentation.networks.models import Models


class ModelsLoading:
    """Stands for `Models.load()`, which runs on a thread of its own from now on.

    What loading raises (FileNotFoundError, RuntimeError) is raised by the first use.
    """

    def __init__(self) -> None:
        with_thread = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._models: Future[Models] = with_thread.submit(_load)
        with_thread.shutdown(wait=False)

    @property
    def threads(self) -> int:
        """See Models."""
        return usable_cores()

    @property
    def gpu(self) -> None:
        """See Models: these are loaded to the processor."""
        return

    @property
    def listeners(self) -> Listeners:
        """See Models."""
        return self._models.result().listeners

    def transitions(self, window: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
        """See Models."""
        return self._models.result().transitions(window)

    def embedding(self, picture: npt.NDArray[np.uint8]) -> Embedding:
        """See Models."""
        return self._models.result().embedding(picture)


def _load() -> Models:
    from actors.segmentation.networks.models import Models

    return Models.load()
