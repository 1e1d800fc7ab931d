"""Resolves a clip order: selects the segments, decides how each is cut, and names the files.

Pure; the API and the command line share it. Knows segments as the contract's dictionaries and codecs by name;
knows neither files nor stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from cluster.clips.names import check_pattern, file_names
from cluster.contract.clips import ClipOrder, Selection
from cluster.contract.vocabulary import CONTENT
from cluster.errors import InvalidSettingsError, LimitExceededError, UsageError

_MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""Codecs that common players read from MP4. Copied streams of any other codec go into Matroska, which takes
all.
"""


def clip_order(values: Mapping[str, Any]) -> ClipOrder:
    """Makes an order from plain values. InvalidSettingsError names a wrong one."""
    try:
        order = ClipOrder.model_validate(dict(values))
    except ValidationError as error:
        told = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise InvalidSettingsError(f"{'; '.join(told)}.") from error
    check_pattern(order.pattern)
    return order


def cut_options(order: ClipOrder, media: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the cutting library for this order; the codecs decide `container`."""
    container: str = order.container
    if container == "auto":
        audio = media.get("audio_codec")
        fits = media.get("video_codec") in _MP4_VIDEO and (not audio or audio in _MP4_AUDIO)
        container = "mp4" if order.mode == "exact" or fits else "mkv"
    return {
        "mode": order.mode,
        "container": container,
        "crf": order.crf,
        "preset": order.preset,
        "height_px": order.height,
        "sound": order.sound,
    }


def chosen(
    order: ClipOrder, segments: Sequence[Mapping[str, Any]], filename: str, suffix: str
) -> list[dict[str, Any]]:
    """Selects the wanted ones of a video's segments, in order, and adds the `name` of each one's file.

    UsageError `nothing_selected`, LimitExceededError for more than `max_clips`, InvalidSettingsError for
    a pattern that cannot be used.
    """
    check_pattern(order.pattern)
    found = [s for s in segments if s["level"] == order.level and meets(s, order.select)]
    if not found:
        raise UsageError(
            f"No {order.level} of this video meets the conditions of `select`.", code="nothing_selected"
        )
    if len(found) > order.max_clips:
        raise LimitExceededError(
            f"{len(found)} {order.level}s meet the conditions, more than max_clips ({order.max_clips}). "
            "Narrow the selection, or raise max_clips."
        )
    names = file_names(order.pattern, filename, found, suffix)
    return [{**segment, "name": name} for segment, name in zip(found, names, strict=True)]


def meets(segment: Mapping[str, Any], select: Selection) -> bool:
    """Whether a segment meets every condition of the selection that is set."""
    length_s = segment["end_s"] - segment["start_s"]
    role = segment.get("role") or CONTENT  # results of earlier versions have none
    shown = {tag["label"].casefold() for tag in (segment.get("visual") or {}).get("tags") or ()}
    return (
        (select.indices is None or segment["index"] in select.indices)
        and (select.labels is None or segment["label"] in select.labels)
        and (select.tags is None or any(tag.casefold() in shown for tag in select.tags))
        and (select.roles is None or role in select.roles)
        and (select.not_roles is None or role not in select.not_roles)
        and (select.from_s is None or segment["end_s"] > select.from_s)
        and (select.to_s is None or segment["start_s"] < select.to_s)
        and (select.min_s is None or length_s >= select.min_s)
        and (select.max_s is None or length_s <= select.max_s)
    )
