"""Checks the settings: whether they can be read, and variables with wrong names, which set nothing.

Knows the tree of settings; connects to no server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel

from cluster.commands.doctor.findings import Finding, ok, problem, warning
from cluster.errors import InvalidSettingsError
from cluster.local.environment import NESTED, PREFIX, RAY_IS_LOCAL
from cluster.local.process.spawning import PART_NAME_VARIABLE, STACK_ID_VARIABLE
from cluster.settings import Settings, get_settings

WHAT = "settings"
_SERVICE = "_SERVICE_HOST"
"""End of a variable that Kubernetes sets in every pod for a Service."""

BESIDE_SETTINGS = frozenset(
    {
        "SCENESTREAM_API_KEY",  # of the client
        RAY_IS_LOCAL, STACK_ID_VARIABLE, PART_NAME_VARIABLE,  # the local stack's own
        "SCENESTREAM_IMAGE", "SCENESTREAM_DEVICE", "SCENESTREAM_PORT",  # of configs/compose.yaml
    }
)  # fmt: skip
"""Variables with our prefix that are no settings."""


def known_variables(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> set[str]:
    """Names of all variables that are settings; of a setting that is a table, the part before its keys."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        if field.validation_alias is not None:
            continue
        names.add(prefix + name.upper())
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= known_variables(field.annotation, prefix + name.upper() + NESTED)
    return names


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that are no settings, except those that Kubernetes sets for a Service."""
    known = known_variables() | BESIDE_SETTINGS
    tables = tuple(f"{name}{NESTED}" for name in known if not _is_section(name, known))
    tables += tuple(f"{name.removesuffix(_SERVICE)}_" for name in environment if name.endswith(_SERVICE))
    ours = (name for name in environment if name.upper().startswith(PREFIX))
    return sorted(name for name in ours if name.upper() not in known and not name.upper().startswith(tables))


def check_settings() -> Iterator[Finding]:
    """Whether the settings can be read."""
    try:
        get_settings()
    except InvalidSettingsError as error:
        yield problem(WHAT, error.message, "Correct the variable or the line of configs/default.yaml named.")
    else:
        yield ok(WHAT, "can be read")


def check_variables(environment: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Variables with wrong names, each with the name that was probably meant."""
    unknown = unknown_variables(os.environ if environment is None else environment)
    for name in unknown:
        meant = get_close_matches(name.upper(), known_variables() | BESIDE_SETTINGS, n=1)
        advice = f"Did you mean {meant[0]}?" if meant else "Every setting is listed in configs/default.yaml."
        yield warning("variables", f"{name} sets nothing", advice)
    if not unknown:
        yield ok("variables", "every SCENESTREAM_… variable is a setting")


def _is_section(name: str, known: set[str]) -> bool:
    return any(other.startswith(f"{name}{NESTED}") for other in known)
