"""Exports without a server: of the document of a video that was segmented in this process.

`scenestream segment --format` finds it by the entry point group `scenestream.exports`, because the commands
import nothing of this package. Knows the formats and the contract; no store and no HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cluster.contract.results import Segment
from cluster.contract.vocabulary import Level
from cluster.errors import UsageError
from serve_app.exports import FORMATS, Export


class Alone:
    """What the command needs of the exports."""

    @property
    def spoken(self) -> frozenset[str]:
        """Formats that hold what is said."""
        return frozenset({"json", *(name for name, kind in FORMATS.items() if kind.needs_words)})

    def filename(self, format_: str, video: str) -> str:
        """Name of the file for a video of this name."""
        return FORMATS[format_].filename(video)

    def write(
        self,
        document: Mapping[str, Any],
        *,
        filename: str,
        format_: str,
        level: Level | None,
        image: Callable[[int], bytes | None],
    ) -> str:
        """The whole text. `document`: that of `scenestream segment --json`. `image`: the WebP of a frame.

        UsageError where the format needs a picture, or words, that the video does not have.
        """
        kind = FORMATS[format_]
        if kind.needs_picture and document["media"].get("video_codec", "") is None:
            raise UsageError(f"It has sound only, and {format_} says how a picture is cut.")
        if kind.needs_words and document.get("transcript") is None:
            raise UsageError(
                f"Nothing is said in it that could be written as {format_}, or there is no speech model "
                "(`scenestream models list`)."
            )
        if format_ == "json":  # as it is, and not as the API's answers have it
            rows = [row for row in document["segments"] if level in (None, row["level"])]
            return json.dumps({**document, "segments": rows}, ensure_ascii=False, indent=1) + "\n"
        frames = {(row["level"], row["index"]): row.get("thumbnail") for row in document["segments"]}

        def image_of(segment: Segment) -> bytes | None:
            frame = frames[segment.level, segment.index]
            return None if frame is None else image(int(frame))

        made = kind.write(
            Export(
                filename=filename,
                media=document["media"],
                settings=document["settings"],
                audio_track=document["audio_track"],
                # here a thumbnail is the number of a frame, in the API's answers an address
                segments=[Segment.model_validate({**row, "thumbnail": None}) for row in document["segments"]],
                level=level or kind.default_level,
                image=image_of,
                warnings=document["warnings"],
                transcript=document.get("transcript"),
                screen_text=document.get("screen_text"),
            )
        )
        return made if isinstance(made, str) else "".join(made)


ALONE = Alone()
