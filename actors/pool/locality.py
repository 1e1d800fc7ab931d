"""On which nodes a file has been worked on: there it still lies in the cache, and need not be fetched again.

A guess, for the caches forget on their own; nothing depends on it but time. Knows no Ray and no queue.
"""

from __future__ import annotations

from collections import OrderedDict

FILES = 1024  # remembered; far more than are in work at once


class Locality:
    """The last `files` files that were worked on."""

    def __init__(self, files: int = FILES) -> None:
        self._files = files
        self._nodes: OrderedDict[str, set[str]] = OrderedDict()

    def worked(self, media_key: str, node_id: str) -> None:
        """The node has the file now."""
        self._nodes.setdefault(media_key, set()).add(node_id)
        self._nodes.move_to_end(media_key)
        if len(self._nodes) > self._files:
            self._nodes.popitem(last=False)

    def has(self, media_key: str, node_id: str) -> bool:
        """Whether the node probably has the file."""
        return node_id in self._nodes.get(media_key, ())
