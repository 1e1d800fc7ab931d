"""Elastic scaling: keeps the fleet at its wanted size, once a second.

With scaling off, the size follows from the settings and the cluster's cores and GPUs. With scaling on, it
follows from the backlog that bridges report and from the measured throughput. Knows Ray's table of nodes; the
arithmetic is in `size` and in `cluster.scaling`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import ray
import structlog
from ray.exceptions import RayError

from actors import metrics
from actors.pool.dispatcher import Dispatcher
from actors.pool.fleet import Fleet
from actors.pool.size import NodeView, Shape, elastic_plan, pool_size
from actors.pool.task_table import TaskTable
from actors.pool.throughput import MovingMean
from cluster.scaling import Load, ScalingPolicy
from cluster.settings import Settings

RESIZE_INTERVAL_S = 1.0
"""Between two rounds: the fleet is to grow within seconds of new work."""
NODES_INTERVAL_S = 5.0
"""Between two reads of Ray's table of nodes, which changes less often than the work."""
REPORT_VALID_S = 30.0
"""Age up to which a backlog report counts: bridges report every few seconds, so one that is silent for longer
is away."""
FIRST_CHUNK_S = 60.0
"""Length of a chunk, in seconds of video, that is assumed until some have come."""

log = structlog.get_logger(__name__)


class Scaler:
    """`run` does the work, on the pool's event loop. `chunk_s`: mean length of chunks in seconds of video."""

    def __init__(self, settings: Settings, table: TaskTable, fleet: Fleet, dispatcher: Dispatcher) -> None:
        self.chunk_s = MovingMean(FIRST_CHUNK_S)
        self._settings = settings
        self._table = table
        self._fleet = fleet
        self._dispatcher = dispatcher
        self._policy = ScalingPolicy(settings.scaling)
        self._video_s_per_s = settings.scaling.first_video_s_per_s
        self._reported_s = 0.0
        self._reported_at = float("-inf")
        self._clips: dict[str, tuple[float, float]] = {}  # bridge → (seconds, when)
        self._nodes: list[NodeView] | None = None
        self._nodes_at = float("-inf")
        self._unplaceable: list[str] = []

    def report(self, backlog: Mapping[str, Any]) -> None:
        """Take a backlog report: `{"seconds": of video not analysed yet, "videos": n}` in the whole
        installation; `bridge` and `clips_s`, if present: the seconds of clips that this bridge has to cut.
        """
        now = time.monotonic()
        self._reported_s = max(float(backlog["seconds"]), 0.0)
        self._reported_at = now
        self._clips[str(backlog.get("bridge", ""))] = (max(float(backlog.get("clips_s", 0.0)), 0.0), now)
        self._clips = {name: told for name, told in self._clips.items() if now - told[1] <= REPORT_VALID_S}

    @property
    def backlog_s(self) -> float:
        """Seconds of video to be analysed: as reported, which includes the pool's own tasks, but never less
        than the pool's own tasks.
        """
        now = time.monotonic()
        videos_s = self._reported_s if now - self._reported_at <= REPORT_VALID_S else 0.0
        clips_s = sum(clips_s for clips_s, at in self._clips.values() if now - at <= REPORT_VALID_S)
        return max(videos_s + clips_s, self._table.work_s)

    async def run(self) -> None:
        """Resize the fleet, refresh the dispatcher and publish the metrics every second. Never returns."""
        while True:
            try:
                await self._read_nodes()
                if self._nodes is not None:
                    self.resize(self._nodes)
                self._dispatcher.refresh()
                metrics.pool_seen(
                    self._fleet.rows(),
                    wanted=self._fleet.wanted,
                    queued=self._table.queued,
                    backlog_s=self.backlog_s,
                )
            except Exception:  # a bug here must not freeze the size of the fleet for good
                log.exception("the pool could not be resized")
            await asyncio.sleep(RESIZE_INTERVAL_S)

    async def _read_nodes(self) -> None:
        if time.monotonic() - self._nodes_at < NODES_INTERVAL_S:
            return
        try:
            table = await asyncio.to_thread(ray.nodes)
        except RayError as error:
            log.warning("the cluster's nodes are unknown", reason=type(error).__name__)
            return
        living = [node["Resources"] for node in table if node["Alive"]]
        self._nodes = [NodeView(node.get("GPU", 0.0), node.get("CPU", 0.0)) for node in living]
        self._nodes_at = time.monotonic()

    def resize(self, nodes: list[NodeView]) -> None:
        """Scale the fleet to the size that is wanted now on these nodes."""
        plan = self._elastic(nodes) if self._settings.scaling.enabled else self._fixed(nodes)
        if sum(plan.values()) != self._fleet.wanted:
            shapes = [f"{count} x {shape}" for shape, count in plan.items()]
            log.info("pool size", wanted=sum(plan.values()), shapes=shapes, backlog_s=round(self.backlog_s))
        self._fleet.resize(plan)
        self._warn_of_unplaceable(plan, nodes)

    def _warn_of_unplaceable(self, plan: Mapping[Shape, int], nodes: list[NodeView]) -> None:
        """Warn where there are nodes of the right kind, with or without GPU, and all are too small.

        An autoscaler may still add a larger one; if none comes, the work waits for ever. The same shapes are
        warned of once.
        """
        unplaceable = []
        for shape in (shape for shape, count in plan.items() if count):
            of_kind = [node for node in nodes if node.gpus > 0 or shape.num_gpus == 0]
            if of_kind and not any(node.may_hold(shape) for node in of_kind):
                unplaceable.append(f"{shape}")
        if unplaceable and unplaceable != self._unplaceable:
            log.warning(
                "no node can hold such an actor: waiting for a larger one, or for smaller "
                "actors.torch_threads, actors.gpus_per_actor, scaling.cpus_per_gpu_actor",
                shapes=unplaceable,
            )
        self._unplaceable = unplaceable

    def _fixed(self, nodes: list[NodeView]) -> dict[Shape, int]:
        gpus, cores = sum(node.gpus for node in nodes), sum(node.cores for node in nodes)
        size = pool_size(self._settings.actors, gpus=gpus, cores=cores)
        return {size.shape: size.actors}

    def _elastic(self, nodes: list[NodeView]) -> dict[Shape, int]:
        rates = [m.throughput.video_s_per_s for m in self._fleet.workers() if m.throughput.is_measured]
        if rates:  # else the last mean stays, also while the fleet is scaled to zero
            self._video_s_per_s = sum(rates) / len(rates)
        load = Load(
            backlog_s=self.backlog_s,
            tasks=len(self._table),
            video_s_per_s=self._video_s_per_s,
            chunk_s=self.chunk_s.value,
            placed=self._fleet.placed,
        )
        wanted = self._policy.wanted(load, time.monotonic())
        return elastic_plan(self._settings.actors, self._settings.scaling, nodes, wanted)
