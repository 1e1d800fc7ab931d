"""Opens all stores of the installation that the settings name, for commands of its operators.

A local stack that is down has its PostgreSQL and MongoDB started for as long as the command takes. RabbitMQ
is only looked into where it runs. Knows no command.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cluster.local.layout import Layout
from cluster.local.plan import configured
from cluster.local.servers import start_servers
from cluster.local.state import read
from cluster.settings import LogSettings, Settings
from cluster.stores.checking.looking import Stores
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from cluster.telemetry import logs

_CONNECTIONS = 2


@contextmanager
def operators_stores(settings: Settings) -> Iterator[Stores]:
    """The stores, open; no migration is applied, and nothing is made but a missing media directory."""
    logs.configure(settings.with_values(log=LogSettings(level="WARNING")))
    layout = Layout.at(settings.var_dir)
    file = read(layout)
    running = file.urls if file is not None and file.is_alive else {}
    urls = {"media": layout.media_dir.as_uri(), **running, **configured(settings)}
    with ExitStack() as stack:
        if down := [name for name in ("postgres", "mongodb") if not urls.get(name)]:
            servers = start_servers(settings.var_dir, down)
            stack.callback(servers.stop)
            urls |= {name: servers.urls[name] for name in down}
        place = (urls["mongodb"], settings.mongodb_database)
        yield Stores(
            stack.enter_context(Jobs(urls["postgres"], max_connections=_CONNECTIONS)),
            stack.enter_context(Inventory(*place)),
            stack.enter_context(Results(*place)),
            MediaStore(urls["media"]),
            urls.get("rabbitmq", ""),
        )
