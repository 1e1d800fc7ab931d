"""What a request can reach: the services, and what this replica keeps in memory. Shared parameters, too."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request

from cluster.contract.videos import EXAMPLE_ID
from serve_app.access.auth import Access
from serve_app.access.signing import Signer
from serve_app.access.visibility import VIDEO_ID
from serve_app.services import Services
from serve_app.telemetry.metrics import Metrics
from serve_app.telemetry.probes import Probes
from serve_app.videos.feeds import Feeds
from serve_app.videos.finishing import Finishing
from serve_app.videos.intake import Intake
from serve_app.videos.previews import Previews, preview_segments
from serve_app.videos.uploads import UploadService
from serve_app.web.gate import Gates

VideoId = Annotated[
    str,
    Path(pattern=VIDEO_ID, description="The video's id", examples=[EXAMPLE_ID]),
]

Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]


@dataclass(frozen=True)
class Context:
    """One for each application."""

    services: Services
    access: Access
    intake: Intake
    uploads: UploadService
    finishing: Finishing
    feeds: Feeds
    gates: Gates
    previews: Previews
    probes: Probes
    metrics: Metrics

    @classmethod
    def over(cls, services: Services) -> Context:
        """Everything that is built on the services."""
        probes = Probes(services)
        signer = Signer(services.jobs.signing_secrets.load)
        gates = Gates()
        uploads = UploadService(services)
        previews = partial(preview_segments, services.settings.ray_namespace)
        return cls(
            services=services,
            access=Access(services.settings, services.jobs.api_keys, signer),
            intake=Intake(services),
            uploads=uploads,
            finishing=Finishing(uploads.finish),
            feeds=Feeds(services.jobs, services.cache),
            gates=gates,
            previews=Previews(previews, gates.previews),
            probes=probes,
            metrics=Metrics(probes.seen),
        )


def context_of(request: Request) -> Context:
    """The context of the application that serves this request."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


def root_of(request: Request) -> str:
    """The path the application is mounted at: "/api/v1" under Serve."""
    return str(request.scope.get("root_path", ""))
