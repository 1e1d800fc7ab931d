"""The part "apps": the driver process (`cluster.local.apps`), which deploys and watches the applications.

Knows the driver's command line and the file it writes; the applications are listed in configs/serve.yaml.
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
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.ports import PortBook
from cluster.local.process.spawning import ProcessSpec

PROBE_TIMEOUT_S = 5.0
"""For the answer of Serve's proxy."""

STOP_FUNCTION_S = 35.0
"""For each application without a route to stop; bridges hand their leases back in that time."""

STOP_SERVE_S = 10.0
"""For Serve to shut down."""


class Apps(StackPart):
    """The driver process of the Serve applications and the actors."""

    name: ClassVar[str] = "apps"
    title: ClassVar[str] = "The application"
    start_timeout_s: ClassVar[float] = 300.0  # actors load models, on a machine that may be busy
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
        """Base URL of Serve's proxy."""
        return self._url

    @property
    def address(self) -> str:
        """Base URL of Serve's proxy."""
        return self._url

    @property
    def report_file(self) -> Path:
        """apps.json, written by the driver."""
        return self.layout.run_dir / "apps.json"

    def prepare(self) -> None:
        """Delete the report of an earlier driver."""
        self.report_file.unlink(missing_ok=True)

    def processes(self) -> Sequence[ProcessSpec]:
        """The driver process."""
        argv = (sys.executable, "-m", "cluster.local.apps", str(self._config), str(self.report_file))
        environment = {**clean_environment(), **self._environment}
        return [ProcessSpec(self.name, argv, self.layout.var_dir, environment)]

    def probe(self) -> str:
        """Check that every application runs and that Serve's proxy answers; returns their names."""
        applications = self.report()
        waiting = [name for name, state in applications.items() if state != "running"]
        if not applications or waiting:
            states = ", ".join(f"{name} {state}" for name, state in applications.items())
            raise NotReadyError(f"Not all applications run yet: {states or 'none is deployed'}")
        health_url = f"{self._url}/-/healthz"
        try:
            with urllib.request.urlopen(health_url, timeout=PROBE_TIMEOUT_S) as answer:  # noqa: S310 - http
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise NotReadyError(f"Serve's proxy does not answer: {error}") from error
        return ", ".join(applications)

    def report(self) -> dict[str, str]:
        """State by application, as the driver reported it last; empty without a report."""
        try:
            content: Any = json.loads(self.report_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(state) for name, state in content.items()}
