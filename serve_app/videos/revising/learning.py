"""Learns settings from corrected videos: the fuser looks for those that come nearest to what people made.

Knows the stores and the fuser; not how the search is made, and no HTTP. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from cluster import segment_settings
from cluster.contract.presets import Learned, LearnRequest, LevelAgreement, VideoAgreement
from cluster.contract.vocabulary import LEVELS, Level
from cluster.errors import ConflictError
from cluster.stores.postgres.revisions import EXACT
from cluster.stores.postgres.video import Video, VideoState
from serve_app.services import ApiServices
from serve_app.videos.fuser import FuserOutcome, ask_fuser
from serve_app.videos.lost import check_not_lost
from serve_app.videos.presets import FindPreset, resolve
from serve_app.videos.transcripts import words_reference

TIMEOUT_S = 120.0
"""Wait for the fuser: some seconds a video to read what was measured, and the time limit of the search."""

Ask = Callable[..., FuserOutcome]


def fuser_of(services: ApiServices) -> Ask:
    """What asks the fuser of an installation for settings."""
    return partial(ask_fuser, services.settings.ray_namespace, "learn", timeout_s=TIMEOUT_S)


def learn_from(services: ApiServices, ask: Ask, asked: LearnRequest, find: FindPreset) -> Learned:
    """What the videos teach. `find`: the caller's own presets.

    NotFoundError for a video that there is not, ConflictError for one that is not corrected or would have to
    be decoded again, InvalidSettingsError for a preset that nobody knows; UnavailableError when the fuser
    does not answer.
    """
    base = resolve(asked.preset, {}, find).settings
    levels = asked.levels or list(LEVELS)
    videos = [services.jobs.get(video_id) for video_id in dict.fromkeys(asked.videos)]
    films = [_film(services, video, levels) for video in videos]
    outcome = ask(videos[0], base, films=films)
    if outcome.error_code:
        raise ConflictError(outcome.message)
    found = outcome.result
    return Learned(
        preset=str(base["preset"]),
        changed=found["changed"],
        settings=_different(base, found["changed"]),
        before=found["before"],
        after=found["after"],
        held_out=found["held_out"],
        complete=found["complete"],
        videos=[
            VideoAgreement(video_id=video.id, before=_levels(gain["before"]), after=_levels(gain["after"]))
            for video, gain in zip(videos, found["films"], strict=True)
        ],
    )


def _film(services: ApiServices, video: Video, levels: Sequence[Level]) -> dict[str, Any]:
    if video.state is not VideoState.DONE or video.timeline_id is None:
        raise ConflictError(f"The video {video.id} is {video.state}; what is done and corrected teaches.")
    revision = services.jobs.revisions.get(video.id, video.revision)
    if not (revision.corrections or {}).get(EXACT):
        raise ConflictError(
            f"The shown revision of the video {video.id} was not corrected by hand. Correct it first, or "
            "choose its corrected revision."
        )
    wanted = {level: _starts(services, video.timeline_id, level) for level in levels}
    if not any(wanted.values()):
        check_not_lost(services, video.id, video.timeline_id)
    if "video_codec" in (video.media or {}) and (video.media or {})["video_codec"] is None:
        wanted.pop("shot", None)  # sound alone has none
    return {
        "video_id": video.id,
        "tracks_key": video.tracks_key,
        "tracks_hash": video.tracks_hash or "none",
        "settings": dict(video.settings),
        "words": words_reference(services, video, video.settings),
        "wanted": wanted,
    }


def _starts(services: ApiServices, timeline: str, level: Level) -> list[float]:
    return [row["start_s"] for row in services.results.all_segments(timeline, level) if row["index"]]


def _different(base: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """What an own preset needs to say: also what the base preset, if it is an own one, changes already."""
    packaged = segment_settings.resolve(str(base["preset"]), {})
    return {name: value for name, value in {**base, **changed}.items() if packaged.get(name) != value}


def _levels(counts: Mapping[str, Mapping[str, Any]]) -> dict[Level, LevelAgreement]:
    return {
        level: LevelAgreement(
            both=found["both"],
            only_found=found["only_found"],
            only_corrected=found["only_wanted"],
            f1=found["f1"],
        )
        for level in LEVELS
        if (found := counts.get(level)) is not None
    }
