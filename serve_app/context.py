"""The objects that routes use: the stores, and the state that one replica keeps in memory.

Also has the parameters that several routes share.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request

from cluster.contract.videos import EXAMPLE_ID
from serve_app.access.auth import Authenticator
from serve_app.access.callers import caller_of
from serve_app.access.signing import Signer
from serve_app.access.visibility import VIDEO_ID
from serve_app.services import ApiServices
from serve_app.telemetry.metrics import Metrics
from serve_app.telemetry.probes import Probes
from serve_app.videos.feeds import Feeds
from serve_app.videos.finishing import UploadFinisher
from serve_app.videos.fuser import FuserThreads
from serve_app.videos.intake import VideoIntake
from serve_app.videos.presets import FindPreset
from serve_app.videos.questions import Questions
from serve_app.videos.revising.previews import Previews, preview_segments
from serve_app.videos.transcripts import words_reference
from serve_app.videos.uploads import UploadService
from serve_app.web.concurrency import ConcurrencyLimits

VideoId = Annotated[
    str,
    Path(pattern=VIDEO_ID, description="The video's id", examples=[EXAMPLE_ID]),
]

Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]
SameRevision = Annotated[
    int | None,
    Query(ge=1, le=2**31 - 1, description="Refuse when the result is another one, whose numbers are others"),
]


@dataclass(frozen=True)
class Context:
    """The objects of one application, shared by all its requests."""

    services: ApiServices
    authenticator: Authenticator
    intake: VideoIntake
    uploads: UploadService
    finishing: UploadFinisher
    feeds: Feeds
    limits: ConcurrencyLimits
    fuser: FuserThreads
    questions: Questions
    previews: Previews
    probes: Probes
    metrics: Metrics

    @classmethod
    def over(cls, services: ApiServices) -> Context:
        """Build all other objects on top of the services."""
        probes = Probes(services)
        signer = Signer(services.jobs.signing_secrets.load)
        limits = ConcurrencyLimits()
        uploads = UploadService(services)
        fuser = FuserThreads(limits.previews)
        previews = partial(
            preview_segments, services.settings.ray_namespace, partial(words_reference, services)
        )
        return cls(
            services=services,
            authenticator=Authenticator(services.settings, services.jobs.api_keys, signer),
            intake=VideoIntake(services),
            uploads=uploads,
            finishing=UploadFinisher(uploads.finish),
            feeds=Feeds(services.jobs, services.cache),
            limits=limits,
            fuser=fuser,
            questions=Questions.over(services),
            previews=Previews(previews, fuser),
            probes=probes,
            metrics=Metrics(probes.seen),
        )


def context_of(request: Request) -> Context:
    """The context of the request's application."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


def presets_of(request: Request) -> FindPreset:
    """Finds the own presets of the request's caller. Blocks on PostgreSQL."""
    return partial(context_of(request).services.jobs.presets.find, caller_of(request).owner)


def root_of(request: Request) -> str:
    """The path the application is mounted at: "/api/v1" under Serve."""
    return str(request.scope.get("root_path", ""))
