"""The software bill of materials: every installed package and model with version, licence and checksums.

`python -m cluster.local.bill_of_materials FILE` writes CycloneDX 1.6 (JSON), `--licences` prints a list for
people. Reads the metadata of this Python environment and the manifests of its models. Does not know programs
of the system (ffmpeg, RabbitMQ, the driver of a GPU), nor whether a licence that a package states is right.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from cluster.models.catalogue import KNOWN
from cluster.models.folder import InstalledModel, ModelsFolder
from cluster.settings import get_settings

PROJECT = "scenestream"
NOT_STATED = "not stated"
"""As licence, where a package or a model names none."""
_MAX_LICENCE_CHARS = 100
"""A longer field of the metadata is the text of a licence and not its name."""
_OSI = "OSI Approved"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def document(
    packages: Iterable[Distribution], models: Iterable[InstalledModel], at: datetime
) -> dict[str, Any]:
    """The bill as a CycloneDX document. `at`: when it is made, with a time zone."""
    found = {_normal(package.name): package for package in packages}
    ours = found.pop(PROJECT, None)
    refs = {name: _purl(package) for name, package in found.items()}
    components = [_library(found[name]) for name in sorted(found)] + [_model(model) for model in models]
    root = {"type": "application", "bom-ref": PROJECT, "name": PROJECT}
    root["version"] = ours.version if ours is not None else "0"
    dependencies = [{"ref": refs[name], "dependsOn": _needed(found[name], refs)} for name in sorted(found)]
    if ours is not None:
        dependencies.insert(0, {"ref": PROJECT, "dependsOn": _needed(ours, refs)})
    content = json.dumps(components, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}",
        "version": 1,
        "metadata": {"timestamp": at.isoformat(timespec="seconds"), "component": root},
        "components": components,
        "dependencies": dependencies,
    }


def licences(bill: dict[str, Any]) -> Iterator[str]:
    """A line for each component of a bill: name, version, licences."""
    for component in bill["components"]:
        named = [one.get("expression") or one["license"]["name"] for one in component["licenses"]]
        yield f"{component['name']} {component.get('version', '')}: {', '.join(named)}"


def licences_of(package: Distribution) -> list[dict[str, Any]]:
    """The licences that a package states, as CycloneDX has them: one SPDX expression, or names."""
    metadata = package.metadata
    expressions = metadata.get_all("License-Expression")
    if expressions:
        return [{"expression": expressions[0]}]
    classified = [
        parts[-1]
        for line in metadata.get_all("Classifier") or []
        if (parts := line.split(" :: "))[0] == "License" and parts[-1] != _OSI
    ]
    stated = "".join((metadata.get_all("License") or [])[:1]).strip()
    is_name = 0 < len(stated) <= _MAX_LICENCE_CHARS and "\n" not in stated
    names = classified or ([stated] if is_name else [])
    if not names and stated:
        names = [stated.splitlines()[0].strip()[:_MAX_LICENCE_CHARS]]
    return [{"license": {"name": name}} for name in names or [NOT_STATED]]


def _library(package: Distribution) -> dict[str, Any]:
    purl = _purl(package)
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
        "licenses": licences_of(package),
    }


def _model(model: InstalledModel) -> dict[str, Any]:
    known = KNOWN.get(model.name)
    licence = model.licence or (known.licence if known is not None else "") or NOT_STATED
    files = [
        {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": checksum}]}
        for name, checksum in sorted(model.files.items())
    ]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{model.name}",
        "name": model.name,
        "description": model.what,
        "licenses": [{"license": {"name": licence}}],
        "components": files,
    }


def _needed(package: Distribution, refs: dict[str, str]) -> list[str]:
    """The installed packages that this one requires here, without those of its extras."""
    needed = set()
    for line in package.requires or []:
        requirement, _, marker = line.partition(";")
        name = _NAME.match(requirement)
        if name is not None and "extra" not in marker:  # what other markers leave out is not installed
            needed.add(_normal(name[0]))
    return sorted(refs[name] for name in needed & refs.keys())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _purl(package: Distribution) -> str:
    return f"pkg:pypi/{_normal(package.name)}@{package.version.replace('+', '%2B')}"


def main() -> None:
    """Writes the bill, or prints the licences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="where to write; without it, standard output")
    parser.add_argument("--licences", action="store_true", help="print a list of licences instead")
    asked = parser.parse_args()
    models = ModelsFolder.of(get_settings()).installed()
    bill = document(distributions(), models, datetime.now(UTC))
    text = "\n".join(licences(bill)) if asked.licences else json.dumps(bill, indent=1)
    if asked.file is None:
        sys.stdout.write(text + "\n")
    else:
        asked.file.parent.mkdir(parents=True, exist_ok=True)
        asked.file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
