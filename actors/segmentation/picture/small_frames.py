"""Decoded frames made small: RGB for the networks and for keyframe images, upright as a player shows them.

One scaler (swscale's area averaging), with flags that make its result independent of the processor's
instruction set, so that any machine gives the same bits. Knows pictures; not where they stand in the video.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av.error
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.errors import MediaError, MediaErrorCode

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

NETWORK_HEIGHT_PX = 27
NETWORK_WIDTH_PX = 48
IMAGE_SIDE_PX = 320

_SCALING = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
_HD_FROM_HEIGHT_PX = 577
"""Pictures without a colour matrix: BT.709 above standard definition's 576 lines, BT.601 up to there."""
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""ITU-T H.273 matrix coefficients that swscale can convert; other values are treated as if not given."""


_DEADLY_FORMATS = frozenset({"yaf32le", "yaf32be"})
"""At these swscale ends the process instead of saying no."""


class SmallFrames:
    """Converts frames of one video, whatever their size and pixel format; both may change inside a stream.
    MediaError decode_failed for the few formats that swscale does not know.

    White may come out as 253 (swscale's rounding). High dynamic range is not tone-mapped, such pictures come
    out flat. Not thread-safe.
    """

    def __init__(self, media: MediaInfo) -> None:
        self._quarter_turns = media.rotation // 90
        self._mirrored = media.mirrored
        aspect = media.pixel_aspect
        self._coded_aspect = float(1 / aspect if self._quarter_turns % 2 else aspect)
        self._network = VideoReformatter()
        self._image = VideoReformatter()

    def network(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """uint8[27, 48, 3] RGB, upright, aspect ratio not kept (as TransNetV2 was trained)."""
        width, height = NETWORK_WIDTH_PX, NETWORK_HEIGHT_PX
        if self._quarter_turns % 2:
            width, height = height, width
        return self._upright(_scaled(self._network, frame, width, height))

    def image(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """uint8[H, W, 3] RGB, upright, square pixels, longer side at most IMAGE_SIDE_PX, never enlarged."""
        wide = frame.width * self._coded_aspect
        scale = min(1.0, IMAGE_SIDE_PX / max(wide, frame.height))
        width, height = max(1, round(wide * scale)), max(1, round(frame.height * scale))
        return self._upright(_scaled(self._image, frame, width, height))

    def _upright(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        if self._quarter_turns:
            picture = np.rot90(picture, k=-self._quarter_turns)
        if self._mirrored:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture)


def _scaled(scaler: VideoReformatter, frame: VideoFrame, width: int, height: int) -> npt.NDArray[np.uint8]:
    default = Colorspace.ITU709 if frame.height >= _HD_FROM_HEIGHT_PX else Colorspace.ITU601
    if frame.format.name in _DEADLY_FORMATS:
        raise _unknown(frame)
    try:
        small = scaler.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=_MATRICES.get(frame.colorspace, default),
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.JPEG,
            interpolation=_SCALING,
            threads=1,
        )
    except av.error.FFmpegError as error:
        if isinstance(error, av.error.MemoryError):
            raise
        raise _unknown(frame) from error
    return cast("npt.NDArray[np.uint8]", small.to_ndarray())


def _unknown(frame: VideoFrame) -> MediaError:
    return MediaError(
        MediaErrorCode.DECODE_FAILED,
        f"Pictures of the format {frame.format.name} cannot be converted here. Convert the video to H.264 in "
        "MP4 and upload it again.",
    )
