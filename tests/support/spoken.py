"""Reads a text aloud, with known words, by the voice that FFmpeg brings (its filter `flite`).

Where FFmpeg or that filter is missing, a test is skipped; under CI=true it fails. Knows nothing of the code
under test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cluster.models.folder import ModelsFolder
from cluster.settings import get_settings


def missing(what: str) -> None:
    """Skips the test, or fails it under CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing; `make test` installs it")
    pytest.skip(f"{what} is missing")


def model_folder() -> Path:
    """The folder of the speech model that the settings name."""
    model = ModelsFolder.of(get_settings()).find(get_settings().models.speech)
    if model is None:
        missing("the speech model")
    assert model is not None
    return model.folder


def read_aloud(
    text: str, target: Path, *, voice: str = "slt", rate_hz: int = 16_000, delay_s: float = 0.0
) -> Path:
    """Writes a sound file in which a voice reads a text, after a silence."""
    if shutil.which("ffmpeg") is None or "flite" not in _filters():
        missing("ffmpeg with its filter flite")
    said = re.sub(r"[^\w .,?!]", "", text)
    source = f"flite=text='{said}':voice={voice},adelay={round(delay_s * 1000)}:all=1"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-ar", str(rate_hz), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


def words_of(text: str) -> list[str]:
    """What is compared of a text: its words in lower case, without punctuation."""
    return re.findall(r"\w+", text.lower())


def _filters() -> str:
    return subprocess.run(
        ["ffmpeg", "-hide_banner", "-filters"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
