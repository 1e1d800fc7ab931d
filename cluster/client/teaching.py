"""Presets, and the settings that corrected videos teach."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.client.requests import Json, fetched, given, request
from cluster.client.steps import Op
from cluster.client.types import Learned, Level, Preset


def presets() -> Op[list[Preset]]:
    """Lists the packaged presets, then the caller's own by name."""
    found: list[Preset] = (yield from fetched("GET", "/presets"))["items"]
    return found


def preset(name: str) -> Op[Preset]:
    """One preset, packaged or own."""
    found: Preset = yield from fetched("GET", f"/presets/{name}")
    return found


def save_preset(
    name: str, settings: Json, *, based_on: str | None = None, replace: bool = True
) -> Op[Preset]:
    """Makes or replaces an own preset: what differs from a packaged one, by default `default`.

    ConflictError (`preset_exists`) when there is one of this name and `replace` is false.
    """
    body = {"settings": settings} | given(based_on=based_on)
    # Not repeated: where only the answer was lost, the repeat would find the preset that it has made itself.
    once: Json = {} if replace else {"headers": {"If-None-Match": "*"}, "tries": 1}
    made: Preset = yield from fetched("PUT", f"/presets/{name}", json=body, **once)
    return made


def delete_preset(name: str) -> Op[None]:
    """Deletes an own preset; videos keep their settings."""
    yield from request("DELETE", f"/presets/{name}")


def learn(
    videos: Sequence[str], *, preset: str | None = None, levels: Sequence[Level] | None = None
) -> Op[Learned]:
    """Looks for the settings that come nearest to the corrected results of these videos; stores nothing."""
    body = {"videos": list(videos)} | given(preset=preset, levels=levels and list(levels))
    found: Learned = yield from fetched("POST", "/presets:learn", json=body)
    return found
