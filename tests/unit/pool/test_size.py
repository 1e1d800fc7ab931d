"""Size and resource requests of the fleet, fixed and elastic."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pool.size import NodeView, Shape, elastic_plan, pool_size
from cluster.work_settings import ActorSettings, ScalingSettings


@pytest.mark.parametrize(
    ("count", "share", "gpus", "cores", "want"),
    [
        (0, 0.0, 0, 2, (1, 0.0, 2)),
        (0, 0.0, 0, 1, (1, 0.0, 1)),
        (0, 0.0, 0, 16, (8, 0.0, 2)),
        (3, 0.0, 0, 2, (3, 0.0, 1)),
        (0, 0.0, 4, 32, (4, 1.0, 8)),
        (4, 0.0, 1, 8, (4, 0.25, 2)),
        (3, 0.0, 2, 8, (3, 0.5, 2)),
        (3, 0.0, 1, 8, (3, 0.3333, 2)),
        (0, 0.25, 2, 16, (8, 0.25, 2)),
        (0, 0.3, 1, 8, (3, 0.3, 2)),
        (0, 2.0, 5, 8, (2, 2.0, 4)),
        (2, 0.5, 0, 4, (2, 0.5, 2)),
        (0, 0.5, 0, 4, (1, 0.5, 4)),
    ],
)
def test_the_size_of_the_pool(
    count: int, share: float, gpus: float, cores: float, want: tuple[int, float, int]
) -> None:
    size = pool_size(ActorSettings(count=count, gpus_per_actor=share), gpus=gpus, cores=cores)
    assert (size.actors, size.num_gpus, size.threads) == want
    assert size.shape.device == ("cuda:0" if want[1] else "cpu")


@given(st.integers(1, 64), st.integers(1, 16))
def test_an_even_share_always_fits_on_the_gpus(count: int, gpus: int) -> None:
    size = pool_size(ActorSettings(count=count), gpus=gpus, cores=8)
    on_one_gpu = int(1 / size.num_gpus)
    assert on_one_gpu * gpus >= count


def test_threads_can_be_set() -> None:
    assert pool_size(ActorSettings(torch_threads=5), gpus=0, cores=64).threads == 5


CPU, GPU = NodeView(0, 8), NodeView(2, 16)


@pytest.mark.parametrize(
    ("share", "cpu_actors", "nodes", "wanted", "want"),
    [
        (0.0, 0, [CPU, CPU], 5, {(0.0, 2.0): 5}),
        (0.0, 0, [GPU], 5, {(1.0, 1.0): 5, (0.0, 2.0): 0}),
        (0.5, 0, [], 5, {(0.5, 1.0): 5, (0.0, 2.0): 0}),
        (0.5, 6, [GPU, CPU], 3, {(0.5, 1.0): 3, (0.0, 2.0): 0}),
        (0.5, 6, [GPU, CPU], 7, {(0.5, 1.0): 4, (0.0, 2.0): 3}),
        (0.5, 6, [GPU, CPU], 20, {(0.5, 1.0): 16, (0.0, 2.0): 4}),
        (0.5, 2, [GPU, CPU], 20, {(0.5, 1.0): 18, (0.0, 2.0): 2}),
    ],
)
def test_gpus_are_filled_first_then_nodes_without_and_the_rest_waits_for_gpus(
    share: float, cpu_actors: int, nodes: list[NodeView], wanted: int, want: dict[Any, int]
) -> None:
    actors = ActorSettings(gpus_per_actor=share)
    plan = elastic_plan(actors, ScalingSettings(cpu_actors=cpu_actors), nodes, wanted)
    assert {(shape.num_gpus, shape.num_cpus): count for shape, count in plan.items()} == want
    assert all(shape.threads == 2 for shape in plan)


def test_a_shape_tells_its_device() -> None:
    assert (Shape(0.25, 1.0, 2).device, Shape(0.0, 2.0, 2).device) == ("cuda:0", "cpu")
