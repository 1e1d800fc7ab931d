"""The bill of materials: what CycloneDX 1.6 requires, every package and model, and what each states."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cluster.local.bill_of_materials import NOT_STATED, document, licences, licences_of
from cluster.models.folder import InstalledModel

# What the schema of CycloneDX 1.6 requires of the parts that a bill of ours has.
HASH = {
    "type": "object",
    "required": ["alg", "content"],
    "properties": {"alg": {"enum": ["SHA-256"]}, "content": {"pattern": "^[0-9a-f]{64}$"}},
    "additionalProperties": False,
}
NAMED = {
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string", "minLength": 1}},
}
LICENCE = {
    "oneOf": [
        {
            "required": ["license"],
            "additionalProperties": False,
            "properties": {"license": NAMED},
        },
        {
            "required": ["expression"],
            "additionalProperties": False,
            "properties": {"expression": {"type": "string", "minLength": 1}},
        },
    ]
}  # fmt: skip
COMPONENT: dict[str, Any] = {
    "type": "object",
    "required": ["type", "name"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["application", "library", "machine-learning-model", "file"]},
        "bom-ref": {"type": "string", "minLength": 1},
        "name": {"type": "string", "minLength": 1},
        "version": {"type": "string"},
        "description": {"type": "string"},
        "purl": {"type": "string", "pattern": "^pkg:pypi/[a-z0-9-]+@[^ +]+$"},
        "licenses": {"type": "array", "items": LICENCE},
        "hashes": {"type": "array", "items": HASH},
        "components": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/component"}},
    },
}
SCHEMA = {
    "$defs": {"component": COMPONENT},
    "type": "object",
    "required": ["bomFormat", "specVersion", "serialNumber", "version", "metadata", "components"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "http://cyclonedx.org/schema/bom-1.6.schema.json"},
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "serialNumber": {
            "pattern": "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
        },
        "version": {"type": "integer", "minimum": 1},
        "metadata": {
            "type": "object",
            "additionalProperties": False,
            "required": ["timestamp", "component"],
            "properties": {"timestamp": {"format": "date-time"}, "component": COMPONENT},
        },
        "components": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/component"}},
        "dependencies": {
            "type": "array",
            "items": {
                "required": ["ref"],
                "additionalProperties": False,
                "properties": {
                    "ref": {"type": "string"},
                    "dependsOn": {"type": "array", "uniqueItems": True},
                },
            },
        },
    },
}
AT = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = InstalledModel(
    "whisper-base", "speech", "Whisper base", "", "", {"model.bin": "ab" * 32}, Path("models/whisper-base")
)


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return document(distributions(), [MODEL], AT)


def test_it_is_what_cyclonedx_requires(bill: dict[str, Any]) -> None:
    jsonschema.validate(bill, SCHEMA)
    refs = [component["bom-ref"] for component in bill["components"]]
    assert len(refs) == len(set(refs))
    needed = {ref for one in bill["dependencies"] for ref in (one["ref"], *one["dependsOn"])}
    assert needed <= {*refs, "scenestream"}


def test_every_package_is_there_with_a_licence(bill: dict[str, Any]) -> None:
    libraries = {one["name"]: one for one in bill["components"] if one["type"] == "library"}

    wanted = {"ray", "torch", "av", "fastapi", "psycopg"}
    assert set(libraries) == {package.name for package in distributions()} - {"scenestream"}
    assert wanted <= set(libraries)
    unstated = {line.split()[0] for line in licences(bill) if line.endswith(NOT_STATED)}
    assert not wanted & unstated
    assert all(one["licenses"] for one in libraries.values())
    ours = next(one for one in bill["dependencies"] if one["ref"] == "scenestream")
    assert libraries["ray"]["purl"] in ours["dependsOn"]


def test_a_model_has_its_licence_and_the_checksum_of_each_file(bill: dict[str, Any]) -> None:
    (model,) = [one for one in bill["components"] if one["type"] == "machine-learning-model"]

    assert model["licenses"] == [{"license": {"name": "MIT"}}]  # the catalogue's, where the manifest has none
    assert model["components"][0]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]


class Package(Distribution):
    """A package with the given metadata."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self._fields = Message()
        for name, value in lines:
            self._fields[name] = value

    @property
    def metadata(self) -> Any:
        return self._fields

    def read_text(self, filename: str) -> None:
        raise NotImplementedError

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


OSI = "License :: OSI Approved"


def named(name: str) -> dict[str, Any]:
    return {"license": {"name": name}}


@pytest.mark.parametrize(
    ("lines", "stated"),
    [
        ([("License-Expression", "MIT OR 0BSD"), ("License", "x")], {"expression": "MIT OR 0BSD"}),
        ([("License", "BSD"), ("Classifier", f"{OSI} :: MIT License")], named("MIT License")),
        ([("License", "BSD-3-Clause"), ("Classifier", OSI)], named("BSD-3-Clause")),
        ([("License", "The MIT License\n\nPermission is " + "x" * 200)], named("The MIT License")),
        ([("Classifier", "Programming Language :: C")], named(NOT_STATED)),
    ],
)
def test_what_a_package_states(lines: list[tuple[str, str]], stated: dict[str, Any]) -> None:
    assert licences_of(Package(*lines)) == [stated]


def test_the_same_components_have_the_same_number() -> None:
    one, same = (document(distributions(), [MODEL], AT) for _ in range(2))
    other = document(distributions(), [], AT)

    assert one["serialNumber"] == same["serialNumber"] != other["serialNumber"]
