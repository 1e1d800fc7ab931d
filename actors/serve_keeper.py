"""Keeps bridges, pool and fuser running, as a Ray Serve application: a reconciliation loop.

So a deployment of Serve (by a RayService, or `serve deploy`) starts the actors, keeps them running, and ends
them in order together with the application. The actors outlive the keeper's replica: they end when the
application is deleted, not when the replica is replaced or moves to another node.

`python -m actors.serve_keeper` hands the work of all actors back before a cluster ends; with `--this-node`,
the work of this node's bridges before the node ends (preStop hooks). Decides when to start and end actors;
how it is done is in `actors.launch`.
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

APPLICATION_NAME = "actors"
"""As in configs/serve_cluster.yaml."""
DEPLOYMENT_NAME = "keeper"

INTERVAL_S = 30.0
"""Between two reconciliations. Ray itself restarts actors that die; this finds those that are missing or
stand still."""
RETRY_S = 5.0
"""Between two tries at the start, while a store is away."""
UNWELL_AFTER_S = 120.0
"""Failures may last this long before the replica reports itself unhealthy: longer than the restart of an
actor by Ray or by `ensure` takes."""
PAUSE_S = 90.0
"""After a hand-back no actors are started for so long, because the cluster is about to end. If it does not
(only its head moved), they come back after it."""
STOP_S = 90.0
"""For `launch.stop` to end all actors; then Serve kills the replica."""
HAND_BACK_TIMEOUT_S = 60.0
"""For the keeper to hand back all work; then it is done without the keeper."""

log = structlog.get_logger(__name__)


class ActorKeeper:
    """The only replica. It counts as started once the actors answer; until then it waits for the stores."""

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
        """Health check, called by Serve every few seconds. Raises UnavailableError when reconciliation has
        failed for UNWELL_AFTER_S: Serve then shows the application as unhealthy, with the reason.
        """
        since = self._failing_since_s
        if since is not None and time.monotonic() - since > UNWELL_AFTER_S:
            raise UnavailableError(self._failure)
        if not self._watch.is_alive():
            raise UnavailableError("The watch over the actors has ended.")

    def hand_back(self) -> bool:
        """End the actors in order, and start none for PAUSE_S. False if any had to be killed."""
        with self._acting:
            self._paused_until_s = time.monotonic() + PAUSE_S
            return launch.stop(self._settings)

    def __del__(self) -> None:
        if not hasattr(self, "_watch"):
            return  # its constructor failed before it started anything
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
                except Exception as error:  # noqa: BLE001 - any failure is reported by check_health and retried
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
    """The Serve deployment; bind it with the arguments of ActorKeeper."""
    return serve.deployment(
        name=DEPLOYMENT_NAME,
        num_replicas=1,
        graceful_shutdown_timeout_s=STOP_S,
        graceful_shutdown_wait_loop_s=0.5,
        ray_actor_options={"num_cpus": 0},
    )(ActorKeeper)


def build(args: dict[str, Any] | None = None) -> serve.Application:
    """Build the Serve application; it has no route. Its settings are the node's, so `args` must be empty,
    else ValueError.
    """
    if args:
        raise ValueError(f"actors.serve_keeper:build takes no arguments, got {', '.join(sorted(args))}.")
    return deployment().bind()


def hand_back(settings: Settings) -> bool:
    """End the actors through the keeper, so that it does not start them again at once; without one, directly.

    False if any had to be killed.
    """
    try:
        keeper = serve.get_app_handle(APPLICATION_NAME)
        return bool(keeper.hand_back.remote().result(timeout_s=HAND_BACK_TIMEOUT_S))
    except (RayError, RayServeException, TimeoutError) as error:
        log.warning("no keeper", reason=f"{type(error).__name__}: {error}")
        return launch.stop(settings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command: hand back the work of the actors on the Ray cluster of this node (or at RAY_ADDRESS)."""
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
