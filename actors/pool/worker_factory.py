"""How the pool comes by a segmenter, and how it parts with one. Knows Ray's options, and nothing of work."""

from __future__ import annotations

from typing import Any, Protocol

import ray

from actors.pool.size import Shape
from actors.worker.segmenter import segmenter_class
from cluster.settings import Settings


class WorkerFactory(Protocol):
    """Makes handles that have a segmenter's methods (`ping setup work cancel destroy`), and ends them."""

    def hire(self, shape: Shape) -> Any:
        """A new segmenter, at once; that it has found a place, its first answer tells."""

    def dismiss(self, handle: Any) -> None:
        """End it at once, whatever it does."""


class SegmenterFactory:
    """A process of its own for each, owned by whoever asks: Ray ends it when its owner dies."""

    def __init__(self, settings: Settings, analyser: str) -> None:
        self._settings = settings
        self._analyser = analyser

    def hire(self, shape: Shape) -> Any:
        """Ray looks for a node that has what the shape asks for, and has its autoscaler add one otherwise.

        A pool of a given size is spread; one that grows and shrinks is kept together: nodes shall fall empty.
        """
        strategy = "DEFAULT" if self._settings.scaling.enabled else "SPREAD"
        options = {"num_gpus": shape.num_gpus, "num_cpus": shape.num_cpus, "scheduling_strategy": strategy}
        return (
            segmenter_class()
            .options(max_restarts=0, **options)
            .remote(
                settings=self._settings, analyser=self._analyser, device=shape.device, threads=shape.threads
            )
        )

    def dismiss(self, handle: Any) -> None:
        """SIGKILL, within 5 s, to what does not leave by itself (see `WorkerProxy.close`)."""
        ray.kill(handle)
