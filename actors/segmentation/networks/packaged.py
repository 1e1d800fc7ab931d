"""Finds files inside installed packages (weights, class names) without importing these packages.

Their own code is not used: importing it costs seconds, and some of it changes global state (see
`networks.transnet`). Imports the standard library alone.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def packaged(package: str, *parts: str) -> Path:
    """Path of a file inside an installed package. FileNotFoundError when package or file is missing."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        raise FileNotFoundError(f"the package {name} is not installed")
    path = Path(spec.origin).parent.joinpath(*parts)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; reinstall the package that it belongs to")
    return path
