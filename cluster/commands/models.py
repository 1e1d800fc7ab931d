"""`scenestream models`: list, check and add the models that no package brings.

Prints what `cluster.models` finds; does not know how a model is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cluster import terminal
from cluster.errors import ScenestreamError, UsageError
from cluster.models.catalogue import KNOWN
from cluster.models.fetching import fetch
from cluster.models.folder import ModelsFolder
from cluster.settings import get_settings

app = typer.Typer(
    no_args_is_help=True, help="The models that are there: for what is said, and for what it means."
)

_MEGABYTE = 1_000_000


@app.command("list")
def list_() -> None:
    """The models that are there, and those that can be fetched."""
    folder = ModelsFolder.of(get_settings())
    there = {model.name: model for model in folder.installed()}
    for model in there.values():
        state = "there" if folder.find(model.name) else "INCOMPLETE"
        size = f"{model.size_bytes / _MEGABYTE:.0f} MB" if state == "there" else ""
        print(f"{model.name:20}  {state:10}  {size:>7}  {model.licence:10}  {model.what}")
    for known in KNOWN.values():
        if known.name not in there:
            size = f"{known.size_bytes / _MEGABYTE:.0f} MB"
            print(f"{known.name:20}  {'to fetch':10}  {size:>7}  {known.licence:10}  {known.what}")
    print(f"in {folder.folder}")


@app.command()
def verify(name: Annotated[str | None, typer.Argument(help="One model; without it, all.")] = None) -> None:
    """Compare every file with the checksum that it had when it was added. Exit code 1 if one differs."""
    folder = ModelsFolder.of(get_settings())
    names = [name] if name else [model.name for model in folder.installed()]
    if not names:
        print(f"There is no model in {folder.folder}.")
    wrong = False
    for each in names:
        problems = folder.verify(each)
        wrong = wrong or bool(problems)
        for problem in problems:
            print(f"{each}: {problem}. Add it again: `scenestream models add`.")
        if not problems:
            print(f"{each}: all files are as they were added")
    if wrong:
        raise typer.Exit(1)


@app.command()
def add(
    what: Annotated[
        str, typer.Argument(metavar="NAME|FOLDER", help="A model that `list` shows as to fetch, or a folder.")
    ],
    name: Annotated[str | None, typer.Option(help="Its name here; that of the folder if not given.")] = None,
) -> None:
    """Fetch a known model, or copy one from a folder. A known one that is there and whole is left alone."""
    folder = ModelsFolder.of(get_settings())
    try:
        if what in KNOWN and name is None:
            _fetch(what, folder)
            return
        source = Path(what)
        if not source.is_dir():
            raise UsageError(
                f"{what} is neither a known model ({', '.join(sorted(KNOWN))}) nor a folder on this machine."
            )
        model = folder.add_folder(source, name or source.resolve().name.lower())
    except OSError as error:
        raise ScenestreamError(
            f"{folder.folder} cannot be written: {error}. Name another folder in SCENESTREAM_MODELS__DIR."
        ) from error
    print(f"{model.name} is in {model.folder}")


def _fetch(name: str, folder: ModelsFolder) -> None:
    known = KNOWN[name]
    if folder.find(name) is not None and not folder.verify(name):
        print(f"{name} is there")
        return
    with terminal.steps() as step:
        step(f"fetching {name} ({known.size_bytes / _MEGABYTE:.0f} MB)")
        model = fetch(known, folder)
    print(f"{name} is in {model.folder}")
