"""`scenestream keys …`: creates, lists and revokes API keys.

Connects to PostgreSQL directly, not to the API: the first key cannot be made with a key, and whoever has the
database's password needs no other right. If the stack is down, its PostgreSQL is started for the duration of
the command. Knows no HTTP.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cluster.errors import NotFoundError, ScenestreamError, UsageError
from cluster.local.layout import Layout
from cluster.local.servers import start_servers
from cluster.local.state import read
from cluster.settings import LogSettings, Settings, get_settings
from cluster.stores.postgres.api_keys import ApiKey, Scope, check_owner, id_named, told_of
from cluster.stores.postgres.audit import OPERATOR
from cluster.stores.postgres.jobs import Jobs
from cluster.telemetry import logs

app = typer.Typer(no_args_is_help=True, help="API keys: create, list, revoke.")

_DAY_S = 86_400.0
_PLAIN_WIDTH = 120
"""Characters a line, of tables that are written to a file or a pipe."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, as it will stand in the list.")],
    owner: Annotated[
        str | None, typer.Option(help="Whose the videos are that come in with it; as NAME if left out.")
    ] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="Repeatable; read and write if left out. admin includes both.")
    ] = None,
    days: Annotated[float | None, typer.Option(help="Expires after so many days; never if left out.")] = None,
) -> None:
    """Make a key and print it: this once, since only its hash is kept."""
    try:
        owner = _owner(name) if owner is None else check_owner(owner)
        with operators_jobs(get_settings()) as jobs, jobs.database.joined():
            key, token = jobs.api_keys.create(
                name, owner, scope or (Scope.READ, Scope.WRITE), None if days is None else days * _DAY_S
            )
            jobs.audit.add(OPERATOR, "key_created", key.shown, **told_of(key))
    except UsageError as error:
        raise typer.BadParameter(error.message) from error
    print(f"{key.shown}: {', '.join(sorted(key.scopes))} for {owner}. Keep it now:", file=sys.stderr)
    print(token)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """All keys, newest first."""
    with operators_jobs(get_settings()) as jobs:
        keys = jobs.api_keys.all()
    if as_json:
        json.dump([_document(key) for key in keys], sys.stdout, indent=1)
        print()
        return
    table = Table(box=None, pad_edge=False)
    for column in ("key", "name", "owner", "scopes", "created", "last used", "state"):
        table.add_column(column, no_wrap=column != "name")
    for key in keys:
        scopes = " ".join(sorted(key.scopes))
        cells = (key.shown, key.name, key.owner, scopes, _day(key.created_at), _day(key.last_used_at))
        table.add_row(*(escape(cell) for cell in cells), _state(key))
    console = Console()
    (console if console.is_terminal else Console(width=_PLAIN_WIDTH)).print(table)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key as listed, such as sk_0123456789ab.")],
) -> None:
    """End a key, and the sessions it opened, within seconds."""
    try:
        with operators_jobs(get_settings()) as jobs, jobs.database.joined():
            revoked = jobs.api_keys.revoke(id_named(key))
            jobs.audit.add(OPERATOR, "key_revoked", revoked.shown, **told_of(revoked))
        print(f"{revoked.shown} is revoked.")
    except NotFoundError:
        raise
    except UsageError as error:
        raise typer.BadParameter(error.message) from error


@app.command()
def rotate() -> None:
    """Sign links and sessions with a new secret. The one before still counts; twice ends all that is out."""
    with operators_jobs(get_settings()) as jobs, jobs.database.joined():
        jobs.signing_secrets.rotate()
        jobs.audit.add(OPERATOR, "signing_secret_rotated", "")
    print("Links and sessions are signed with a new secret.")


def refuse_unprotected(settings: Settings) -> None:
    """ScenestreamError if other machines can reach the API, it requires keys, and no usable key exists."""
    if not settings.needs_key:
        if not settings.http.on_loopback:
            print(
                f"Anybody who reaches {settings.http.host} may do anything: access.required is never.",
                file=sys.stderr,
            )
        return
    with operators_jobs(settings) as jobs:
        if jobs.api_keys.any_usable():
            return
    raise ScenestreamError(
        f"At {settings.http.host} every request needs an API key, and there is none yet. Make one first:\n"
        "  scenestream keys create NAME --scope admin\n"
        "Or set SCENESTREAM_ACCESS__REQUIRED=never, if everybody on that network may do everything."
    )


@contextmanager
def operators_jobs(settings: Settings) -> Iterator[Jobs]:
    """Open the PostgreSQL of these settings' stack, started if it is down, with its migrations applied."""
    logs.configure(settings.with_values(log=LogSettings(level="WARNING")))
    with ExitStack() as stack:
        url = settings.postgres_url or _url_of_running_stack(settings)
        if not url:
            servers = start_servers(settings.var_dir, ["postgres"])
            stack.callback(servers.stop)
            url = servers.urls["postgres"]
        jobs = stack.enter_context(Jobs(url, max_connections=1))
        jobs.migrate()
        yield jobs


def _owner(name: str) -> str:
    try:
        return check_owner(name)
    except UsageError as error:
        raise UsageError(f"Say with --owner whose the videos will be. {error.message}") from error


def _url_of_running_stack(settings: Settings) -> str:
    file = read(Layout.at(settings.var_dir))
    return file.urls.get("postgres", "") if file is not None and file.is_alive else ""


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expired:
        return "expired"
    return f"until {_day(key.expires_at)}" if key.expires_at else "good"


def _day(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%d") if time else "-"


def _document(key: ApiKey) -> dict[str, Any]:
    times = {
        name: value.isoformat() if value else None
        for name, value in (
            ("created_at", key.created_at),
            ("expires_at", key.expires_at),
            ("last_used_at", key.last_used_at),
            ("revoked_at", key.revoked_at),
        )
    }
    named = {"id": key.shown, "name": key.name, "owner": key.owner, "scopes": sorted(key.scopes)}
    return {**named, **times, "usable": key.usable}
