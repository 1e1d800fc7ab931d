"""Reads the headers of AV1 packets as far as is needed to know which pictures others refer to.

Follows the AV1 Bitstream & Decoding Process Specification (version 1.0.0 with errata 1): open bitstream units
(5.3), the sequence header (5.5) and the beginning of the frame header (5.9.2). What a frame with
refresh_frame_flags 0 decodes to, its probabilities and motion vectors among it, is kept in no slot, so that
nothing later depends on it. Knows bits; no container and no decoder; imports no PyAV.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SEQUENCE_HEADER, _FRAME_HEADER, _FRAME, _TILE_LIST = 1, 3, 6, 8
"""obu_type (6.2.2)."""
_KEY_FRAME, _INTRA_ONLY_FRAME, _SWITCH_FRAME = 0, 2, 3
"""frame_type (6.8.2)."""
_SELECT = 2
"""SELECT_SCREEN_CONTENT_TOOLS and SELECT_INTEGER_MV (6.4.1): each frame says."""
_AV1C_BYTES = 4
"""Bytes of an av1C record before its units (AV1 in ISO BMFF 2.3.3)."""
_AV1C_MARKER = 0x81
"""Its first byte: marker and version."""


class _Bits:
    """Reads bits from the front. IndexError behind the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, count: int) -> int:
        """Unsigned, most significant first: f(n) of the specification."""
        value = 0
        for at in range(self._at, self._at + count):
            value = value << 1 | (self._data[at >> 3] >> (7 - (at & 7)) & 1)
        self._at += count
        return value

    def uvlc(self) -> None:
        """Pass a number of variable length (4.10.3)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        if zeros < 32:
            self.read(zeros)


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a frame header needs of the sequence header (5.5.1). operating: of each operating point, its idc
    and whether it has a decoder model."""

    reduced: bool
    removal_time_bits: int
    presentation_time_bits: int
    operating: tuple[tuple[int, bool], ...]
    frame_id_bits: int
    screen_content: int
    integer_mv: int
    order_hint_bits: int


class Av1Pictures:
    """The packets of one stream, in decoding order. extradata: an av1C record, or units, or nothing."""

    def __init__(self, extradata: bytes | None) -> None:
        self._sequence: _Sequence | None = None
        if extradata:
            skipped = _AV1C_BYTES if extradata[0] == _AV1C_MARKER else 0
            self.only_unreferenced(memoryview(extradata)[skipped:])

    def only_unreferenced(self, packet: memoryview) -> bool:
        """Whether the packet shows pictures to which no other refers, and holds nothing else that later ones
        need."""
        try:
            return self._only_unreferenced(packet)
        except IndexError:  # a unit that ends early: damage, so nothing is known of it
            return False

    def _only_unreferenced(self, packet: memoryview) -> bool:
        found = False
        needed = False
        for kind, temporal, spatial, unit in _units(packet):
            if kind == _SEQUENCE_HEADER:
                self._sequence = _sequence(_Bits(bytes(unit)))
                needed = True
            elif kind in (_FRAME_HEADER, _FRAME):
                found = True
                needed = needed or self._referred(_Bits(bytes(unit[:32])), temporal, spatial)
            elif kind == _TILE_LIST:
                needed = True
        return found and not needed

    def _referred(self, bits: _Bits, temporal: int, spatial: int) -> bool:
        """Whether a frame is kept for others, or is one that was kept (5.9.2)."""
        sequence = self._sequence
        if sequence is None or sequence.reduced or bits.read(1):  # show_existing_frame
            return True
        kind, shown = bits.read(2), bits.read(1)
        if not shown or kind in (_KEY_FRAME, _SWITCH_FRAME):
            return True
        bits.read(sequence.presentation_time_bits)
        resilient = bits.read(1)
        bits.read(1)  # disable_cdf_update
        screen = bits.read(1) if sequence.screen_content == _SELECT else sequence.screen_content
        if screen and sequence.integer_mv == _SELECT:
            bits.read(1)
        bits.read(sequence.frame_id_bits)
        bits.read(1)  # frame_size_override_flag
        bits.read(sequence.order_hint_bits)
        if kind != _INTRA_ONLY_FRAME and not resilient:
            bits.read(3)  # primary_ref_frame
        if sequence.removal_time_bits and bits.read(1):
            for idc, modelled in sequence.operating:
                if modelled and (idc == 0 or (idc >> temporal & 1 and idc >> (spatial + 8) & 1)):
                    bits.read(sequence.removal_time_bits)
        return bits.read(8) != 0  # refresh_frame_flags


def _units(packet: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """(obu_type, temporal layer, spatial layer, payload) of each unit (5.3). IndexError for damage."""
    at = 0
    while at < len(packet):
        head = packet[at]
        at += 1
        temporal = spatial = 0
        if head & 4:
            temporal, spatial = packet[at] >> 5, packet[at] >> 3 & 3
            at += 1
        size = len(packet) - at
        if head & 2:
            size, at = _leb128(packet, at)
        yield head >> 3 & 15, temporal, spatial, packet[at : at + size]
        at += size


def _leb128(packet: memoryview, at: int) -> tuple[int, int]:
    """(number, where it ends); at most 8 bytes (4.10.5)."""
    value = 0
    for place in range(8):
        byte = packet[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, at + place + 1
    raise IndexError("a length of more than 8 bytes")


def _sequence(bits: _Bits) -> _Sequence:
    """The sequence header (5.5.1) up to order_hint_bits."""
    bits.read(4)  # seq_profile, still_picture
    if bits.read(1):
        return _Sequence(True, 0, 0, (), 0, _SELECT, _SELECT, 0)
    removal_bits = presentation_bits = delay_bits = 0
    equal_interval = 0
    if bits.read(1):  # timing_info_present_flag
        bits.read(64)
        equal_interval = bits.read(1)
        if equal_interval:
            bits.uvlc()
        if bits.read(1):  # decoder_model_info_present_flag
            delay_bits = bits.read(5) + 1
            bits.read(32)
            removal_bits, presentation_bits = bits.read(5) + 1, bits.read(5) + 1
    operating = _operating_points(bits, delay_bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    bits.read(width_bits + height_bits)
    frame_id_bits = 0
    if bits.read(1):  # frame_id_numbers_present_flag
        frame_id_bits = bits.read(4) + 2
        frame_id_bits += bits.read(3) + 1
    bits.read(3 + 4)  # tools that frame headers do not depend on up to refresh_frame_flags
    ordered = bits.read(1)
    if ordered:
        bits.read(2)
    screen = _SELECT if bits.read(1) else bits.read(1)
    integer_mv = _SELECT
    if screen and not bits.read(1):
        integer_mv = bits.read(1)
    return _Sequence(
        reduced=False,
        removal_time_bits=removal_bits,
        presentation_time_bits=0 if equal_interval else presentation_bits,
        operating=operating,
        frame_id_bits=frame_id_bits,
        screen_content=screen,
        integer_mv=integer_mv,
        order_hint_bits=bits.read(3) + 1 if ordered else 0,
    )


def _operating_points(bits: _Bits, delay_bits: int) -> tuple[tuple[int, bool], ...]:
    """delay_bits: 0 without a decoder model."""
    delayed = bits.read(1)  # initial_display_delay_present_flag
    found = []
    for _ in range(bits.read(5) + 1):
        idc, level = bits.read(12), bits.read(5)
        if level > 7:
            bits.read(1)
        modelled = bool(delay_bits and bits.read(1))
        if modelled:
            bits.read(2 * delay_bits + 1)
        if delayed and bits.read(1):
            bits.read(4)
        found.append((idc, modelled))
    return tuple(found)
