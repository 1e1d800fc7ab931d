"""Converts settings to environment variables and to JSON, so that child processes read the same settings.

Knows how `cluster.settings` names its variables; does not know what a setting means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cluster.settings import Settings

PREFIX = "SCENESTREAM_"
NESTED = "__"
"""Between the name of a section and the name of a setting in it."""

NOT_EXPORTED = frozenset({"ray_address"})
"""Its variable, RAY_ADDRESS, is read by Ray's own processes too: only processes that join Ray get it."""

RAY_IS_LOCAL = "SCENESTREAM_RAY_IS_LOCAL"
"""Set for the driver when the supervisor started Ray: its workers have the settings' variables already."""


def environment_of(settings: Settings) -> dict[str, str]:
    """The SCENESTREAM_* variables from which a process reads equal settings; empty values are left out."""
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
    """JSON from which `from_json` makes equal settings in another process."""
    return settings.model_dump(mode="json")


def from_json(content: Mapping[str, Any]) -> Settings:
    """The settings that `to_json` was given; variables of this process's environment do not change them."""
    values = dict(content)
    return Settings(**{"RAY_ADDRESS": values.pop("ray_address"), **values})
