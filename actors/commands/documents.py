"""The documents that `scenestream segment --json` writes: their names, and how they are read again.

A document may come from anywhere, so what `split` needs of it is checked here. Knows no video file and does
not know what is done with the segments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actors.commands.inputs import Input
from actors.segmentation.settings import split
from cluster.contract.results import Segment
from cluster.errors import UsageError

_FACTS = ("frames", "width", "height")
"""Of `media`: what tells videos apart and does not depend on the version that wrote the document."""


def document_name(one: Input) -> str:
    """The name of a video's document in a folder of several."""
    return f"{one.stem}.json"


def document_files(inputs: Sequence[Input], given: Path | None) -> dict[Input, Path]:
    """The document of each video; empty if none are given. UsageError where one is missing."""
    if given is None:
        return {}
    if len(inputs) > 1 and not given.is_dir():
        raise UsageError(f"{given} is no folder; for several videos --from-json names the folder of theirs.")
    found = {one: given / document_name(one) if given.is_dir() else given for one in inputs}
    for one, path in found.items():
        if not path.exists():
            raise UsageError(f"There is no document of {one.word}: {path}")
    return found


def read_document(path: Path) -> dict[str, Any]:
    """The document. UsageError where its settings or segments are not as the contract has them."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no JSON document: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("segments"), list):
        raise _wrong(path, "it has no list of segments")
    for name in ("media", "settings"):
        if not isinstance(document.get(name) or {}, dict):
            raise _wrong(path, f"{name} is no object")
    try:
        split(document.get("settings") or {})
    except (ValueError, TypeError) as error:
        raise _wrong(path, str(error)) from error
    for place, segment in enumerate(document["segments"]):
        _check_segment(path, place, segment)
    return document


def check_document_is_of(document: Mapping[str, Any], media: Mapping[str, Any], name: str) -> None:
    """UsageError when the document is of another video than the one called `name` that `media` describes."""
    told = document.get("media") or {}
    for fact in _FACTS:
        if told.get(fact, media[fact]) != media[fact]:
            raise UsageError(
                f"The document is of another video: {fact} is {told[fact]} there, and {media[fact]} in "
                f"{name}."
            )
    last = max((segment["end_frame"] for segment in document["segments"]), default=0)
    if last > media["frames"]:
        raise UsageError(
            f"The document is of another video: its segments reach to frame {last}, and {name} has "
            f"{media['frames']} frames."
        )


def _check_segment(path: Path, place: int, segment: Any) -> None:
    try:
        # here a thumbnail is the number of a frame, in the API's answers an address
        checked = Segment.model_validate(
            {**segment, "thumbnail": None} if isinstance(segment, dict) else segment
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("segments", place, *first["loc"])))
        raise _wrong(path, f"{where}: {first['msg']}") from error
    if not 0 <= checked.start_frame < checked.end_frame:
        raise _wrong(path, f"segments.{place} has no frames: {checked.start_frame} to {checked.end_frame}")


def _wrong(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is not what `scenestream segment --json` writes: {why}.")
