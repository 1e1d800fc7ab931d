"""Bridge, pool and fuser as a Ray Serve application, so that what deploys Serve (a RayService, or
`serve deploy`) brings them up, keeps them there, and ends them in order with the application.

`python -m actors.serve_keeper` hands their work back before a cluster ends, and with `--this-node` that of
the bridges of this node before it ends (preStop hooks). Knows when; how is `actors.launch`'s matter. The
actors outlive the keeper: only when the application is deleted does it end them, not when its replica is
replaced or moves to another node.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import ray
import structlog
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.schema import ApplicationStatus

from actors import launch
from actors.worker.analyser import LIBRARY
from cluster.errors import ScenestreamError, UnavailableError
from cluster.settings import Settings, get_settings
from cluster.telemetry import logs

APPLICATION_NAME = "actors"  # in configs/serve_cluster.yaml
DEPLOYMENT_NAME = "keeper"

INTERVAL_S = 30.0
RETRY_S = 5.0  # while a store is away at the start
# Longer than an actor needs that Ray or `ensure` has just begun to restart.
UNWELL_AFTER_S = 120.0
# No new actors for so long after their work was handed back: the cluster is about to end. If it does not
# (its head only moved), they come back by themselves.
PAUSE_S = 90.0
# What `launch.stop` may take for all actors; Serve ends the replica by force after it.
STOP_S = 90.0
HAND_BACK_TIMEOUT_S = 60.0

log = structlog.get_logger(__name__)


class Keeper:
    """One replica. It counts as started once the actors answer; stores that are away are waited for."""

    def __init__(
        self, settings: Settings | None = None, analyser: str = LIBRARY, interval_s: float = INTERVAL_S
    ) -> None:
        self._over = threading.Event()
        self._settings = settings or get_settings()
        self._analyser = analyser
        self._interval_s = interval_s
        self._application = serve.get_replica_context().app_name
        self._acting = threading.Lock()
        self._paused_until_s = 0.0
        self._failing_since_s: float | None = None
        self._failure = ""
        logs.configure(self._settings)
        self._ensure_at_last()
        self._watch = threading.Thread(target=self._keep, name="ensure", daemon=True)
        self._watch.start()

    def check_health(self) -> None:
        """Called by Serve every few seconds. Raises UnavailableError when the actors have not been well for
        long: the application is then shown as unhealthy, with the reason.
        """
        since = self._failing_since_s
        if since is not None and time.monotonic() - since > UNWELL_AFTER_S:
            raise UnavailableError(self._failure)
        if not self._watch.is_alive():
            raise UnavailableError("The watch over the actors has ended.")

    def hand_back(self) -> bool:
        """End the actors in order, and start none for PAUSE_S. False when it had to be by force."""
        with self._acting:
            self._paused_until_s = time.monotonic() + PAUSE_S
            return launch.stop(self._settings)

    def __del__(self) -> None:
        if not hasattr(self, "_watch"):
            return  # it never came so far as to have started anything
        self._over.set()
        if self._application_ends():
            with self._acting:
                log.info("actors ended", orderly=launch.stop(self._settings))

    def _application_ends(self) -> bool:
        try:
            found = serve.status().applications.get(self._application)
        except (RayError, RayServeException) as error:
            log.warning("actors left running", reason=f"Serve does not answer: {error}")
            return False
        return found is None or found.status is ApplicationStatus.DELETING

    def _ensure_at_last(self) -> None:
        while True:
            try:
                launch.ensure(self._settings, analyser=self._analyser)
            except UnavailableError as error:
                log.warning("actors not started yet", reason=error.message, next_try_s=RETRY_S)
                time.sleep(RETRY_S)
            else:
                return

    def _keep(self) -> None:
        while not self._over.wait(self._interval_s):
            with self._acting:
                if self._over.is_set() or time.monotonic() < self._paused_until_s:
                    continue
                try:
                    launch.ensure(self._settings, analyser=self._analyser)
                except Exception as error:  # noqa: BLE001 - whatever it is: told by check_health, tried again
                    self._note(f"{error}")
                else:
                    self._note("")

    def _note(self, failure: str) -> None:
        if bool(failure) != (self._failing_since_s is not None):
            log.info("actors are well again" if not failure else "actors are not well", reason=failure)
        self._failure = failure
        if not failure:
            self._failing_since_s = None
        elif self._failing_since_s is None:
            self._failing_since_s = time.monotonic()


def deployment() -> serve.Deployment:
    """The deployment, to be bound with the arguments of Keeper."""
    return serve.deployment(
        name=DEPLOYMENT_NAME,
        num_replicas=1,
        graceful_shutdown_timeout_s=STOP_S,
        graceful_shutdown_wait_loop_s=0.5,
        ray_actor_options={"num_cpus": 0},
    )(Keeper)


def build(args: dict[str, Any] | None = None) -> serve.Application:
    """The Serve application, which needs no route. `args` has no keys: the settings are those of the node."""
    if args:
        raise ValueError(f"actors.serve_keeper:build takes no arguments, got {', '.join(sorted(args))}.")
    return deployment().bind()


def hand_back(settings: Settings) -> bool:
    """Through the keeper, so that it does not start them again at once; without one, directly."""
    try:
        keeper = serve.get_app_handle(APPLICATION_NAME)
        return bool(keeper.hand_back.remote().result(timeout_s=HAND_BACK_TIMEOUT_S))
    except (RayError, RayServeException, TimeoutError) as error:
        log.warning("no keeper", reason=f"{type(error).__name__}: {error}")
        return launch.stop(settings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Hand back the work of the actors of the Ray on this node (or at RAY_ADDRESS)."""
    parser = argparse.ArgumentParser(description="Hand work back before a cluster ends, or a node of it.")
    parser.add_argument("--this-node", action="store_true", help="only that of the bridges of this node")
    given = parser.parse_args(arguments)
    settings = get_settings()
    logs.configure(settings)
    try:
        ray.init(
            address=settings.ray_address or "auto", namespace=settings.ray_namespace, log_to_driver=False
        )
        if given.this_node:
            orderly = launch.leave(settings, ray.get_runtime_context().get_node_id())
        else:
            orderly = hand_back(settings)
    except (ConnectionError, ScenestreamError, RayError) as error:
        print(f"Not handed back: {error}", file=sys.stderr)
        return 1
    return 0 if orderly else 1


if __name__ == "__main__":
    sys.exit(main())
