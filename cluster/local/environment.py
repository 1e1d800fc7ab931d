"""Settings turned into the environment of child processes, so that each of them reads the same tree.

Knows the naming rule of `cluster.settings` and nothing about what the settings mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cluster.settings import Settings

PREFIX = "SCENESTREAM_"
NESTED = "__"
# Read by its own name, which Ray's processes heed as well: whoever needs it sets it.
NOT_EXPORTED = frozenset({"ray_address"})
# Tells the driver that the workers already have these variables from the Ray that the supervisor started.
RAY_IS_LOCAL = "SCENESTREAM_RAY_IS_LOCAL"


def environment_of(settings: Settings) -> dict[str, str]:
    """SCENESTREAM_* variables that reproduce `settings`, empty values left out."""
    tree = settings.model_dump(mode="json", exclude=set(NOT_EXPORTED))
    return dict(_variables(PREFIX, tree))


def _variables(prefix: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        variable = prefix + name.upper()
        if isinstance(value, Mapping):
            yield from _variables(variable + NESTED, value)
        elif isinstance(value, bool):
            yield variable, str(value).lower()
        elif isinstance(value, list):
            yield variable, json.dumps(value)
        elif value not in ("", None):
            yield variable, str(value)


def to_json(settings: Settings) -> dict[str, Any]:
    """What `from_json` turns into equal settings in another process."""
    return settings.model_dump(mode="json")


def from_json(content: Mapping[str, Any]) -> Settings:
    """The settings that `to_json` gave, whatever this process's environment says."""
    values = dict(content)
    return Settings(**{"RAY_ADDRESS": values.pop("ray_address"), **values})
