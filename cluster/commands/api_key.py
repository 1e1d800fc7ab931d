"""The option of every command that speaks to the API."""

from __future__ import annotations

from typing import Annotated

import typer

from cluster.client import API_KEY_VARIABLE

ApiKey = Annotated[
    str | None,
    typer.Option(envvar=API_KEY_VARIABLE, help="Better in the environment: others see a command's words."),
]
