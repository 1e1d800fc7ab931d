"""Chooses the audio stream to analyse: the one that a player would play, unless it has no signal.

Streams are ranked by what they are for (commentary and help for the impaired last), by the container's flag
of the default one, and by their order in the file; bit rates say nothing. Where there are several, they are
listened to at places all over the file, and an empty one gives way to the next that has a signal. Decided
once for a file, before it is divided. Knows an open container and levels; does not know what is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from av.stream import Disposition

from actors.segmentation.demux.media import StreamChoice, StreamInfo
from actors.segmentation.limits import Limits
from actors.segmentation.planning.audio_levels import NOTHING_DB, loudest_db
from actors.segmentation.planning.probe import describe_streams, has_decoder, wanted_stream

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

PURPOSES = {
    "commentary": Disposition.comment,
    "visual_impaired": Disposition.visual_impaired | Disposition.descriptions,
    "hearing_impaired": Disposition.hearing_impaired | Disposition.clean_effects,
    "karaoke": Disposition.karaoke | Disposition.lyrics,
    "part": Disposition.dependent | Disposition.non_diegetic,
    "dub": Disposition.dub,
}
"""What a stream may be for, other than to be the film's own sound, by FFmpeg's flags: the first that fits. A
`part` is to be mixed with another stream."""
OWN_SOUND = (None, "dub")
"""Purposes of streams that are taken before all others that have a signal."""

EMPTY_DB = -60.0
"""Level (dBFS) of the loudest 100 ms below which a stream has no signal. No measurement: the hiss of an open
input lies below."""
CLEAR_DB = -40.0
"""Level from which a stream has a signal for sure. No measurement; speech lies 10 to 20 dB above."""
APART_DB = 30.0
"""Decibels below the loudest stream of its kind from which a stream that is not clear is the noise of an
input where nothing was plugged in: more than a voice's own range of levels."""


@dataclass(frozen=True)
class AudioChoice:
    """stream: None where none can be analysed. silent: by index of stream, whether no signal was found in it;
    only of those that were listened to. notes: sentences for people."""

    stream: AudioStream | None
    silent: Mapping[int, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def purpose_of(stream: Stream) -> str | None:
    """One of PURPOSES; None for the film's own sound."""
    return next((name for name, flags in PURPOSES.items() if stream.disposition & flags), None)


def choose_audio(
    path: Path,
    container: InputContainer,
    choice: StreamChoice | None,
    video: VideoStream | None,
    limits: Limits,
    should_stop: Callable[[], bool] | None = None,
) -> AudioChoice:
    """The stream that the settings name, else the first in rank that has a signal.

    `video`: the chosen picture; None where the file has none, and streams of all programmes are ranked.
    MediaError no_stream when the settings name none; OSError when the file cannot be read; Cancelled.
    """
    tracks = list(container.streams.audio)
    wanted = choice.audio_stream if choice is not None else None
    if wanted is not None:
        tracks = [wanted_stream(tracks, wanted, "audio")]
    known = [s for s in tracks if has_decoder(s)]
    if tracks and not known:
        return AudioChoice(
            None, notes=("The sound is coded in a way that is not known here; it is ignored.",)
        )
    if wanted is None and video is not None and container.format.name == "mpegts":
        known = _of_programme(container, known, video)
    ranked = sorted(known, key=_rank)
    if len(ranked) < 2:
        return AudioChoice(ranked[0] if ranked else None)
    indices = [s.index for s in ranked]
    levels_db = loudest_db(path, indices, limits, enough_db=CLEAR_DB, should_stop=should_stop)
    return _by_signal(ranked, levels_db)


def described(container: InputContainer, choice: AudioChoice) -> tuple[StreamInfo, ...]:
    """All streams, and of those of sound what they are for and whether a signal was found."""
    return tuple(
        replace(
            info,
            title=stream.metadata.get("title"),
            purpose=purpose_of(stream),
            silent=choice.silent.get(info.index),
        )
        if info.kind == "audio"
        else info
        for info, stream in zip(describe_streams(container), container.streams, strict=True)
    )


def _of_programme(
    container: InputContainer, streams: list[AudioStream], video: VideoStream
) -> list[AudioStream]:
    """Those that are broadcast in one programme with the video; all where it has none of them.

    PyAV 18 tells nothing of programmes, but asks FFmpeg for the best stream of the video's one. By turns the
    best stream is flagged as the least fit, until one comes back.
    """
    flags = [(stream, stream.disposition) for stream in streams]
    found: list[AudioStream] = []
    for stream in streams:
        stream.disposition = Disposition.default
    while (best := container.streams.best("audio", related=video)) in streams and best not in found:
        found.append(best)
        best.disposition = Disposition.hearing_impaired
    for stream, before in flags:
        stream.disposition = before
    return found or streams


def _rank(stream: AudioStream) -> tuple[bool, bool, bool, int]:
    purpose = purpose_of(stream)
    default = bool(stream.disposition & Disposition.default)
    return purpose not in OWN_SOUND, not default, purpose is not None, stream.index


def _by_signal(ranked: Sequence[AudioStream], levels_db: Mapping[int, float]) -> AudioChoice:
    """The first that has a signal. `levels_db`: by index; a stream that is not there was not listened to."""
    silent: dict[int, bool] = {}
    for stream in ranked:
        own = purpose_of(stream) in OWN_SOUND
        kind = [s.index for s in ranked if (purpose_of(s) in OWN_SOUND) == own]
        loudest_db = max(levels_db.get(index, NOTHING_DB) for index in kind)
        if (level_db := levels_db.get(stream.index)) is not None:
            silent[stream.index] = level_db < min(CLEAR_DB, max(EMPTY_DB, loudest_db - APART_DB))
    chosen = next((s for s in ranked if not silent.get(s.index, False)), None)
    if chosen is None:
        return AudioChoice(ranked[0], silent, ("No sound was found in any of the audio streams.",))
    empty = [str(s.index) for s in ranked[: ranked.index(chosen)]]
    if not empty:
        return AudioChoice(chosen, silent)
    which = f"stream {empty[0]}" if len(empty) == 1 else f"streams {', '.join(empty[:-1])} and {empty[-1]}"
    note = f"No sound was found in {which}; stream {chosen.index} is heard instead."
    return AudioChoice(chosen, silent, (note,))
