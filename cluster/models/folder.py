"""The folder in which models live: one folder a model, each with a manifest of its files and checksums.

A model is put together beside its place and moved there whole, so one that is there is complete. Knows files;
does not know where models come from, nor how they are used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cluster.errors import ConflictError, NotFoundError, UsageError
from cluster.models.catalogue import MEANING_FILE
from cluster.settings import Settings

MANIFEST = "manifest.json"
"""In each model's folder: what it is, and the checksum of every file."""
SPEECH_FILES = ("model.bin", "config.json", "tokenizer.json")
"""What a speech model for CTranslate2 has at least. Its vocabulary is called vocabulary.json or .txt."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that is there. files: checksum (SHA-256, hex) of each; folder: where they lie."""

    name: str
    kind: str
    what: str
    licence: str
    source: str
    files: Mapping[str, str]
    folder: Path

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum((self.folder / name).stat().st_size for name in self.files)


class ModelsFolder:
    """All models of an installation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, settings: Settings) -> ModelsFolder:
        """The one that the settings name; if they name none, the one of this Python environment, so that
        models come and go with the packages that use them."""
        given = settings.models.dir
        return cls(Path(given) if given else Path(sys.prefix) / "share" / "scenestream" / "models")

    def installed(self) -> list[InstalledModel]:
        """Every model, by name. What has no readable manifest is left out."""
        if not self.folder.is_dir():
            return []
        found = (self._read(path) for path in sorted(self.folder.iterdir()) if path.is_dir())
        return [model for model in found if model is not None]

    def find(self, name: str) -> InstalledModel | None:
        """The model of this name, with all its files; None if it is not there."""
        if not _NAME.fullmatch(name):
            return None
        model = self._read(self.folder / name)
        if model is None or not all((model.folder / file).is_file() for file in model.files):
            return None
        return model

    def verify(self, name: str) -> list[str]:
        """A sentence for each file that is missing or has changed; none if all are as they were added.

        NotFoundError if there is no such model.
        """
        model = self._read(self.folder / name) if _NAME.fullmatch(name) else None
        if model is None:
            raise NotFoundError(
                f"There is no model {name} in {self.folder}. `scenestream models list` shows all."
            )
        wrong = []
        for file, checksum in model.files.items():
            path = model.folder / file
            if not path.is_file():
                wrong.append(f"{file} is missing")
            elif sha256_of(path) != checksum:
                wrong.append(f"{file} is not what was added: its checksum differs")
        return wrong

    @contextmanager
    def adding(self, name: str, *, replace: bool = False) -> Iterator[Path]:
        """An empty folder to put the files of a model into; it takes its place when the block has ended.

        UsageError for a name that is none, ConflictError if the model is there and not to be replaced,
        OSError if the folder cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"'{name}' is no name for a model: lower case letters, digits, dots, - and _, at most 64."
            )
        target = self.folder / name
        if target.exists() and not replace:
            raise ConflictError(f"There is a model {name} already; add it under another name (--name).")
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".adding-") as made:
            place = Path(made) / name
            place.mkdir()
            yield place
            if target.exists():
                os.rename(target, Path(made) / "replaced")
            os.rename(place, target)

    def add_folder(self, source: Path, name: str) -> InstalledModel:
        """Copies a folder with a speech model for CTranslate2, or with a model of meaning.

        UsageError if it holds neither.
        """
        kind = "meaning" if (source / MEANING_FILE).is_file() else "speech"
        missing = [file for file in SPEECH_FILES if not (source / file).is_file()]
        if missing and kind == "speech":
            raise UsageError(
                f"{source} holds no speech model: {', '.join(missing)} is missing. It must be one that "
                f"CTranslate2 reads, as ct2-transformers-converter writes it, or hold {MEANING_FILE}."
            )
        with self.adding(name) as place:
            for path in sorted(source.iterdir()):
                if path.is_file() and path.name != MANIFEST:
                    shutil.copyfile(path, place / path.name)
            write_manifest(place, name=name, kind=kind, what="added from a folder", licence="", source="")
        model = self.find(name)
        assert model is not None, "it was just added"
        return model

    @staticmethod
    def _read(folder: Path) -> InstalledModel | None:
        try:
            manifest: Any = json.loads((folder / MANIFEST).read_text("utf-8"))
            files = manifest.pop("files")
            return InstalledModel(**manifest, files=dict(files), folder=folder)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None  # no model, or one that was not added here


def write_manifest(folder: Path, *, name: str, kind: str, what: str, licence: str, source: str) -> None:
    """The manifest of all files that lie in a folder. OSError if it cannot be written."""
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    model = asdict(InstalledModel(name, kind, what, licence, source, files, folder))
    del model["folder"]
    (folder / MANIFEST).write_text(json.dumps(model, indent=1, sort_keys=True) + "\n", "utf-8")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex. OSError if it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
