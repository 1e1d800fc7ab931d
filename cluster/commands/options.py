"""Options that several commands have. Does not load the client: some of these commands need no server."""

from __future__ import annotations

from typing import Annotated

import typer

Preset = Annotated[str | None, typer.Option(help="A preset of configs/presets, such as film or talk.")]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A segmentation setting; repeatable.")
]

# What is cut, and how: see `cluster.clips.orders.ClipOrder`.
CutLevel = Annotated[str, typer.Option(help="shot, scene or chapter")]
CutMode = Annotated[
    str, typer.Option(help="exact: to the frame, coded anew. copy: as coded, from key frames on.")
]
NamePattern = Annotated[str, typer.Option(help="Names of the files.")]
Labels = Annotated[list[str] | None, typer.Option(help="Only segments with this label; repeatable.")]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="Only segments of this role, such as content; repeatable."),
]
NotRoles = Annotated[
    list[str] | None,
    typer.Option("--not-role", help="No segments of this role, such as black or credits; repeatable."),
]
MinSeconds = Annotated[float | None, typer.Option(help="Only segments at least so long.")]
MaxSeconds = Annotated[float | None, typer.Option(help="Only segments at most so long.")]
Container = Annotated[str, typer.Option(help="auto, mp4 or mkv")]
Crf = Annotated[int, typer.Option(help="exact: quality, 0 is lossless.")]
Height = Annotated[int | None, typer.Option(help="exact: at most so many rows of pixels.")]
Sound = Annotated[bool, typer.Option("--sound/--no-sound", help="With or without sound.")]
