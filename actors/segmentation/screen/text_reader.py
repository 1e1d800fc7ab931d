"""Finds and reads lines of text in a picture: PP-OCRv6 (small), run by `rapidocr` on ONNX Runtime.

Both networks lie in the package (Apache-2.0), and are given to it by their paths, so that nothing is looked
for elsewhere. They know Latin and Greek letters, Chinese and Japanese. Each line is read by itself, so what
is read of it does not depend on the others. Knows pictures; does not know videos.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from actors.segmentation.networks.packaged import packaged

NAME = "pp-ocrv6-small"
"""Of the networks; part of the document and of keys of stores."""
_DETECTOR = ("models", "PP-OCRv6_det_small.onnx")
_RECOGNISER = ("models", "PP-OCRv6_rec_small.onnx")
_LONGEST_SIDE_PX = 4096
"""Of a picture that the detector takes as it is: far more than it is given."""
_LARGEST_SHARE = 0.4
"""Share of the picture that a line may cover. In dark and plain pictures the detector marks all of it."""
_WIDEST = 40
"""Width over height of the longest line that is read: about 80 letters. The time grows with it."""
_SMALLEST_PX = 6
"""Height of the lowest line that is read; lower ones are guesses."""

Image = npt.NDArray[np.uint8]
Quad = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text and its probability, 0..1, the mean of its letters."""

    text: str
    probability: float


class TextReader(Protocol):
    """What `reading` needs."""

    @property
    def name(self) -> str:
        """Of the networks."""

    def find(self, picture: Image, side_px: int) -> list[Quad]:
        """Where lines are in a picture, uint8[H, W, 3] RGB, that is first made so small that its longer side
        has at most `side_px`: float32[4, 2] each, corners in pixels of the picture as given, clockwise from
        the top left one of the text."""

    def read(self, picture: Image, quad: Quad) -> ReadText:
        """What is written there."""


class PackagedReader:
    """The networks of the package, on the CPU, each with so many threads. Not thread-safe."""

    def __init__(self, *, threads: int = 1) -> None:
        """FileNotFoundError when the package or a network is missing."""
        paths = packaged("rapidocr", *_DETECTOR), packaged("rapidocr", *_RECOGNISER)
        import cv2
        from rapidocr import RapidOCR
        from rapidocr.utils.log import logger

        logger.setLevel(logging.CRITICAL)  # it writes its progress to stderr
        cv2.setNumThreads(threads)  # of this process; nothing else here uses OpenCV
        self._cv2 = cv2
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_preprocess_img": False,
                "Global.use_vertical_padding": False,
                "Global.use_cls": False,
                "Det.model_path": str(paths[0]),
                "Det.limit_type": "max",
                "Det.limit_side_len": _LONGEST_SIDE_PX,
                "Rec.model_path": str(paths[1]),
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    @property
    def name(self) -> str:
        """Of the networks."""
        return NAME

    def find(self, picture: Image, side_px: int) -> list[Quad]:
        """See TextReader. Lines come from top to bottom; those that cannot be any are left out."""
        height, width = picture.shape[:2]
        scale = min(1.0, side_px / max(height, width))
        small: Any = np.ascontiguousarray(picture[:, :, ::-1])  # the networks were trained with BGR
        if scale < 1:
            size = max(32, round(width * scale)), max(32, round(height * scale))
            small = self._cv2.resize(small, size, interpolation=self._cv2.INTER_AREA)
        if min(small.shape[:2]) < 32:
            return []
        found = self._engine(small, use_det=True, use_cls=False, use_rec=False)
        boxes = [] if found.boxes is None else found.boxes
        back = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
        quads = [np.asarray(box, np.float32) * back for box in boxes]
        return [quad for quad in quads if self._may_be_a_line(quad, width * height)]

    def read(self, picture: Image, quad: Quad) -> ReadText:
        """See TextReader. Lines that stand upright (90 degrees) are turned."""
        from rapidocr.utils.process_img import get_rotate_crop_image

        low = np.floor(quad.min(axis=0)).astype(int).clip(0)
        high = np.ceil(quad.max(axis=0)).astype(int) + 1
        part = np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0], ::-1])
        crop = get_rotate_crop_image(part, (quad - low).astype(np.float32))
        found = self._engine(np.ascontiguousarray(crop), use_det=False, use_cls=False, use_rec=True)
        if not found.txts:
            return ReadText("", 0.0)
        return ReadText(str(found.txts[0]), min(max(float(found.scores[0]), 0.0), 1.0))

    @staticmethod
    def _may_be_a_line(quad: Quad, pixels: int) -> bool:
        width, height = (float(np.linalg.norm(quad[a] - quad[b])) for a, b in ((0, 1), (0, 3)))
        long, short = max(width, height), min(width, height)
        return short >= _SMALLEST_PX and long <= _WIDEST * short and long * short <= _LARGEST_SHARE * pixels
