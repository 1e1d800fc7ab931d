"""How this installation's lasting actors are made: named, detached, restarted by Ray, found by any process.

Knows Ray's actor registry; not what the actors do.
"""

from __future__ import annotations

from typing import Any


def find_or_create(actor_class: Any, name: str, namespace: str, *arguments: Any) -> Any:
    """The handle of the actor `name`; any number of callers at once create it once, from `arguments`.

    Detached, so that it outlives its creator, and restarted by Ray whenever its process dies.
    """
    return actor_class.options(
        name=name,
        namespace=namespace,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=-1,
        num_cpus=0,
    ).remote(*arguments)
