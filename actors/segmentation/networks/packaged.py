"""Files that lie inside installed packages: weights and names, read without importing those packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def packaged(package: str, *parts: str) -> Path:
    """A file inside an installed package. FileNotFoundError when the package or the file is not there."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        raise FileNotFoundError(f"the package {name} is not installed")
    path = Path(spec.origin).parent.joinpath(*parts)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; reinstall the package that it belongs to")
    return path
