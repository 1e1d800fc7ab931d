"""`scenestream presets …`: lists, shows, makes and deletes presets, and learns one from corrected videos.

Uses the client; does not know how settings are found.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, NoReturn

import typer

from cluster import terminal
from cluster.client import Client
from cluster.client.types import Learned
from cluster.commands.api_key import ApiKey
from cluster.commands.options import Assignments
from cluster.contract.vocabulary import LEVELS
from cluster.local.address import api_url
from cluster.segment_settings import parse_assignments
from cluster.settings import get_settings

app = typer.Typer(no_args_is_help=True, help="Presets: packaged ones, and your own.")

Name = Annotated[str, typer.Argument(metavar="NAME")]
BasedOn = Annotated[
    str | None, typer.Option("--based-on", metavar="PRESET", help="A packaged preset; default if left out.")
]


@app.command("list")
def list_presets(api_key: ApiKey = None) -> None:
    """All presets, with what they change."""
    with _client(api_key) as client:
        found = client.presets()
    terminal.print_presets(found)


@app.command()
def show(name: Name, api_key: ApiKey = None) -> None:
    """One preset as JSON."""
    with _client(api_key) as client:
        _print_json(client.preset(name))


@app.command()
def save(name: Name, set_: Assignments = None, based_on: BasedOn = None, api_key: ApiKey = None) -> None:
    """Make or replace a preset of your own, by `--set KEY=VALUE`."""
    settings = parse_assignments(set_ or [])
    if not settings:
        _wrong_usage("Say with --set KEY=VALUE what the preset is to change.")
    with _client(api_key) as client:
        client.save_preset(name, settings, based_on=based_on)


@app.command()
def delete(name: Name, api_key: ApiKey = None) -> None:
    """Delete one of your own. Videos keep their settings."""
    with _client(api_key) as client:
        client.delete_preset(name)


@app.command()
def learn(
    videos: Annotated[list[str], typer.Argument(metavar="ID...", help="Videos that you have corrected.")],
    based_on: BasedOn = None,
    levels: Annotated[
        list[str] | None,
        typer.Option("--level", help=f"Levels that you have corrected: {', '.join(LEVELS)}; repeatable."),
    ] = None,
    save_as: Annotated[
        str | None, typer.Option("--save", metavar="NAME", help="Keep what is found as a preset.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    api_key: ApiKey = None,
) -> None:
    """Find the settings that come nearest to videos that you have corrected."""
    wrong = set(levels or ()) - set(LEVELS)
    if wrong:
        _wrong_usage(f"--level is one of {', '.join(LEVELS)}, not '{wrong.pop()}'.")
    chosen = [level for level in LEVELS if level in (levels or LEVELS)]
    with _client(api_key) as client:
        found = client.learn(videos, preset=based_on, levels=chosen)
        if save_as is not None and found["changed"]:
            client.save_preset(save_as, found["settings"], based_on=found["preset"])
    if as_json:
        _print_json(found)
    else:
        _tell(found, save_as)


def _tell(found: Learned, save_as: str | None) -> None:
    if not found["changed"]:
        print(f"No other settings come nearer than those of '{found['preset']}' (F1 {found['before']:.3f}).")
        return
    for name, value in found["changed"].items():
        print(f"{name}={json.dumps(value)}")
    print(f"F1 with '{found['preset']}': {found['before']:.3f}; with these settings: {found['after']:.3f}")
    if found["held_out"] is not None:
        print(f"F1 of each video with what the others alone teach: {found['held_out']:.3f}")
    if not found["complete"]:
        print("The time limit ended the search; fewer or shorter videos are searched whole.")
    if save_as is not None:
        print(f"Kept as the preset '{save_as}'.")


def _client(api_key: str | None) -> Client:
    return Client(api_url(get_settings()), api_key=api_key)


def _print_json(document: Any) -> None:
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    print()


def _wrong_usage(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
