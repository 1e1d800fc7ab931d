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
from cluster.stores.page import encode_cursor
from cluster.stores.postgres.video import Video
from serve_app.app import create_app
from serve_app.routes import frames
from serve_app.services import ApiServices
from serve_app.videos.fuser import FuserOutcome
from serve_app.web.tus import PART_TYPE
from tests.support.api import running as support
from tests.support.api.running import Api, done_video
from tests.support.api.tus import begin

# Servers of other tests use `random` on threads of their own, which Hypothesis takes for a strategy's doing.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)

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
        media_url="s3://none",
    )
    document = create_app(ApiServices.from_settings(away)).openapi()
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        yield pytest.param(operation, id=operation.label)


CURSORS = [
    encode_cursor(3),
    encode_cursor(10**30),
    encode_cursor("0001-01-01T00:00:00+23:59", "x"),
    encode_cursor("9999-12-31T23:59:59-14:00", "x"),
    encode_cursor("2026-01-05T10:00:00+00:00", "\x00"),
    encode_cursor("timeline", "shot", 10**30),
    "[",
]
HARD = ["\x00", "[", "a\x00{index}", "http://[::1/a.mp4", "1" * 30]


@pytest.fixture(scope="module")
def steady(api: Api) -> str:
    """A finished video for requests that only read."""
    return done_video(api)


@pytest.fixture(scope="module")
def known_ids(api: Api, steady: str) -> dict[str, str]:
    """What else a path may name, made once: it may be gone for later requests."""
    ordered = api.client.post(f"/videos/{steady}/clips", json={"level": "scene"}).json()["id"]
    made = api.client.post("/webhooks", json={"url": "https://example.org/hook"}).json()["webhook"]["id"]
    return {"clips_id": ordered, "webhook_id": made, "revision": "1"}


@pytest.fixture(autouse=True)
def times_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuser's part: a video of a thousand frames at 25 frames a second."""

    def ask(video: Video, settings: object, *, from_frame: int) -> FuserOutcome:
        if from_frame >= 1000:
            return FuserOutcome(error_code="no_frame", message=f"This video has no frame {from_frame}.")
        told = {"first_frame": from_frame, "first_pts": from_frame, "runs": [[1, 1000 - from_frame]]}
        return FuserOutcome({"time_base": [1, 25], "frames": 1000, "next_frame": None, **told})

    monkeypatch.setattr(frames, "frames_of", lambda _: ask)


def with_hard(value: object, hard: str) -> object:
    """The value with every text in it replaced."""
    if isinstance(value, dict):
        return {name: with_hard(inner, hard) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_hard(inner, hard) for inner in value]
    return hard if isinstance(value, str) else value


@pytest.mark.parametrize("operation", list(operations()))
def test_every_answer_is_described(
    operation: schemathesis.APIOperation, api: Api, steady: str, known_ids: dict[str, str]
) -> None:

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(),
        known=st.booleans(),
        cursor=st.sampled_from(CURSORS),
        hard=st.none() | st.sampled_from(HARD),
    )
    def send(case: schemathesis.Case, known: bool, cursor: str, hard: str | None) -> None:
        if known and case.path_parameters and "video_id" in case.path_parameters:
            case.path_parameters["video_id"] = steady if case.method in {"GET", "HEAD"} else done_video(api)
        if known and case.path_parameters and "upload_id" in case.path_parameters:
            case.path_parameters["upload_id"] = begin(api).rsplit("/", 1)[1]
        for name in known_ids.keys() & (case.path_parameters or {}).keys() if known else ():
            case.path_parameters[name] = known_ids[name]
        if known and case.query and "cursor" in case.query:
            case.query["cursor"] = cursor
        if isinstance(case.body, dict):
            if hard is not None and case.media_type == "application/json":
                case.body = with_hard(case.body, hard)
            case.body.pop("dry_run", None)  # needs Ray, and says so with a 503
        if case.query:
            case.query.pop("follow", None)  # such an answer has no end
        case.call_and_validate(base_url=api.url, checks=CHECKS, timeout=120)

    send()
