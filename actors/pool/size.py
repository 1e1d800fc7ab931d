"""How many segmenters, with which share of a GPU and how many threads each.

A pure function of the settings and of what the cluster has; knows no Ray.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cluster.settings import ActorSettings

RAY_RESOURCE_STEPS = 10_000  # Ray counts fractions of a resource in steps of 1/10000
CORES_PER_ACTOR = 2  # one core decodes while the other runs the network


@dataclass(frozen=True, slots=True)
class PoolSize:
    """`actors` ≥ 1 processes, each with `num_gpus` (0: CPU) and `threads` ≥ 1 for tensors."""

    actors: int
    num_gpus: float
    threads: int

    @property
    def device(self) -> str:
        """Ray shows an actor only its own GPUs, so the first is always the right one."""
        return "cuda:0" if self.num_gpus > 0 else "cpu"


def pool_size(settings: ActorSettings, *, gpus: float, cores: float) -> PoolSize:
    """`gpus` and `cores` are the totals of the cluster.

    An explicit share is kept even where there is no GPU yet: the actors then wait, and their demand is
    what makes an autoscaler add a node. Without one, the GPUs are shared evenly among the wanted actors.
    """
    share = settings.gpus_per_actor
    if share > 0:
        per_gpu = max(1, int(1 / share + 1e-9)) if share < 1 else 1
        fitting = int(gpus) * per_gpu if share < 1 else int(gpus // share)
        actors = settings.count or max(1, fitting)
    elif gpus >= 1:
        actors = settings.count or int(gpus)
        per_gpu = math.ceil(actors / int(gpus))
        share = math.floor(RAY_RESOURCE_STEPS / per_gpu) / RAY_RESOURCE_STEPS
    else:
        actors = settings.count or max(1, int(cores) // CORES_PER_ACTOR)
    threads = settings.torch_threads or max(1, int(cores) // actors)
    return PoolSize(actors=actors, num_gpus=share, threads=threads)
