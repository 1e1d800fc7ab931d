"""Size and resource requests of the fleet: how many workers, and GPU share, cores and threads of each.

Pure functions of the settings and of the cluster's resources. Knows no Ray.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.work_settings import ActorSettings, ScalingSettings

RAY_RESOURCE_STEPS = 10_000
"""Steps per unit of a resource: Ray counts fractions in 1/10000, so shares are rounded down to such steps."""
CORES_PER_ACTOR = 2
"""Cores for a worker on the CPU: one decodes while the other runs the network."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A worker's resource request to Ray, and `threads` ≥ 1 for tensors. `num_gpus` 0: it works on the CPU.

    With `num_cpus` 0 and no GPU, Ray places it on any node, however full, and its autoscaler adds none.
    """

    num_gpus: float
    num_cpus: float
    threads: int

    @property
    def device(self) -> str:
        """The device for torch: the first GPU, since Ray shows an actor only its own GPUs, or the CPU."""
        return "cuda:0" if self.num_gpus > 0 else "cpu"


@dataclass(frozen=True, slots=True)
class PoolSize:
    """A fleet of fixed size: `actors` ≥ 1 workers, each with `num_gpus` (0: CPU) and `threads` ≥ 1."""

    actors: int
    num_gpus: float
    threads: int

    @property
    def shape(self) -> Shape:
        """The request of each worker. It names no cores, so that all of them run on any machine."""
        return Shape(self.num_gpus, 0.0, self.threads)


@dataclass(frozen=True, slots=True)
class NodeView:
    """Total resources of a living node, used or not."""

    gpus: float
    cores: float

    def may_hold(self, shape: Shape) -> bool:
        """Whether a worker of this shape fits on the node while nothing else runs there."""
        return self.gpus >= shape.num_gpus and self.cores >= shape.num_cpus


def pool_size(settings: ActorSettings, *, gpus: float, cores: float) -> PoolSize:
    """Size of a fleet without scaling; `gpus` and `cores` are the totals of the cluster.

    A share that is set is kept even where there is no GPU yet: the workers then wait for one, and Ray's
    autoscaler adds a node because they wait. If no share is set, the GPUs are divided evenly.
    """
    share = settings.gpus_per_actor
    if share > 0:
        fitting = gpu_capacity([NodeView(gpus, cores)], share)
        actors = settings.count or max(1, fitting)
    elif gpus >= 1:
        actors = settings.count or int(gpus)
        per_gpu = math.ceil(actors / int(gpus))
        share = math.floor(RAY_RESOURCE_STEPS / per_gpu) / RAY_RESOURCE_STEPS
    else:
        actors = settings.count or max(1, int(cores) // CORES_PER_ACTOR)
    threads = settings.torch_threads or max(1, int(cores) // actors)
    return PoolSize(actors=actors, num_gpus=share, threads=threads)


def gpu_capacity(nodes: Sequence[NodeView], share: float) -> int:
    """How many workers with this GPU share > 0 the nodes can hold. A worker never spans two nodes, and one
    with a share below 1 never spans two GPUs.
    """
    if share >= 1:
        return sum(int(node.gpus // share) for node in nodes)
    return sum(int(node.gpus) * int(1 / share + 1e-9) for node in nodes)


def elastic_plan(
    actors: ActorSettings, scaling: ScalingSettings, nodes: Sequence[NodeView], wanted: int
) -> dict[Shape, int]:
    """Divide the `wanted` workers of an elastic fleet between GPU and CPU: workers by shape.

    The shapes do not depend on the size of the cluster, since a changed shape would replace running workers.
    With GPUs, the existing ones are filled first, then nodes without a GPU (`cpu_actors` at most), and the
    rest wait for further GPUs. Without a GPU, and with no share set, all work on the CPU.
    """
    threads = actors.torch_threads or CORES_PER_ACTOR
    cores = [node.cores for node in nodes if node.gpus <= 0]
    on_cpu = Shape(0.0, float(threads), threads)
    share = actors.gpus_per_actor or (1.0 if any(node.gpus >= 1 for node in nodes) else 0.0)
    if share == 0:
        return {on_cpu: wanted}
    on_gpu = Shape(share, scaling.cpus_per_gpu_actor, threads)
    beside = min(scaling.cpu_actors, sum(int(count // threads) for count in cores))
    beside = min(beside, max(wanted - gpu_capacity(nodes, share), 0))
    return {on_gpu: wanted - beside, on_cpu: beside}
