"""PUT …/segments over real stores. What the fuser does, assembling and storing, is done by the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from cluster.errors import ConflictError, UnavailableError, UsageError
from serve_app.routes import corrections as route
from serve_app.services import ApiServices
from serve_app.videos.fuser import FuserOutcome
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, segment

api = support.running_api
JSON = {"Content-Type": "application/json"}
FPS = 25
END = 1000


class Fuser:
    """Stores the starts that it is asked for as a timeline. `before`: what happens before it answers."""

    def __init__(self, services: ApiServices) -> None:
        self.services = services
        self.before: Callable[[], object] = lambda: None
        self.asked: list[dict[str, Any]] = []

    def __call__(self, video: Any, settings: Mapping[str, Any], **more: Any) -> FuserOutcome:
        self.asked.append(more)
        rows = []
        for level, starts in more["corrections"]["exact"].items():
            bounds = [*(one["frame"] for one in starts), END]
            for n, (one, end) in enumerate(zip(starts, bounds[1:], strict=True)):
                row = segment(level, n, one["frame"] / FPS, end / FPS)
                row["start_boundary"] |= {"kind": one["kind"], "locked": one["locked"]}
                named = {"title": one["title"], "title_source": "human"} if "title" in one else {}
                rows.append(row | named)
        document = {"media": support.MEDIA, "settings": dict(settings), "audio_track": []}
        self.services.results.put_timeline(more["timeline_id"], video.id, more["revision"], rows, document)
        self.before()
        return FuserOutcome({"with_words": bool(more["words"])})


@pytest.fixture
def fuser(api: Api, monkeypatch: pytest.MonkeyPatch) -> Fuser:
    fuser = Fuser(api.services)
    monkeypatch.setattr(route, "fuser_of", lambda _: fuser)
    return fuser


@pytest.fixture
def done(api: Api, fuser: Fuser) -> str:
    return done_video(api)


def put(api: Api, video_id: str, revision: object, **body: Any) -> httpx.Response:
    headers = {} if revision is None else {"If-Match": str(revision)}
    return api.client.put(f"/videos/{video_id}/segments", json=body, headers=headers)


def starts(api: Api, video_id: str, level: str) -> list[int]:
    items = api.client.get(f"/videos/{video_id}/segments", params={"level": level}).json()["items"]
    return [item["start_frame"] for item in items]


def at(*frames: int) -> list[dict[str, Any]]:
    return [{"start_frame": frame} for frame in frames]


def test_segments_tell_the_revision_that_is_corrected(api: Api, done: str) -> None:
    tag = api.client.get(f"/videos/{done}/segments").headers["etag"]
    answer = put(api, done, tag, scenes=at(0, 250, 610), note="One less.")

    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    made = answer.json()
    assert (made["revision"], made["origin"], made["note"], made["current"]) == (
        2,
        "human",
        "One less.",
        True,
    )
    assert made["counts"] == {"shot": 21, "scene": 4, "chapter": 2}
    assert made["corrections"] == {"locked": 2, "removed": 1}
    again = api.client.get(f"/videos/{done}/segments", params={"level": "scene"})
    assert again.headers["etag"] == '"2"'
    assert starts(api, done, "scene") == [0, 250, 500, 610], "a chapter starts at 500"
    assert 610 in starts(api, done, "shot")
    assert api.client.get(f"/videos/{done}").json()["revision"] == 2


def test_provisional_segments_have_no_tag(api: Api) -> None:
    assert "etag" not in api.client.get(f"/videos/{api.make()}/segments").headers


def test_of_two_editors_the_slower_one_is_told(api: Api, done: str) -> None:
    first, second = (put(api, done, '"1"', scenes=at(0, frame)) for frame in (100, 200))

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (412, "revision_moved_on")
    assert "revision 2 by now" in second.json()["detail"]
    assert second.headers["etag"] == '"2"'
    assert 100 in starts(api, done, "scene")


def test_one_that_was_quicker_while_the_segments_were_made_wins(api: Api, done: str, fuser: Fuser) -> None:
    def overtake() -> None:
        fuser.before = lambda: None
        assert put(api, done, '"1"', scenes=at(0, 100)).status_code == 200

    fuser.before = overtake
    late = put(api, done, '"1"', scenes=at(0, 200))

    assert (late.status_code, late.json()["code"]) == (412, "revision_moved_on")
    assert api.client.get(f"/videos/{done}").json()["revision"] == 2
    unused, used = (one["timeline_id"] for one in fuser.asked)
    assert api.services.results.timeline(unused) is None
    assert api.services.results.timeline(used) is not None


def test_a_video_that_is_segmented_anew_meanwhile_is_not_corrected(api: Api, done: str, fuser: Fuser) -> None:
    fuser.before = lambda: api.services.jobs.resegment(done, {"preset": "default"}, "default")
    answer = put(api, done, '"1"', scenes=at(0, 200))

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert put(api, done, '"1"', scenes=at(0, 200)).json()["code"] == "conflict"


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [
        (None, 428, "revision_required"),
        ("1", 422, "invalid_request"),
        ("*", 422, "invalid_request"),
        ('"0"', 422, "invalid_request"),
        ('"1", "2"', 422, "invalid_request"),
        ('"7"', 412, "revision_moved_on"),
        ('W/"1"', 200, None),
    ],
)
def test_the_revision_must_be_said(
    api: Api, done: str, tag: str | None, status: int, code: str | None
) -> None:
    answer = put(api, done, tag, scenes=at(0, 100))

    assert (answer.status_code, answer.json().get("code")) == (status, code)


@pytest.mark.parametrize(
    ("body", "says", "where"),
    [
        (
            {"scenes": at(0, 150, 120)},
            "scenes[2].start_frame: 120 stands after 150",
            "body.scenes.2.start_frame",
        ),
        (
            {"scenes": at(0, 5000)},
            "scenes[1].start_frame: 5000 lies past the end",
            "body.scenes.1.start_frame",
        ),
        ({}, "at least one of shots, scenes and chapters", "body"),
        ({"shots": [{"start_frame": 1, "kind": "iris"}]}, "'cut'", "body.shots.0.kind"),
    ],
)
def test_what_cannot_be_is_named(api: Api, done: str, body: dict[str, Any], says: str, where: str) -> None:
    answer = put(api, done, '"1"', **body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert says in answer.json()["detail"]
    assert [one["where"] for one in answer.json()["errors"]] == [where]
    assert api.client.get(f"/videos/{done}").json()["revision"] == 1


def test_a_body_may_be_as_large_as_hours_of_film_but_not_larger(api: Api, done: str) -> None:
    many = [{"start_frame": n, "kind": "cut", "locked": True} for n in range(1, END)]
    assert put(api, done, '"1"', shots=many).json()["counts"]["shot"] == END
    huge = api.client.put(
        f"/videos/{done}/segments",
        content=b" " * (route.MAX_BODY_BYTES + 1),
        headers={"If-Match": '"2"', **JSON},
    )
    assert (huge.status_code, huge.json()["code"]) == (413, "too_large")


def test_what_is_not_there_or_not_done_is_not_corrected(api: Api, fuser: Fuser) -> None:
    assert put(api, "f" * 32, '"1"', scenes=at(0)).status_code == 404
    waiting = put(api, api.make(), '"1"', scenes=at(0))
    assert (waiting.status_code, waiting.json()["code"]) == (409, "conflict")


def test_without_the_fuser_nothing_changes(api: Api) -> None:
    video_id = done_video(api)
    answer = put(api, video_id, '"1"', scenes=at(0))

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert api.client.get(f"/videos/{video_id}").json()["revision"] == 1


def test_listeners_are_told(api: Api, done: str) -> None:
    assert put(api, done, '"1"', scenes=at(0)).status_code == 200

    told = [(event.type, dict(event.data)) for event in api.services.cache.read_events(done, "0-0") or ()]
    assert ("segments", {"state": "final", "revision": 2}) in told
    assert [kind for kind, data in told if data.get("revision") == 2] == ["segments", "state", "done"]


def test_titles_locks_and_origin_stand_in_exports_and_revisions(api: Api, done: str) -> None:
    put(api, done, '"1"', scenes=[{"start_frame": 0, "title": "Harbour"}, *at(250, 500, 750)])

    exported = api.client.get(f"/videos/{done}/export", params={"format": "json", "level": "scene"}).json()
    first = exported["segments"][0]
    assert (first["title"], first["title_source"]) == ("Harbour", "human")
    table = api.client.get(f"/videos/{done}/export", params={"format": "csv", "level": "scene"}).text
    assert "boundary_locked" in table.splitlines()[0]
    assert "Harbour,human" in table.splitlines()[1]
    newest, oldest = api.client.get(f"/videos/{done}/revisions").json()["items"]
    assert (newest["origin"], newest["corrections"]["locked"]) == ("human", 1)
    assert (oldest["origin"], oldest["corrections"]) == ("settings", {"locked": 0, "removed": 0})


def test_other_settings_forget_them_only_if_asked(api: Api, done: str) -> None:
    put(api, done, '"1"', scenes=at(0, 100))
    keeps = lambda: api.services.jobs.get(done).keep_corrections  # noqa: E731 - read twice
    assert api.client.post(f"/videos/{done}/resegment", json={}).status_code == 202
    assert keeps()

    other = done_video(api)
    api.client.post(f"/videos/{other}/resegment", json={"keep_corrections": False})
    assert not api.services.jobs.get(other).keep_corrections
    third = done_video(api)
    api.client.post(f"/videos/{third}/resegment", json={"settings": {"video_stream": 1}})
    assert not api.services.jobs.get(third).keep_corrections, "frames of another picture"


def test_another_stream_does_not_forget_them_without_a_word(api: Api, done: str) -> None:
    put(api, done, '"1"', scenes=at(0, 100))
    another = {"settings": {"video_stream": 1}}

    refused = api.client.post(f"/videos/{done}/resegment", json=another)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "keep_corrections" in refused.json()["detail"]

    agreed = api.client.post(f"/videos/{done}/resegment", json={**another, "keep_corrections": False})
    assert agreed.status_code == 202


def test_the_client_corrects_and_raises_what_is_wrong(api: Api, done: str) -> None:
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        made = client.correct(done, revision=1, scenes=[{"start_frame": 0, "title": "A"}], note="So.")
        assert (made["revision"], made["origin"], made["note"]) == (2, "human", "So.")
        with pytest.raises(ConflictError) as moved:
            client.correct(done, revision=1, scenes=at(0))
        assert moved.value.code == "revision_moved_on"
        with pytest.raises(UsageError, match=r"chapters\[1\]"):
            client.correct(done, revision=2, chapters=at(5, 5))


def test_the_client_tells_that_the_fuser_is_away(api: Api) -> None:
    with Client(api.url.removesuffix(API_PREFIX)) as client, pytest.raises(UnavailableError):
        client.correct(done_video(api), revision=1, scenes=at(0))
