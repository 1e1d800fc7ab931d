"""Requests made from the OpenAPI document: whatever is sent, no 5xx and no answer it does not describe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from cluster.settings import Settings
from serve_app.app import create_app
from serve_app.services import Services
from serve_app.tus import PART_TYPE
from tests.support import api as support
from tests.support.api import Api, done_video
from tests.support.tus import begin

api = support.running_api

schemathesis.serializer.alias(PART_TYPE, "application/octet-stream")

EXAMPLES = 20
"""Of each operation; the seed is fixed, so that they are the same in every run."""

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def operations() -> Iterator[object]:
    """Every operation of the document, which needs no server to be written."""
    away = Settings(
        postgres_url="postgresql://127.0.0.1:1/none",
        mongodb_url="mongodb://127.0.0.1:1",
        rabbitmq_url="amqp://127.0.0.1:1",
        redis_url="redis://127.0.0.1:1",
        media_url="memory://none",
    )
    document = create_app(Services.from_settings(away)).openapi()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        yield pytest.param(operation, id=operation.label)


@pytest.fixture(scope="module")
def steady(api: Api) -> str:
    """A finished video for requests that only read."""
    return done_video(api)


@pytest.mark.parametrize("operation", list(operations()))
def test_every_answer_is_described(operation: schemathesis.APIOperation, api: Api, steady: str) -> None:

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=st.booleans())
    def send(case: schemathesis.Case, known: bool) -> None:
        if known and case.path_parameters and "video_id" in case.path_parameters:
            case.path_parameters["video_id"] = steady if case.method in {"GET", "HEAD"} else done_video(api)
        if known and case.path_parameters and "upload_id" in case.path_parameters:
            case.path_parameters["upload_id"] = begin(api).rsplit("/", 1)[1]
        if isinstance(case.body, dict):
            case.body.pop("dry_run", None)  # needs Ray, and says so with a 503
        case.call_and_validate(base_url=api.url, checks=CHECKS, timeout=30)

    send()
