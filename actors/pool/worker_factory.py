"""Starts and kills worker processes. Knows Ray's options for an actor; does not know what workers do."""

from __future__ import annotations

from typing import Any, Protocol

import ray

from actors.pool.size import Shape
from actors.worker.segmenter import segmenter_class
from cluster.settings import Settings


class WorkerFactory(Protocol):
    """Makes handles that have a segmenter's methods (`ping setup work cancel destroy`), and ends them."""

    def create(self, shape: Shape) -> Any:
        """A handle of a new process, returned at once: its first answer tells that a node has room for it."""

    def kill(self, handle: Any) -> None:
        """End the process at once, whatever it is doing."""


class SegmenterFactory:
    """Each segmenter is a process of its own and owned by the pool: Ray ends it when the pool dies."""

    def __init__(self, settings: Settings, analyser: str) -> None:
        self._settings = settings
        self._analyser = analyser

    def create(self, shape: Shape) -> Any:
        """Ray places the process on a node that has what `shape` requests, or its autoscaler adds one.

        A fixed fleet is spread over the nodes. An elastic one is packed, so that nodes become empty and can
        be released.
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

    def kill(self, handle: Any) -> None:
        """Kill without restart; SIGKILL within 5 s (see `WorkerProxy.close`)."""
        ray.kill(handle)
