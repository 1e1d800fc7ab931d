"""Reads the first bytes of video packets: is the picture shown, and may decoding begin at it exactly?

A container's key flag is not enough: an H.264 "key frame" may be the start of a gradual refresh, or an I
frame behind which later frames refer to earlier ones. Knows bitstream headers (ITU-T H.264 7.3 and D.2.8;
H.265 7.4.2.2; H.266 7.4.2.2; RFC 6386 9.1; the VP9 bitstream specification 7.2); no container and no decoder;
imports no PyAV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

BytesCheck = Callable[[bytes], bool]
"""Takes a packet's bytes."""

CLEAN_KEY_CODECS = frozenset({
    "mpeg1video", "mpeg2video", "mpeg4", "h263", "flv1", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1",
    "wmv2", "wmv3", "vc1", "theora", "vp6", "vp6f", "vp8", "vp9", "av1", "ffv1",
})  # fmt: skip
"""Codecs (FFmpeg's names) in which no picture shown after a key frame refers to anything before it."""

_PLACEHOLDER_CODECS = frozenset(
    {"mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "h263", "flv1", "wmv1", "wmv2"}
)
"""Codecs whose encoders write a packet that holds no picture where the one before stays on the screen."""
_PLACEHOLDER_BYTES = 8
"""Bytes that such a packet has at most: a start code and the fields up to vop_coded (MPEG-4 Visual 6.2.5)."""

_H264_IDR, _H264_SEI = 5, 6
"""nal_unit_type of an IDR picture's slice and of supplemental enhancement information (H.264 table 7-1)."""
_SEI_RECOVERY_POINT = 6
"""payloadType of a recovery point (H.264 D.1)."""
_HEVC_IRAP = range(16, 22)
"""nal_unit_type of slices of pictures at which decoding may begin: BLA, IDR, CRA (H.265 table 7-1)."""
HEVC_VCL_END = 32
"""nal_unit_type of all slices is below (H.265 table 7-1)."""
_VVC_IRAP = (7, 8, 9)
"""The same in H.266 (table 5): IDR_W_RADL, IDR_N_LP, CRA."""
_VVC_VCL_END = 12
"""nal_unit_type of all slices is below (H.266 table 5)."""


def may_begin_at(codec: str, extradata: bytes | None, intra_only: bool) -> BytesCheck:
    """A check for key packets of a codec (FFmpeg's name): do all frames shown later decode from here?

    `extradata`: the codec's headers from the container. For codecs that are not known to keep that promise,
    the check says no, and decoding begins at the file's start.
    """
    if codec in ("h264", "hevc", "vvc"):
        prefix = nal_length_size(codec, extradata)
        inspect = {"h264": _h264_begins, "hevc": _hevc_begins, "vvc": _vvc_begins}[codec]
        return lambda packet: inspect(nal_units(packet, prefix))
    clean = codec in CLEAN_KEY_CODECS or intra_only
    return lambda _packet: clean


def is_hidden(codec: str, packet: memoryview) -> bool:
    """Whether a VP8 or VP9 packet holds only a reference picture that is never shown (an "alt-ref")."""
    if len(packet) == 0:
        return False
    first = packet[0]
    if codec == "vp8":
        return not first & 0x10
    if codec == "vp9":
        in_superframe = packet[-1] & 0xE0 == 0xC0
        profile_3 = first & 0x30 == 0x30
        shift = 1 if profile_3 else 0
        show_existing = first >> (3 - shift) & 1
        show_frame = first >> (1 - shift) & 1
        return first >> 6 == 2 and not in_superframe and not show_existing and not show_frame
    return False


def is_placeholder(codec: str, size_bytes: int) -> bool:
    """Whether a packet says only that the picture before it stays: no frame is decoded from it."""
    return codec in _PLACEHOLDER_CODECS and size_bytes <= _PLACEHOLDER_BYTES


def nal_length_size(codec: str, extradata: bytes | None) -> int:
    """Bytes of a NAL unit's length prefix by the avcC, hvcC or vvcC record; 0 = start codes (Annex B).

    The packet itself cannot tell: a length of 256 to 511 bytes, 00 00 01 xx, looks like a start code.
    """
    if not extradata or extradata.startswith((b"\0\0\1", b"\0\0\0\1")):
        return 0
    if codec == "h264" and len(extradata) > 4:
        return (extradata[4] & 3) + 1
    if codec == "hevc" and len(extradata) > 21:
        return (extradata[21] & 3) + 1
    return 4


def nal_units(packet: bytes | memoryview, length_size: int) -> Iterator[memoryview]:
    """The NAL units of a packet, without copying them. length_size: see `nal_length_size`."""
    whole = memoryview(packet)
    if length_size == 0:
        stream = bytes(packet)
        at = stream.find(b"\0\0\1")
        while at >= 0:
            following = stream.find(b"\0\0\1", at + 3)
            yield whole[at + 3 : following if following >= 0 else None]
            at = following
        return
    at = 0
    while at + length_size <= len(packet):
        size = int.from_bytes(packet[at : at + length_size], "big")
        at += length_size
        yield whole[at : at + size]
        at += size


def _h264_begins(units: Iterator[memoryview]) -> bool:
    for unit in units:
        kind = unit[0] & 0x1F if unit else 0
        if kind == _H264_IDR:
            return True
        # 00 00 03 is an emulation prevention byte behind two zeros (H.264 7.4.1.1)
        if kind == _H264_SEI and _recovers_at_once(bytes(unit[1:]).replace(b"\0\0\3", b"\0\0")):
            return True
    return False


def _hevc_begins(units: Iterator[memoryview]) -> bool:
    kinds = (unit[0] >> 1 & 0x3F for unit in units if len(unit) > 1)
    return next((kind in _HEVC_IRAP for kind in kinds if kind < HEVC_VCL_END), False)


def _vvc_begins(units: Iterator[memoryview]) -> bool:
    kinds = (unit[1] >> 3 for unit in units if len(unit) > 1)
    return next((kind in _VVC_IRAP for kind in kinds if kind < _VVC_VCL_END), False)


def _recovers_at_once(messages: bytes) -> bool:
    """Whether SEI messages hold a recovery point of zero frames with exact match (H.264 7.3.2.3.1, D.2.8)."""
    at = 0
    while at + 2 <= len(messages):
        kind = size = 0
        while at < len(messages) and messages[at] == 0xFF:
            kind, at = kind + 255, at + 1
        if at < len(messages):
            kind, at = kind + messages[at], at + 1
        while at < len(messages) and messages[at] == 0xFF:
            size, at = size + 255, at + 1
        if at < len(messages):
            size, at = size + messages[at], at + 1
        payload = messages[at : at + size]
        if kind == _SEI_RECOVERY_POINT and payload:
            # recovery_frame_cnt ue(v) = 0 is the bit 1, exact_match_flag the bit after it.
            return payload[0] & 0xC0 == 0xC0
        at += size
    return False
