"""Creates this installation's long-lived actors: named, detached, restarted by Ray, found by any process.

Knows Ray's actor registry; does not know what the actors do.
"""

from __future__ import annotations

from typing import Any

from cluster.settings import Settings

SERVICE_SHARE = 0.001
"""What each actor requests of `actors.service_resource`: a node that declares 1 of it has room for 1000
actors, more than an installation has."""


def find_or_create(
    actor_class: Any, name: str, namespace: str, settings: Settings, *arguments: Any, **options: Any
) -> Any:
    """The handle of the actor `name`, which is created from the settings and `arguments` if there is none.

    Idempotent: of any number of callers at once, one creates it. The actor is detached, so it outlives its
    creator; Ray restarts it whenever its process dies, and places it on nodes that declare the resource
    `actors.service_resource`, if that is set. `options` are further options of Ray.
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
