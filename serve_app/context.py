"""What a request can reach: the services, and what this replica keeps in memory. Shared parameters, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Request

from serve_app.feeds import Feeds
from serve_app.gate import Gates
from serve_app.intake import Intake
from serve_app.metrics import Metrics
from serve_app.probes import Probes
from serve_app.schemas import EXAMPLE_ID
from serve_app.services import Services
from serve_app.uploads import UploadService

VideoId = Annotated[
    str,
    Path(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{7,127}$", description="The video's id", examples=[EXAMPLE_ID]),
]


@dataclass(frozen=True)
class Context:
    """One for each application."""

    services: Services
    intake: Intake
    uploads: UploadService
    feeds: Feeds
    gates: Gates
    probes: Probes
    metrics: Metrics

    @classmethod
    def over(cls, services: Services) -> Context:
        """Everything that is built on the services."""
        probes = Probes(services)
        return cls(
            services=services,
            intake=Intake(services),
            uploads=UploadService(services),
            feeds=Feeds(services.jobs, services.cache),
            gates=Gates(),
            probes=probes,
            metrics=Metrics(probes.counts, probes.depth),
        )


def context_of(request: Request) -> Context:
    """The context of the application that serves this request."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


def root_of(request: Request) -> str:
    """The path the application is mounted at: "/api/v1" under Serve."""
    return str(request.scope.get("root_path", ""))
