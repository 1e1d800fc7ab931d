"""Segmentation settings of one video: merges preset and overrides into one flat, complete, validated
dictionary.

Knows `configs/segment_settings.schema.json` and `configs/presets/*.yaml`, where a sentence about each preset
stands as well. Does not know what a setting means; `actors.segmentation.settings` holds the same ranges, and
a test keeps the two equal.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from cluster.errors import InvalidSettingsError
from cluster.settings import CONFIG_DIR

DEFAULT_PRESET = "default"
_DESCRIPTION = "description"
"""Key of a preset's file that is no setting."""
_IGNORED_MAX = 0.75
"""Share of the picture that `ignore` may cover."""
_EDGE_SLACK = 1e-6
"""By so much `ignore` may reach over the edge: shares such as 2/3 + 1/3 are not exact."""


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((CONFIG_DIR / "segment_settings.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(document)
    return document


@lru_cache(maxsize=1)
def _presets() -> dict[str, dict[str, Any]]:
    found = {}
    for name in preset_names():
        found[name] = {key: value for key, value in _file_of(name).items() if key != _DESCRIPTION}
    return found


@cache
def _file_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONFIG_DIR / "presets" / f"{name}.yaml").read_text("utf-8"))
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema of the flat dictionary: types, ranges, defaults and descriptions."""
    return copy.deepcopy(_schema())


def preset_names() -> tuple[str, ...]:
    """Names of all presets, the default one first."""
    return tuple(_schema()["properties"]["preset"]["enum"])


def packaged(name: str) -> dict[str, Any]:
    """What a packaged preset sets otherwise than the defaults. KeyError for a name that is none."""
    return copy.deepcopy(_presets()[name])


def description(name: str) -> str:
    """What a packaged preset is for: a sentence for people. KeyError for a name that is none."""
    if name not in preset_names():
        raise KeyError(name)
    return str(_file_of(name)[_DESCRIPTION])


def resolve(preset: str | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Merges the defaults, the preset and the overrides; the later ones win. Every key of the schema, with
    `preset`.

    `preset` None: the one named in the overrides, else "default". InvalidSettingsError names the key and
    its range.
    """
    given = dict(overrides)
    if preset is not None:
        given["preset"] = preset
    name = given.setdefault("preset", DEFAULT_PRESET)
    _validate(given)
    properties: dict[str, dict[str, Any]] = _schema()["properties"]
    defaults = {key: prop["default"] for key, prop in properties.items()}
    merged = {**defaults, **_presets()[name], **given}
    _validate(merged)
    _validate_together(merged)
    return merged


def check_part(settings: Mapping[str, Any], media: Mapping[str, Any]) -> None:
    """InvalidSettingsError when the part from `from_s` to `to_s` lies outside of the video that `media` (the
    contract's keys) describes."""
    if "duration_s" not in media:
        return
    start_s = float(media.get("start_s") or 0.0)
    end_s = start_s + float(media["duration_s"])
    from_s, to_s = settings.get("from_s"), settings.get("to_s")
    span = f"the video lasts from {start_s:g} to {end_s:g} s"
    if from_s is not None and from_s >= end_s:
        raise InvalidSettingsError(f"from_s must lie before the end: {span}, and {from_s:g} is behind it.")
    if to_s is not None and to_s <= start_s:
        raise InvalidSettingsError(f"to_s must lie after the start: {span}, and {to_s:g} is before it.")


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Parses `["min_scene_s=5", "ignore=0.8,0,0.2,0.1", …]` of the command line into overrides.

    What is not JSON is a string.
    """
    overrides: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise InvalidSettingsError(f"Settings are given as KEY=VALUE, not '{assignment}'.")
        overrides[key.strip()] = _value(text)
    return overrides


def _value(text: str) -> Any:
    """JSON, or an array without its brackets, which shells take for a pattern; else the text itself."""
    for written in (text, f"[{text}]") if "," in text else (text,):
        try:
            return json.loads(written)
        except (ValueError, RecursionError):  # no JSON, or thousands of digits or brackets
            continue
    return text.strip()


def _validate(settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():  # JSON has no such numbers, but JSON Schema lets them pass
        numbers = value if isinstance(value, list) else [value]
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            wanted = _wanted(_schema()["properties"].get(key, {}))
            raise InvalidSettingsError(f"{key} must be {wanted}, not {json.dumps(value)}.")
    errors = sorted(Draft202012Validator(_schema()).iter_errors(dict(settings)), key=lambda e: list(e.path))
    if errors:
        said = dict.fromkeys(_say(error, settings) for error in errors)  # once for each key
        raise InvalidSettingsError(" ".join(said))


def _validate_together(settings: Mapping[str, Any]) -> None:
    """What no schema says: bounds that one setting sets another."""
    from_s, to_s, scenes, chapters = (settings[key] for key in ("from_s", "to_s", "scenes", "chapters"))
    if from_s is not None and to_s is not None and to_s <= from_s:
        raise InvalidSettingsError(f"to_s must lie after from_s ({from_s:g}), not at {to_s:g}.")
    if scenes is not None and chapters is not None and chapters > scenes:
        raise InvalidSettingsError(f"chapters must be at most scenes ({scenes}), not {chapters}.")
    if settings["ignore"] is not None:
        _validate_rectangle(*settings["ignore"])


def _validate_rectangle(x: float, y: float, width: float, height: float) -> None:
    for name, start, length in (("x", x, width), ("y", y, height)):
        side = "width" if name == "x" else "height"
        if length <= 0:
            raise InvalidSettingsError(f"ignore is [x, y, width, height]; its {side} must be more than 0.")
        if start + length > 1 + _EDGE_SLACK:
            raise InvalidSettingsError(
                f"ignore must lie inside the picture: {name} + {side} is {start + length:g}, at most 1."
            )
    if width * height > _IGNORED_MAX:
        raise InvalidSettingsError(
            f"ignore covers {width * height:g} of the picture; it may cover at most {_IGNORED_MAX:g}."
        )


def _say(error: ValidationError, settings: Mapping[str, Any]) -> str:
    properties: dict[str, dict[str, Any]] = _schema()["properties"]
    if error.validator == "additionalProperties":
        unknown = ", ".join(sorted(map(str, set(settings) - set(properties))))
        return f"Unknown setting: {unknown}. There are: {', '.join(sorted(properties))}."
    key = str(error.path[0]) if error.path else "settings"
    value = json.dumps(settings.get(key), default=repr)
    return f"{key} must be {_wanted(properties.get(key, {}))}, not {value}."


def _wanted(prop: Mapping[str, Any]) -> str:
    if "enum" in prop:
        return f"one of {', '.join(prop['enum'])}"
    if "array" in prop.get("type", ()):
        low, high = prop["items"]["minimum"], prop["items"]["maximum"]
        return (
            f"{prop['minItems']} numbers from {low} to {high} or null ([x, y, width, height], each divided "
            "by the picture's width or height)"
        )
    kind = "a whole number" if "integer" in prop.get("type", ()) else "a number"
    null = " or null" if "null" in prop.get("type", ()) else ""
    return f"{kind} from {prop.get('minimum')} to {prop.get('maximum')}{null}"
