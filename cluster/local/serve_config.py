"""Reads configs/serve.yaml: the applications that the stack starts, as import strings.

With import strings, `cluster` can start code of the packages above it without importing them. Knows no Ray,
which `cluster.local.apps` uses.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from cluster.errors import InvalidSettingsError
from cluster.settings import CONFIG_DIR

DEFAULT_PATH = CONFIG_DIR / "serve.yaml"
KEYS = frozenset({"name", "import_path", "route_prefix", "stop_import_path"})

_IMPORTING = threading.Lock()
"""Held during an import, so that threads import one after the other. Otherwise they can deadlock: importing
`package.module` locks the module, then the package; a package that imports its module locks them the other
way round, and Python ends one of the two imports with an exception.
"""


@dataclass(frozen=True, slots=True)
class Application:
    """One application.

    With a `route_prefix`, `import_path` names a function without arguments that returns a bound Serve
    application. Without one it names a function that starts what does not run yet (idempotent); then
    `stop_import_path` names the function that stops it.
    """

    name: str
    import_path: str
    route_prefix: str | None = None
    stop_import_path: str | None = None

    def __post_init__(self) -> None:
        for path in filter(None, (self.import_path, self.stop_import_path)):
            module, separator, attribute = path.partition(":")
            if not (separator and module and attribute):
                raise InvalidSettingsError(f"'{path}' of {self.name} must look like package.module:function.")
        if self.route_prefix is not None and not self.route_prefix.startswith("/"):
            raise InvalidSettingsError(f"The route_prefix of {self.name} must begin with a slash.")


def load(path: Path = DEFAULT_PATH) -> tuple[Application, ...]:
    """The applications, in the order of the file. Raises InvalidSettingsError with the reason."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise InvalidSettingsError(f"{path} cannot be read: {error}") from error
    entries = content.get("applications") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise InvalidSettingsError(f"{path} needs a list called 'applications'.")
    applications = tuple(_application(path, entry) for entry in entries)
    names = [application.name for application in applications]
    if len(set(names)) != len(names):
        raise InvalidSettingsError(f"{path} has two applications of one name.")
    return applications


def function(import_path: str) -> Callable[[], Any]:
    """Import the function that `package.module:function` names. Thread-safe."""
    module, _, attribute = import_path.partition(":")
    with _IMPORTING:
        imported = importlib.import_module(module)
    return cast("Callable[[], Any]", getattr(imported, attribute))


def _application(path: Path, entry: object) -> Application:
    if not isinstance(entry, dict) or not {"name", "import_path"} <= set(entry) <= KEYS:
        raise InvalidSettingsError(
            f"Each application in {path} needs 'name' and 'import_path', and may have 'route_prefix' and "
            f"'stop_import_path'; not so: {entry!r}"
        )
    return Application(**{key: str(value) for key, value in entry.items()})
