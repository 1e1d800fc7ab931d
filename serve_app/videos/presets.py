"""Presets as they are shown and resolved: packaged ones, and those of the owner, which change a packaged one.

Knows names and settings; knows no request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster import segment_settings
from cluster.contract.presets import PRESET_NAME, PresetDocument, PresetWish
from cluster.errors import ConflictError, InvalidSettingsError
from cluster.stores.postgres.presets import Preset

FindPreset = Callable[[str], Preset | None]
"""Finds a preset of the caller by its name."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """`preset`: the name that was asked for. `settings`: complete; their `preset` is the packaged one."""

    preset: str
    settings: dict[str, Any]


def resolve(preset: str | None, overrides: Mapping[str, Any], find: FindPreset) -> Resolved:
    """Complete settings from a preset of either kind and what is given besides. InvalidSettingsError."""
    wanted = preset or overrides.get("preset")
    if isinstance(wanted, str) and wanted not in segment_settings.preset_names():
        own = find(wanted) if re.fullmatch(PRESET_NAME, wanted) else None
        if own is not None:
            given = {**own.settings, **overrides, "preset": own.based_on}
            return Resolved(own.name, segment_settings.resolve(None, given))
        raise InvalidSettingsError(
            f"There is no preset {wanted!r}. Packaged are {', '.join(segment_settings.preset_names())}; "
            "`GET /presets` lists yours as well."
        )
    settings = segment_settings.resolve(preset or None, overrides)
    return Resolved(str(settings["preset"]), settings)


def check_wish(name: str, wish: PresetWish) -> str:
    """The packaged preset that a new own one is based on. ConflictError for a name that is packaged;
    InvalidSettingsError."""
    if name in segment_settings.preset_names():
        raise ConflictError(f"The preset {name!r} is packaged and cannot be changed; take another name.")
    if "preset" in wish.settings:
        raise InvalidSettingsError("The preset that this one is based on is named in `based_on`.")
    based_on = wish.based_on or segment_settings.DEFAULT_PRESET
    segment_settings.resolve(based_on, wish.settings)
    return based_on


def packaged_documents() -> list[PresetDocument]:
    """Those that are packaged, the default one first."""
    return [
        PresetDocument(
            name=name,
            own=False,
            based_on=None,
            description=segment_settings.description(name),
            settings=segment_settings.packaged(name),
            updated_at=None,
        )
        for name in segment_settings.preset_names()
    ]


def own_document(preset: Preset) -> PresetDocument:
    """One of the owner's."""
    return PresetDocument(
        name=preset.name,
        own=True,
        based_on=preset.based_on,
        description=None,
        settings=preset.settings,
        updated_at=preset.updated_at,
    )
