"""Which loudspeaker each channel of a stream is for, read in a way that PyAV survives.

Knows an open stream's headers; decodes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

_IN_ORDER = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL",
    "TBC", "TBR", "DL", "DR", "WL", "WR", "SDL", "SDR", "LFE2", "TSL", "TSR", "BFC", "BFL", "BFR",
)  # fmt: skip
"""FFmpeg's names of loudspeakers, in the order in which it has their channels (libavutil, AV_CH_*). Other
names ("NONE", "AMBI0") are of channels that no loudspeaker is known for."""
_LISTED = "channels ("
"""In FFmpeg's description of a layout that is a list of channels: "8 channels (FL+FR+FC+LFE+SL+SR+BL+BR)"."""


def take_channel_names(stream: AudioStream) -> tuple[str, ...]:
    """FFmpeg's names of the stream's channels by its headers; empty where loudspeakers are not known.

    To be called once for a stream that is going to be decoded, before that. The stream keeps the number of
    channels, and a layout that needs no memory of its own: PyAV 18 copies the address of a list of channels
    (QuickTime and CAF have such lists), frees it with every copy, and so ends the process with the first
    frame. As the only one left, the copy made here is freed once.
    """
    context = stream.codec_context
    layout = context.layout
    if layout.nb_channels == 0:
        return ()  # FFmpeg has met no packet of the stream yet
    described = layout.name
    context.layout = f"{layout.nb_channels} channels" if _LISTED in described else described
    names = tuple(channel.name for channel in layout.channels)
    known = len(set(names)) == len(names) and all(name in _IN_ORDER for name in names)
    return names if known else ()


def usual_order(names: Sequence[str]) -> list[int]:
    """Numbers of the channels in FFmpeg's own order. `names`: all known."""
    return sorted(range(len(names)), key=lambda channel: _IN_ORDER.index(names[channel]))
