"""The smallest applications that a stack can run on Ray: one behind HTTP, one detached actor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.serve import Application

NAMESPACE = "scenestream"


@ray.remote(num_cpus=0)
class Actor:
    """Tells its process."""

    def pid(self) -> int:
        return os.getpid()


@serve.deployment(ray_actor_options={"num_cpus": 0})
class Api:
    """Tells which settings a replica has, and which actor it finds."""

    async def __call__(self) -> dict[str, Any]:
        from cluster.settings import get_settings

        settings = get_settings()
        return {
            "redis_url": settings.redis_url,
            "media_url": settings.media_url,
            "var_dir": str(settings.var_dir),
            "actors": settings.actors.count,
            "actor_pid": await ray.get_actor("tiny", namespace=NAMESPACE).pid.remote(),
        }


def build() -> Application:
    """For a route prefix."""
    return Api.bind()


def ensure() -> None:
    """The actor runs."""
    actor = Actor.options(name="tiny", namespace=NAMESPACE, lifetime="detached", get_if_exists=True)
    ray.get(actor.remote().pid.remote())


def stop() -> None:
    """The actor is gone; a file tells that this was called."""
    from cluster.settings import get_settings

    ray.kill(ray.get_actor("tiny", namespace=NAMESPACE))
    Path(get_settings().var_dir / "stopped").touch()
