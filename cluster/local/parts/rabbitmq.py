"""The part "rabbitmq": the system's RabbitMQ, run as a private node with its own files, ports and cookie.

The system's node, if it runs, is neither used nor disturbed. By default Erlang's port mapper (epmd) is a
daemon that all nodes share and that outlives them; ours runs in the foreground on a port of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from cluster.local import probes
from cluster.local.errors import MissingServerError
from cluster.local.layout import PRIVATE_MODE, secret, write_private
from cluster.local.parts.base import StackPart, clean_environment
from cluster.local.ports import LOOPBACK
from cluster.local.process.spawning import ProcessSpec

USER = "scenestream"
NODE = "scenestream@localhost"
"""Never changes, since quorum queues store it. With a private epmd it does not clash with other nodes."""

SCRIPTS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
)
"""Start scripts, before the PATH is searched. Debian's /usr/sbin/rabbitmq-server switches to the user
rabbitmq and loses our environment, so the package's inner script comes first; then Homebrew's.
"""

WAL_BYTES = 32 << 20
"""Size at which the quorum queues' write-ahead log is rolled over; a start reads all of it."""

SBIN = "/usr/sbin"


class RabbitMQ(StackPart):
    """Carries the messages that wake the bridges."""

    name: ClassVar[str] = "rabbitmq"
    title: ClassVar[str] = "RabbitMQ"
    stop_grace_s: ClassVar[float] = 15.0

    @property
    def url(self) -> str:
        """An amqp URL with the password and the default virtual host."""
        return f"amqp://{USER}:{self._password}@{self.address}/%2F"

    @property
    def _home(self) -> Path:
        return self.layout.data_dir(self.name)

    @property
    def _password(self) -> str:
        self._home.mkdir(mode=PRIVATE_MODE, exist_ok=True)
        return secret(self._home / "secret")

    def prepare(self) -> None:
        """Write the configuration, the Erlang cookie and the password."""
        _script()
        _epmd()
        password = self._password
        for folder in ("mnesia", "log", "plugins"):
            (self._home / folder).mkdir(exist_ok=True)
        lines = (
            f"listeners.tcp.local = {self.address}",
            f"default_user = {USER}",
            f"default_pass = {password}",
            "log.console = true",
            "log.console.level = info",
            f"raft.wal_max_size_bytes = {WAL_BYTES}",
        )
        write_private(self._home / "rabbitmq.conf", "\n".join(lines) + "\n")
        write_private(self._home / "rabbitmq-env.conf", "")
        write_private(self._home / "advanced.config", "[].\n")
        write_private(self._home / "enabled_plugins", "[].\n")
        cookie = self._home / ".erlang.cookie"
        secret(cookie)
        cookie.chmod(0o400)
        (self._home / "pid").unlink(missing_ok=True)

    def processes(self) -> Sequence[ProcessSpec]:
        """Erlang's port mapper, then the node."""
        environment = self._environment()
        port = self.ports.port("rabbitmq-epmd")
        mapper = (_epmd(), "-address", LOOPBACK, "-port", str(port))
        return [
            ProcessSpec(
                "rabbitmq-epmd", mapper, self._home, environment, ready=lambda: probes.tcp(LOOPBACK, port)
            ),
            ProcessSpec(self.name, (_script(),), self._home, environment),
        ]

    def probe(self) -> str:
        """Log in and open a channel."""
        return probes.rabbitmq(self.url)

    def _environment(self) -> dict[str, str]:
        home = self._home
        environment = clean_environment()
        return {
            **environment,
            "PATH": f"{environment['PATH']}:{SBIN}",
            "HOME": str(home),
            "ERL_EPMD_PORT": str(self.ports.port("rabbitmq-epmd")),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_DIST_PORT": str(self.ports.port("rabbitmq-dist")),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(home / "plugins"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
        }


def _script() -> str:
    """Path of the server's start script."""
    for candidate in (*SCRIPTS, shutil.which("rabbitmq-server", path=f"{_search_path()}")):
        if candidate is not None and Path(candidate).exists():
            return candidate
    raise MissingServerError(
        "RabbitMQ is missing: run `bash cluster/local/install_system.sh` (it installs the system's package "
        "rabbitmq-server), or give SCENESTREAM_RABBITMQ_URL."
    )


def _epmd() -> str:
    """Path of Erlang's port mapper: on the PATH, or in Erlang's own directory."""
    on_path = shutil.which("epmd", path=_search_path())
    if on_path is not None:
        return on_path
    for root in ("/usr/lib/erlang", "/usr/lib64/erlang", "/opt/homebrew/opt/erlang/lib/erlang"):
        for inside in sorted(Path(root).glob("erts-*/bin/epmd")):
            return str(inside)
    raise MissingServerError(
        "Erlang's epmd, which RabbitMQ needs, is missing: install the package erlang-base."
    )


def _search_path() -> str:
    return f"{clean_environment()['PATH']}:{SBIN}:/usr/local/sbin:/opt/homebrew/sbin:/opt/homebrew/bin"
