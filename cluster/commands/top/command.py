"""The command `scenestream top`: reads the API at an interval and draws the result on the terminal.

`view` computes the values, `screen` formats them.
"""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from cluster.client import Client
from cluster.commands.api_key import ApiKey
from cluster.commands.top.screen import drawn
from cluster.commands.top.view import look
from cluster.errors import UnavailableError
from cluster.local.address import api_url
from cluster.settings import get_settings

PLAIN_WIDTH = 160
"""Characters a line where the output is no terminal."""


def top(
    interval: Annotated[
        float, typer.Option(min=0.2, help="Seconds between two looks.", metavar="SECONDS")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="One look, printed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One look as JSON.")] = False,
    api_key: ApiKey = None,
) -> None:
    """What the installation does at this moment: servers, backlog, actors, videos, failures."""
    console = Console()
    address = api_url(get_settings())
    with Client(address, api_key=api_key, timeout_s=10.0) as client:
        if as_json:
            print(json.dumps(look(client).to_dict(), indent=1))
        elif once or not console.is_terminal:
            plain = console if console.is_terminal else Console(width=PLAIN_WIDTH)
            plain.print(drawn(look(client)))
        else:
            _follow(client, console, address, interval)


def _follow(client: Client, console: Console, address: str, interval_s: float) -> None:
    """Refresh until Ctrl-C. While the API does not answer, its error is shown."""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                live.update(_now(client, address), refresh=True)
                time.sleep(interval_s)
        except KeyboardInterrupt:
            return


def _now(client: Client, address: str) -> RenderableType:
    try:
        return drawn(look(client))
    except UnavailableError as error:
        return Text(f"{address}: {error.message}", style="red")
