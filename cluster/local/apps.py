"""`python -m cluster.local.apps CONFIG REPORT`: deploys the stack's applications on Ray and watches them.

The driver process of the local stack: joins Ray (RAY_ADDRESS), starts Serve on http.host:http.port, deploys
the applications of CONFIG and writes the state of each to REPORT (JSON). SIGTERM takes them down in a bounded
time. Knows neither the applications nor the supervisor that restarts it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ray
import structlog
from ray import serve
from ray.serve.config import HTTPOptions
from ray.serve.schema import ApplicationStatus

from cluster.errors import ScenestreamError
from cluster.local import serve_config
from cluster.local.environment import RAY_IS_LOCAL, environment_of
from cluster.local.layout import write_private
from cluster.local.parts.apps import STOP_FUNCTION_S, STOP_SERVE_S
from cluster.local.serve_config import Application
from cluster.settings import Settings, get_settings
from cluster.telemetry import logs

START_WATCH_INTERVAL_S = 0.5
"""Interval of reading Serve's status until every application runs."""

WATCH_INTERVAL_S = 3.0
"""The same afterwards."""

ENSURE_INTERVAL_S = 30.0
"""Interval of calling the functions of applications without a route, which start again what has died."""

FAILED_STATES = (ApplicationStatus.DEPLOY_FAILED,)

log = structlog.get_logger(__name__)


class Driver:
    """Deploys and watches the applications of one configuration on one Ray."""

    def __init__(self, settings: Settings, applications: tuple[Application, ...], report: Path) -> None:
        self._settings = settings
        self._served = [application for application in applications if application.route_prefix is not None]
        self._ensured = [application for application in applications if application.route_prefix is None]
        self._report_file = report
        self._states = dict.fromkeys((application.name for application in applications), "starting")
        self._failure: BaseException | None = None
        self._stop = threading.Event()

    def run(self) -> int:
        """Deploy, watch until SIGTERM or SIGINT, take down. Exit code 1: a deployment failed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        _join_ray(self._settings)
        serve.start(
            proxy_location="HeadOnly",
            http_options=HTTPOptions(host=self._settings.http.host, port=self._settings.http.port),
        )
        threading.Thread(target=self._ensure_repeatedly, name="ensure", daemon=True).start()
        try:
            self._deploy()
            self._watch()
        except ScenestreamError as error:
            log.critical("applications failed", reason=error.message)
            return 1
        finally:
            self._take_down()
        return 0

    def _deploy(self) -> None:
        """Deploy one application after the other: the replicas of one start while the next is imported."""
        for application in self._served:
            target = serve.RunTarget(
                target=serve_config.function(application.import_path)(),
                name=application.name,
                route_prefix=application.route_prefix,
            )
            serve.run_many(
                [target], wait_for_ingress_deployment_creation=False, wait_for_applications_running=False
            )

    def _watch(self) -> None:
        while not self._stop.wait(self._interval_s()):
            if self._failure is not None:
                raise ScenestreamError(f"{self._failure}") from self._failure
            known = serve.status().applications if self._served else {}
            for application in self._served:
                found = known.get(application.name)
                if found is None:
                    continue
                if found.status in FAILED_STATES:
                    raise ScenestreamError(f"{application.name} cannot be deployed: {found.message}")
                self._report(application.name, found.status.value.lower())

    def _interval_s(self) -> float:
        running = all(state == "running" for state in self._states.values())
        return WATCH_INTERVAL_S if running else START_WATCH_INTERVAL_S

    def _ensure_repeatedly(self) -> None:
        """Call the functions at an interval. A first call that fails ends the driver; later ones do not."""
        for application in self._ensured:
            try:
                serve_config.function(application.import_path)()
            except Exception as error:  # noqa: BLE001 - any code; the main thread raises it
                self._failure = error
                return
            self._report(application.name, "running")
        while not self._stop.wait(ENSURE_INTERVAL_S):
            for application in self._ensured:
                try:
                    serve_config.function(application.import_path)()
                    self._report(application.name, "running")
                except Exception as error:
                    log.exception("application is unhealthy", application=application.name)
                    self._report(application.name, f"unhealthy: {error}")

    def _report(self, name: str, state: str) -> None:
        if self._states[name] == state:
            return
        log.info("application changed", application=name, was=self._states[name], state=state)
        self._states[name] = state
        write_private(self._report_file, json.dumps(self._states), durable=False)

    def _take_down(self) -> None:
        self._stop.set()
        for application in reversed(self._ensured):
            if application.stop_import_path is not None:
                stop = partial(_call, application.stop_import_path)
                _within(STOP_FUNCTION_S, application.name, stop)
        _within(STOP_SERVE_S, "serve", serve.shutdown)


def _call(import_path: str) -> None:
    serve_config.function(import_path)()


def _within(limit_s: float, what: str, stop: Callable[[], Any]) -> None:
    """Call `stop` in a thread and wait at most `limit_s`; the supervisor kills what still runs then."""

    def attempt() -> None:
        try:
            stop()
            log.info("taken down", what=what)
        except Exception:
            log.exception("taking down failed", what=what)

    thread = threading.Thread(target=attempt, name=f"stop-{what}", daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        log.warning("taking down takes too long", what=what)


def _join_ray(settings: Settings) -> None:
    """Connect to Ray as a driver. An external Ray's workers get the settings from the runtime environment."""
    variables = {} if RAY_IS_LOCAL in os.environ else environment_of(settings)
    ray.init(
        address=settings.ray_address or None,
        namespace=settings.ray_namespace,
        log_to_driver=False,
        runtime_env={"env_vars": variables} if variables else None,
    )


def main(config: str, report: str) -> int:
    """Run until SIGTERM. Exit code 1: wrong configuration, or an application cannot be deployed."""
    settings = get_settings()
    logs.configure(settings)
    try:
        applications = serve_config.load(Path(config))
    except ScenestreamError as error:
        log.critical("applications failed", reason=error.message)
        return 1
    return Driver(settings, applications, Path(report)).run()


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stderr.flush()
    # A thread that hangs in a call to a dead Ray would keep the process alive.
    os._exit(code)
