"""The sentences of meetings as vectors, kept in a folder so that each is encoded once.

Knows meetings and the model of meaning; does not know topics.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actors.segmentation.meaning.encoder import TextEncoder
from tests.benchmarks.topics.meetings import Meeting

Floats = npt.NDArray[np.float32]


def vectors_of(meeting: Meeting, model: TextEncoder, folder: Path) -> Floats:
    """float32[n, 384]: a vector for each sentence. `folder`: where they are kept, with 16 bits a number."""
    text = "\n".join((model.name, *meeting.sentences))
    kept = folder / f"{meeting.name}-{sha256(text.encode()).hexdigest()[:16]}.npy"
    if not kept.is_file():
        made = kept.with_suffix(f".{os.getpid()}")
        with made.open("wb") as file:
            np.save(file, model.encode(meeting.sentences).astype(np.float16))
        made.rename(kept)
    vectors: Floats = np.load(kept).astype(np.float32)
    return vectors
