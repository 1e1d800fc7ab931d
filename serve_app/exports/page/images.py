"""Chooses the keyframes that are embedded in a page, within a limit of their number and bytes.

The limits keep the page small enough for a browser and for mail. Knows sizes only; reads one image at a time
and keeps none.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from cluster.contract.results import Segment

MAX_IMAGES = 600
MAX_TOTAL_BYTES = 12 << 20
"""Of all images before base64, which adds a third. Keyframes of 320 pixels have about 5 KiB, so MAX_IMAGES is
reached first."""


class EmbeddedImages:
    """Makes data URLs of at most `count` keyframes, spread evenly over `segments`, up to `total_bytes`."""

    def __init__(
        self,
        segments: Sequence[Segment],
        read: Callable[[Segment], bytes | None],
        *,
        count: int = MAX_IMAGES,
        total_bytes: int = MAX_TOTAL_BYTES,
    ) -> None:
        self._read = read
        self._of = max(1, len(segments))
        self._count = min(count, self._of)
        self._each_bytes = total_bytes // max(1, self._count)
        self._left_bytes = total_bytes

    @property
    def left_out(self) -> bool:
        """Whether there are more segments than images allowed, so that some get none."""
        return self._count < self._of

    def url_of(self, segment: Segment) -> str | None:
        """The keyframe as a data URL; None if there is none, it is not chosen, or the bytes are used up."""
        if not self._chosen(segment.index):
            return None
        image = self._read(segment)
        # One large image may use what small ones before it left over, but not what others still need.
        if image is None or len(image) > max(self._each_bytes, self._left_bytes // 8):
            return None
        if len(image) > self._left_bytes:
            return None
        self._left_bytes -= len(image)
        return f"data:image/webp;base64,{base64.b64encode(image).decode('ascii')}"

    def _chosen(self, index: int) -> bool:
        """Whether this index is one of `count` that are spread evenly."""
        return index == 0 or index * self._count // self._of > (index - 1) * self._count // self._of
