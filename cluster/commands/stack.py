"""`scenestream up`, `down` and `status`: start, stop and show the local stack.

Prints the results of `cluster.local`; does not know how servers are started.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cluster import terminal
from cluster.local import down as stop_stack
from cluster.local import status as stack_status
from cluster.local import up as start_stack
from cluster.settings import get_settings
from cluster.work_settings import MOST_ACTORS


def up(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where the page and the API listen.")
    ] = None,
    actors: Annotated[
        int | None, typer.Option(min=1, max=MOST_ACTORS, help="Number of segmentation actors.")
    ] = None,
) -> None:
    """Start the whole stack on this machine, or find it running."""
    settings = get_settings()
    if settings.needs_key or not settings.http.on_loopback:
        # imported here: it loads drivers that `up` does not need otherwise
        from cluster.commands.keys import refuse_unprotected

        refuse_unprotected(settings)
    with terminal.steps() as step:
        state = start_stack(get_settings(), port=port, actors=actors, progress=step)
    terminal.print_parts(stack_status(get_settings()))
    print(f"Scenestream is at {state.api_url}")


def down() -> None:
    """Stop what `up` started; data stays in var/."""
    with terminal.steps() as step:
        ran = stop_stack(get_settings(), progress=step)
    print("Scenestream is stopped." if ran else "Scenestream was not running.")


def status() -> None:
    """A line for each part of the stack, with address and health."""
    parts = stack_status(get_settings())
    terminal.print_parts(parts)
    if not all(part.health == "healthy" for part in parts):
        raise typer.Exit(1)
