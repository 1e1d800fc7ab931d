"""Reads numbers that are kept as data: the file of a package that says what its evidence weighs.

Such a file holds `values`, which the code uses, and `provenance`, which tells people how they came about:
which were fitted to which films, which were only confirmed by them. `tests.benchmarks.fit` writes it; only
`values` are read here. Knows names and numbers; does not know what they weigh.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any


class WeightsError(ValueError):
    """A file does not hold the numbers that this code needs; the message says which."""


def read_values(path: Path) -> dict[str, Any]:
    """`values` of the file. WeightsError when there is no such file, or none in it; says how to make it."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"The numbers in {path} cannot be read ({error}). Install the package again, or fit them anew: "
            "tests/benchmarks/fit/README.md."
        ) from error
    values = document.get("values") if isinstance(document, dict) else None
    if not isinstance(values, dict):
        raise WeightsError(f"{path} has no object `values`.")
    return values


def numbers(values: object, names: Iterable[str], where: str) -> dict[str, float]:
    """`values` as floats, in the order of `names`. `where`: what the message calls them.

    WeightsError unless it is a mapping from exactly these names to finite numbers.
    """
    wanted = tuple(names)
    given = parts(values, wanted, where)
    found: dict[str, float] = {}
    for name in wanted:
        value = given[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise WeightsError(f"{where}: {name} must be a finite number, not {value!r}.")
        found[name] = float(value)
    return found


def parts(values: object, names: Iterable[str], where: str) -> Mapping[str, Any]:
    """`values`, which must be a mapping with exactly these names; WeightsError tells what is amiss."""
    if not isinstance(values, Mapping):
        raise WeightsError(f"{where}: an object is wanted, not {type(values).__name__}.")
    wanted = set(names)
    missing, unknown = sorted(wanted - set(values)), sorted(set(values) - wanted)
    if missing or unknown:
        raise WeightsError(
            f"{where}: missing {', '.join(missing) or 'nothing'}, unknown {', '.join(unknown) or 'nothing'}. "
            "The file was made for other code; fit the numbers anew: tests/benchmarks/fit/README.md."
        )
    return values
