"""How this installation's lasting actors are made: named, detached, restarted by Ray, found by any process.

Knows Ray's actor registry; not what the actors do.
"""

from __future__ import annotations

from typing import Any

from cluster.settings import Settings

# Of the resource that nodes for these actors declare; a node that declares 1 has room for all there ever are.
SERVICE_SHARE = 0.001


def find_or_create(
    actor_class: Any, name: str, namespace: str, settings: Settings, *arguments: Any, **options: Any
) -> Any:
    """The handle of the actor `name`; any number of callers at once create it once, from settings and
    `arguments`. `options` are Ray's, beside those that all have.

    Detached, so that it outlives its creator, and restarted by Ray whenever its process dies. It runs on
    nodes that declare the resource `actors.service_resource`, if that is set.
    """
    resource = settings.actors.service_resource
    return actor_class.options(
        name=name,
        namespace=namespace,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=-1,
        num_cpus=0,
        resources={resource: SERVICE_SHARE} if resource else None,
        **options,
    ).remote(settings, *arguments)
