"""How many segmenters, with which share of a GPU, how many cores and how many threads each.

Pure functions of the settings and of what the cluster has; know no Ray.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.settings import ActorSettings, ScalingSettings

RAY_RESOURCE_STEPS = 10_000  # Ray counts fractions of a resource in steps of 1/10000
CORES_PER_ACTOR = 2  # one core decodes while the other runs the network


@dataclass(frozen=True, slots=True)
class Shape:
    """What a process asks of its node (`num_gpus` 0: it works on the CPU), and its threads, ≥ 1, for tensors.

    With `num_cpus` 0 it finds a place on any node, however full, and is no demand for another.
    """

    num_gpus: float
    num_cpus: float
    threads: int

    @property
    def device(self) -> str:
        """Ray shows an actor only its own GPUs, so the first is always the right one."""
        return "cuda:0" if self.num_gpus > 0 else "cpu"


@dataclass(frozen=True, slots=True)
class PoolSize:
    """`actors` ≥ 1 processes, each with `num_gpus` (0: CPU) and `threads` ≥ 1 for tensors."""

    actors: int
    num_gpus: float
    threads: int

    @property
    def shape(self) -> Shape:
        """They ask for no core: as many as are wanted shall run, whatever the machine has."""
        return Shape(self.num_gpus, 0.0, self.threads)


@dataclass(frozen=True, slots=True)
class NodeView:
    """What a living node has in all, used or not."""

    gpus: float
    cores: float

    def may_hold(self, shape: Shape) -> bool:
        """Whether it is large enough, were it empty."""
        return self.gpus >= shape.num_gpus and self.cores >= shape.num_cpus


def pool_size(settings: ActorSettings, *, gpus: float, cores: float) -> PoolSize:
    """`gpus` and `cores` are the totals of the cluster.

    An explicit share is kept even where there is no GPU yet: the actors then wait, and their demand is
    what makes an autoscaler add a node. Without one, the GPUs are shared evenly among the wanted actors.
    """
    share = settings.gpus_per_actor
    if share > 0:
        fitting = sum_of_places([NodeView(gpus, cores)], share)
        actors = settings.count or max(1, fitting)
    elif gpus >= 1:
        actors = settings.count or int(gpus)
        per_gpu = math.ceil(actors / int(gpus))
        share = math.floor(RAY_RESOURCE_STEPS / per_gpu) / RAY_RESOURCE_STEPS
    else:
        actors = settings.count or max(1, int(cores) // CORES_PER_ACTOR)
    threads = settings.torch_threads or max(1, int(cores) // actors)
    return PoolSize(actors=actors, num_gpus=share, threads=threads)


def sum_of_places(nodes: Sequence[NodeView], share: float) -> int:
    """How many actors with such a share of a GPU the GPUs hold; one GPU is never split between nodes."""
    if share >= 1:
        return sum(int(node.gpus // share) for node in nodes)
    return sum(int(node.gpus) * int(1 / share + 1e-9) for node in nodes)


def elastic_plan(
    actors: ActorSettings, scaling: ScalingSettings, nodes: Sequence[NodeView], wanted: int
) -> dict[Shape, int]:
    """How many of the `wanted` actors shall have which shape.

    Shapes do not depend on how large the cluster happens to be: growing must not replace who is at work. With
    GPUs, first those that are there are filled, then the nodes without one (`cpu_actors` at most), and the
    rest wait for GPUs to come. Without a GPU, and with no share of one asked for, all work on the CPU.
    """
    threads = actors.torch_threads or CORES_PER_ACTOR
    cores = [node.cores for node in nodes if node.gpus <= 0]
    on_cpu = Shape(0.0, float(threads), threads)
    share = actors.gpus_per_actor or (1.0 if any(node.gpus >= 1 for node in nodes) else 0.0)
    if share == 0:
        return {on_cpu: wanted}
    on_gpu = Shape(share, scaling.cpus_per_gpu_actor, threads)
    beside = min(scaling.cpu_actors, sum(int(count // threads) for count in cores))
    beside = min(beside, max(wanted - sum_of_places(nodes, share), 0))
    return {on_gpu: wanted - beside, on_cpu: beside}
