"""Finds out of each video packet whether any other picture refers to the one it holds.

A picture to which no other refers can be left out before the decoder: all others come out the same. H.264
says so by nal_ref_idc (ITU-T H.264 7.4.1), H.265 by NAL unit types of sub-layer non-reference pictures (H.265
7.4.2.2, table 7-1), MPEG-1 and -2 by the type of B pictures (ISO/IEC 13818-2 6.3.9), AV1 by
refresh_frame_flags (`demux.av1_headers`). VP9 has no such picture: the next one takes probabilities and
motion vectors from it even where it is no reference. In MPEG-4 (14496-2) FFmpeg's decoder learns the distance
of fields from the first B picture that it gets. Of codecs that are not named, all are taken to be referred
to. Knows bitstream headers; no container and no decoder; imports no PyAV.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from actors.segmentation.demux.av1_headers import Av1Pictures
from actors.segmentation.demux.packet_headers import HEVC_VCL_END, nal_length_size, nal_units

_REFERRED = -1
"""In place of a temporal layer: others may refer to the picture."""

_H264_VCL = range(1, 6)
"""nal_unit_type of slices of the base view (H.264 table 7-1)."""
_H264_PARAMETERS = (7, 8, 13, 15)
"""... of parameter sets, which later pictures need."""
_HEVC_UNREFERENCED = range(0, 16, 2)
"""nal_unit_type (H.265 table 7-1) of sub-layer non-reference pictures: TRAIL_N to RSV_VCL_N14."""
_HEVC_KEPT = (32, 33, 34, 36, 37)
"""... of parameter sets, and of the end of a sequence or stream, which decides what is shown next."""

_MPEG_PICTURE, _MPEG_SEQUENCE, _MPEG_EXTENSION = b"\0\0\1\0", b"\0\0\1\xb3", b"\0\0\1\xb5"
"""Start codes of a picture, a sequence header and an extension (13818-2 table 6-1)."""
_MPEG_B = 3
"""picture_coding_type of B pictures."""
_MPEG_MATRICES = 3
"""extension_start_code_identifier of a quant matrix extension, whose matrices stay (13818-2 6.3.11)."""

PacketCheck = Callable[[memoryview], tuple[int, int]]
"""From a packet's bytes: (the temporal layer up to which no picture refers to its picture, or _REFERRED; the
highest temporal layer met in it)."""


class ReferenceFlags:
    """The pictures of one stream, packet by packet. codec: FFmpeg's name; extradata: its headers from the
    container."""

    def __init__(self, codec: str, extradata: bytes | None) -> None:
        self._check = _check_of(codec, extradata)
        self._layers = array("b")
        self._highest = 0

    def add(self, packet: memoryview) -> None:
        """The next packet, in decoding order."""
        layer, highest = (_REFERRED, 0) if self._check is None else self._check(packet)
        self._layers.append(layer)
        self._highest = max(self._highest, highest)

    def unreferenced(self) -> npt.NDArray[np.bool_]:
        """bool, one for each packet: no other picture refers to the one it holds.

        Of an H.265 stream with temporal layers only pictures of the highest, since those of a layer above may
        refer to all others.
        """
        layers = np.array(self._layers, np.int8)
        unreferenced: npt.NDArray[np.bool_] = (layers != _REFERRED) & (layers == self._highest)
        return unreferenced


def _check_of(codec: str, extradata: bytes | None) -> PacketCheck | None:
    if codec in ("h264", "hevc"):
        prefix = nal_length_size(codec, extradata)
        inspect = _h264 if codec == "h264" else _hevc
        return lambda packet: inspect(nal_units(packet, prefix))
    if codec in ("mpeg1video", "mpeg2video"):
        return _mpeg
    if codec == "av1":
        pictures = Av1Pictures(extradata)
        return lambda packet: (0 if pictures.only_unreferenced(packet) else _REFERRED, 0)
    return None


def _h264(units: Iterator[memoryview]) -> tuple[int, int]:
    unreferenced = False
    for unit in units:
        kind = unit[0] & 0x1F if unit else 0
        if kind in _H264_PARAMETERS:
            return _REFERRED, 0
        if kind in _H264_VCL:
            if unit[0] & 0x60:  # nal_ref_idc; of two fields, the second may refer to the first
                return _REFERRED, 0
            unreferenced = True
    return (0 if unreferenced else _REFERRED), 0


def _hevc(units: Iterator[memoryview]) -> tuple[int, int]:
    layer, referred, found = 0, False, False
    for unit in units:
        if len(unit) < 2:
            continue
        kind, of_base = unit[0] >> 1 & 0x3F, not (unit[0] & 1 or unit[1] >> 3)
        if kind in _HEVC_KEPT:
            referred = True
        elif kind < HEVC_VCL_END and of_base:
            found = True
            layer = max(layer, (unit[1] & 7) - 1)
            referred = referred or kind not in _HEVC_UNREFERENCED
    return (_REFERRED if referred or not found else layer), layer


def _mpeg(packet: memoryview) -> tuple[int, int]:
    """B pictures only, of which two fields are one frame, and nothing that stays for later pictures."""
    stream = bytes(packet)
    heads = list(_behind(stream, _MPEG_PICTURE))
    only_b = len(heads) > 0 and all(len(head) == 2 and head[1] >> 3 & 7 == _MPEG_B for head in heads)
    stays = _MPEG_SEQUENCE in stream or any(
        head[:1] and head[0] >> 4 == _MPEG_MATRICES for head in _behind(stream, _MPEG_EXTENSION)
    )
    return (0 if only_b and not stays else _REFERRED), 0


def _behind(stream: bytes, start: bytes) -> Iterator[bytes]:
    """The two bytes behind each of these start codes."""
    at = stream.find(start)
    while at >= 0:
        yield stream[at + len(start) : at + len(start) + 2]
        at = stream.find(start, at + len(start))
