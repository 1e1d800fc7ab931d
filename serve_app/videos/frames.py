"""When the frames of a video are shown, as the plan has it from whose tracks the shown result was made.

The fuser reads the plan, whose bytes only the library knows. Knows the stores; no HTTP.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial

from cluster.contract.problems import FieldProblem
from cluster.contract.results import FrameTimes
from cluster.errors import ConflictError
from cluster.stores.postgres.video import Video
from serve_app.services import ApiServices
from serve_app.videos.fuser import FuserOutcome, ask_fuser
from serve_app.web.problems import Problem

_NO_FRAME = "no_frame"
"""Code of the fuser's error: `actors.tasks.CODE_NO_FRAME`."""

Ask = Callable[..., FuserOutcome]


def frames_of(services: ApiServices) -> Ask:
    """What asks the fuser of an installation for times of frames."""
    return partial(ask_fuser, services.settings.ray_namespace, "frames")


def frames_tag(video: Video, from_frame: int) -> str:
    """The entity tag of `frame_times`: equal tags, equal times. Nothing is asked for it.

    Of the tracks and of the settings, since settings of another stream have other frames. `video`: of
    `as_shown`.
    """
    of = json.dumps([video.tracks_key, video.tracks_hash, video.settings, from_frame], sort_keys=True)
    return f'"{hashlib.sha256(of.encode()).hexdigest()[:32]}"'


def frame_times(ask: Ask, video: Video, from_frame: int) -> FrameTimes:
    """The times of the frames from `from_frame` >= 0 on, as many as are told at once. `video`: of `as_shown`.

    Blocks as `ask_fuser` does. Problem `invalid_request` when there is no such frame; ConflictError when the
    plan is gone or cannot be read any more; UnavailableError when the fuser does not answer.
    """
    outcome = ask(video, video.settings, from_frame=from_frame)
    if outcome.error_code == _NO_FRAME:
        problem = FieldProblem(where="query.from_frame", message=outcome.message)
        raise Problem("invalid_request", outcome.message, errors=[problem])
    if outcome.error_code:
        raise ConflictError(outcome.message)
    return FrameTimes.model_validate(outcome.result)
