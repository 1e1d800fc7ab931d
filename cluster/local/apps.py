"""`python -m cluster.local.apps CONFIG REPORT`: deploys the applications of the stack and watches them.

The driver of the embedded default: joins Ray (RAY_ADDRESS), starts Serve on http.host:http.port, deploys
what the configuration names and writes to REPORT which of it runs. SIGTERM takes everything down in a
bounded time.
Knows neither the applications nor the supervisor that restarts it.
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
WATCH_INTERVAL_S = 3.0
ENSURE_INTERVAL_S = 30.0

FAILED_STATES = (ApplicationStatus.DEPLOY_FAILED,)

log = structlog.get_logger(__name__)


class Driver:
    """The applications of one configuration on one Ray."""

    def __init__(self, settings: Settings, applications: tuple[Application, ...], report: Path) -> None:
        self._settings = settings
        self._served = [application for application in applications if application.route_prefix is not None]
        self._ensured = [application for application in applications if application.route_prefix is None]
        self._report_file = report
        self._states = dict.fromkeys((application.name for application in applications), "starting")
        self._failure: BaseException | None = None
        self._stop = threading.Event()

    def run(self) -> int:
        """Deploy, watch, take down. Returns the exit code: 1 if an application cannot be deployed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        _join_ray(self._settings)
        serve.start(
            proxy_location="HeadOnly",
            http_options=HTTPOptions(host=self._settings.http.host, port=self._settings.http.port),
        )
        ensuring = threading.Thread(target=self._keep_ensured, name="ensure", daemon=True)
        ensuring.start()
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
        """One by one: while replicas of the first start, the next is imported."""
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
                self._tell(application.name, found.status.value.lower())

    def _interval_s(self) -> float:
        running = all(state == "running" for state in self._states.values())
        return WATCH_INTERVAL_S if running else START_WATCH_INTERVAL_S

    def _keep_ensured(self) -> None:
        """Call the functions again and again. A failure ends the driver the first time, later it is told."""
        for application in self._ensured:
            try:
                serve_config.function(application.import_path)()
            except Exception as error:  # noqa: BLE001 - foreign code; told by the main thread
                self._failure = error
                return
            self._tell(application.name, "running")
        while not self._stop.wait(ENSURE_INTERVAL_S):
            for application in self._ensured:
                try:
                    serve_config.function(application.import_path)()
                    self._tell(application.name, "running")
                except Exception as error:
                    log.exception("application is not well", application=application.name)
                    self._tell(application.name, f"unhealthy: {error}")

    def _tell(self, name: str, state: str) -> None:
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
    """Call `stop` and wait at most `limit_s`; what is left then is ended from outside."""

    def attempt() -> None:
        try:
            stop()
        except Exception:
            log.exception("taking down failed", what=what)

    thread = threading.Thread(target=attempt, name=f"stop-{what}", daemon=True)
    thread.start()
    thread.join(limit_s)
    log.info("taken down" if not thread.is_alive() else "taking down takes too long", what=what)


def _join_ray(settings: Settings) -> None:
    """Connect as a driver. Workers of a Ray that is not ours learn the settings from the job."""
    variables = {} if RAY_IS_LOCAL in os.environ else environment_of(settings)
    ray.init(
        address=settings.ray_address or None,
        namespace=settings.ray_namespace,
        log_to_driver=False,
        runtime_env={"env_vars": variables} if variables else None,
    )


def main(config: str, report: str) -> int:
    """Run until SIGTERM; the exit code says whether the applications could be deployed."""
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
    # Threads that hang in a dead Ray must not keep the process from ending.
    os._exit(code)
