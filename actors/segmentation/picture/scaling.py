"""Scales decoded frames to RGB: small for TransNetV2, larger for keyframes, upright as a player shows them.

Uses FFmpeg's swscale with area averaging, and with flags that make its result independent of the processor's
instruction set, so that every machine gives the same bits. Knows frames and the file's description
(`MediaInfo`), not where a frame stands in the video; imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av.error
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from actors.segmentation.demux.media import MediaInfo
from actors.segmentation.errors import MediaError, MediaErrorCode
from actors.segmentation.networks.inputs import FRAME_HEIGHT_PX, FRAME_WIDTH_PX

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

IMAGE_SIDE_PX = 320
"""Longer side of a keyframe image. No measurement; more than the 288 pixels that EfficientNet-Lite0 gets of a
wide picture, and enough for the thumbnails of the page."""

_SCALING = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
"""AREA averages all pixels, as is right for making a picture 30 times smaller. Without ACCURATE_RND and
BITEXACT, swscale's SIMD code rounds otherwise than its C code, and machines would differ."""
_HD_MIN_HEIGHT_PX = 577
"""Rows from which a picture that names no colour matrix is taken as BT.709, as players guess; up to the 576
of standard definition it is BT.601."""
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
"""Matrix coefficients of ITU-T H.273 (keys) that swscale converts; others count as not given."""

_ABORTING_FORMATS = frozenset({"yaf32le", "yaf32be"})
"""Pixel formats (grey with alpha, 32-bit float) at which swscale 9.5 (FFmpeg 8.1, PyAV 18.1) calls abort(),
which would end the process, instead of returning an error."""


class FrameScaler:
    """Scales frames of one video, whatever their size and pixel format; both may change inside a stream.

    MediaError decode_failed for the few pixel formats that swscale cannot convert. Not thread-safe.

    Limited-range white (235) comes out as 253 instead of 255 (swscale 9.5 rounds so). Pictures of high
    dynamic range are not tone-mapped and come out flat.
    """

    def __init__(self, media: MediaInfo) -> None:
        self._quarter_turns = media.rotation // 90
        self._mirrored = media.mirrored
        aspect = media.pixel_aspect
        self._coded_aspect = float(1 / aspect if self._quarter_turns % 2 else aspect)
        self._network = VideoReformatter()
        self._image = VideoReformatter()

    def network(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """uint8[27, 48, 3] RGB, upright; the aspect ratio is not kept, as in TransNetV2's training."""
        width, height = FRAME_WIDTH_PX, FRAME_HEIGHT_PX
        if self._quarter_turns % 2:
            width, height = height, width
        return self._upright(_scaled(self._network, frame, width, height))

    def image(self, frame: VideoFrame, side_px: int = IMAGE_SIDE_PX) -> npt.NDArray[np.uint8]:
        """uint8[H, W, 3] RGB, upright, square pixels; longer side at most `side_px`, never enlarged."""
        wide = frame.width * self._coded_aspect
        scale = min(1.0, side_px / max(wide, frame.height))
        width, height = max(1, round(wide * scale)), max(1, round(frame.height * scale))
        return self._upright(_scaled(self._image, frame, width, height))

    def _upright(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        if self._quarter_turns:
            picture = np.rot90(picture, k=-self._quarter_turns)
        if self._mirrored:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture)


def _scaled(scaler: VideoReformatter, frame: VideoFrame, width: int, height: int) -> npt.NDArray[np.uint8]:
    default = Colorspace.ITU709 if frame.height >= _HD_MIN_HEIGHT_PX else Colorspace.ITU601
    if frame.format.name in _ABORTING_FORMATS:
        raise _not_convertible(frame)
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
            raise  # the machine's fault, not the format's
        raise _not_convertible(frame) from error
    return cast("npt.NDArray[np.uint8]", small.to_ndarray())


def _not_convertible(frame: VideoFrame) -> MediaError:
    return MediaError(
        MediaErrorCode.DECODE_FAILED,
        f"Pictures of the format {frame.format.name} cannot be converted here. Convert the video to H.264 in "
        "MP4 and upload it again.",
    )
