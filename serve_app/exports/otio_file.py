"""Writes an OpenTimelineIO timeline with the library of that project. Knows no other format."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from cluster.contract.results import Segment
from serve_app.exports.cuts import CutList, cut_list
from serve_app.exports.material import Export, one_line, title

_DISSOLVE = otio.schema.TransitionTypes.SMPTE_Dissolve
_OTHER_MIX = otio.schema.TransitionTypes.Custom


def write_otio(made: Export) -> str:
    """A video track and, if the film has sound, an audio track of clips of the level (default: shots).

    Dissolves and wipes become transitions, chapters and scenes above the level markers of the timeline. The
    media file is named without a folder: tools look for it beside the timeline, or ask the user. Ranges of
    the media are on its own clock (`SourceClock`), as tools count it.
    """
    cuts = cut_list(made)
    timeline = otio.schema.Timeline(name=one_line(made.stem), global_start_time=_time(cuts, 0))
    kinds = [otio.schema.TrackKind.Video, *([otio.schema.TrackKind.Audio] if made.has_audio else [])]
    for kind in kinds:
        timeline.tracks.append(_track(made, cuts, kind))
    timeline.tracks.markers.extend(
        otio.schema.Marker(
            name=title(marker.segment),
            marked_range=_range(cuts, marker.start, marker.end),
            color=otio.schema.MarkerColor.RED
            if marker.segment.level == "chapter"
            else otio.schema.MarkerColor.CYAN,
            metadata={"scenestream": _facts(marker.segment)},
        )
        for marker in cuts.markers
    )
    return str(timeline.to_json_string(indent=1))


def _track(made: Export, cuts: CutList, kind: str) -> otio.schema.Track:
    picture = kind == otio.schema.TrackKind.Video
    track = otio.schema.Track(name="Picture" if picture else "Sound", kind=kind)
    source = cuts.source
    available = _range(cuts, source.begin, source.number(cuts.total))
    for clip in cuts.clips:
        boundary = clip.segment.start_boundary
        if clip.half and picture:
            half = _time(cuts, clip.half)
            mix = _DISSOLVE if boundary.kind == "dissolve" else _OTHER_MIX
            track.append(
                otio.schema.Transition(
                    name=boundary.kind, transition_type=mix, in_offset=half, out_offset=half
                )
            )
        track.append(
            otio.schema.Clip(
                name=title(clip.segment),
                media_reference=otio.schema.ExternalReference(
                    target_url=quote(made.filename), available_range=available
                ),
                source_range=_range(cuts, source.number(clip.start), source.number(clip.end)),
                metadata={"scenestream": _facts(clip.segment)} if picture else {},
            )
        )
    return track


def _facts(segment: Segment) -> dict[str, Any]:
    """Metadata of a segment that OpenTimelineIO has no field for."""
    names = ("level", "index", "label", "start_s", "end_s", "start_frame", "end_frame")
    boundary = segment.start_boundary
    return {
        **{name: getattr(segment, name) for name in names},
        "boundary": boundary.kind,
        "confidence": boundary.confidence,
    }


def _time(cuts: CutList, frame: int) -> RationalTime:
    return RationalTime(frame, float(cuts.rate.fraction))


def _range(cuts: CutList, start: int, end: int) -> TimeRange:
    return TimeRange(_time(cuts, start), _time(cuts, end - start))
