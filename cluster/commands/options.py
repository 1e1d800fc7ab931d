"""Typer options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from cluster.client import API_KEY_VARIABLE

Preset = Annotated[str | None, typer.Option(help="A preset of configs/presets, such as film or talk.")]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A segmentation setting; repeatable.")
]
ApiKey = Annotated[
    str | None,
    typer.Option(envvar=API_KEY_VARIABLE, help="Better in the environment: others see a command's words."),
]
