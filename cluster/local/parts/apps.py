"""The applications as a part of the stack: a driver process that deploys them and says how they are.

Knows the driver's command line and the file it writes; what the applications are is in configs/serve.yaml.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from cluster.local.errors import NotReadyError
from cluster.local.layout import Layout
from cluster.local.parts.part import Part, clean_environment
from cluster.local.ports import PortBook
from cluster.local.process.spawning import ProcessSpec

PROBE_TIMEOUT_S = 5.0
# What the driver allows for the orderly end of one thing; work in progress is handed back meanwhile.
STOP_FUNCTION_S = 35.0
STOP_SERVE_S = 10.0


class Apps(Part):
    """The Serve applications and the actors."""

    name: ClassVar[str] = "apps"
    title: ClassVar[str] = "The application"
    start_timeout_s: ClassVar[float] = 300.0  # models load, on a machine that may be busy
    stop_grace_s: ClassVar[float] = STOP_FUNCTION_S + STOP_SERVE_S + 5.0

    def __init__(
        self, layout: Layout, ports: PortBook, environment: Mapping[str, str], url: str, config: Path
    ) -> None:
        super().__init__(layout, ports)
        self._environment = dict(environment)
        self._url = url
        self._config = config

    @property
    def url(self) -> str:
        """Where Serve listens."""
        return self._url

    @property
    def address(self) -> str:
        """Where Serve listens."""
        return self._url

    @property
    def report_file(self) -> Path:
        """Written by the driver."""
        return self.layout.run_dir / "apps.json"

    def prepare(self) -> None:
        """Forget the report of an earlier driver."""
        self.report_file.unlink(missing_ok=True)

    def processes(self) -> Sequence[ProcessSpec]:
        """The driver."""
        argv = (sys.executable, "-m", "cluster.local.apps", str(self._config), str(self.report_file))
        environment = {**clean_environment(), **self._environment}
        return [ProcessSpec(self.name, argv, self.layout.var_dir, environment)]

    def probe(self) -> str:
        """Every application runs, and Serve's proxy answers."""
        applications = self.report()
        waiting = [name for name, state in applications.items() if state != "running"]
        if not applications or waiting:
            told = ", ".join(f"{name} {state}" for name, state in applications.items())
            raise NotReadyError(f"Not all applications run yet: {told or 'none is deployed'}")
        where = f"{self._url}/-/healthz"
        try:
            with urllib.request.urlopen(where, timeout=PROBE_TIMEOUT_S) as answer:  # noqa: S310 - http
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise NotReadyError(f"Serve's proxy does not answer: {error}") from error
        return ", ".join(applications)

    def report(self) -> dict[str, str]:
        """State by application, as the driver wrote it last."""
        try:
            content: Any = json.loads(self.report_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(state) for name, state in content.items()}
