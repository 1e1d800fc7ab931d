"""Other settings through API, bridge and fuser: tried, applied, listed, compared, chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cluster.segment_settings import resolve
from serve_app.services import ApiServices
from tests.support.api.running import Api, serving
from tests.support.stack.actor_fixtures import module_stack, ray_connection, settings, stack
from tests.support.stack.actors import ActorStack
from tests.support.stack.stub_analyser import film

__all__ = ["module_stack", "ray_connection", "settings", "stack"]

CHUNKS = 6
MANY = {"settings": {"scene_sensitivity": 0.9}}


@pytest.fixture(scope="module")
def api(module_stack: ActorStack) -> Iterator[Api]:
    """The API over the same stores, in a process that Ray is connected to."""
    with serving(ApiServices.from_settings(module_stack.settings)) as running:
        yield running


@pytest.fixture
def done(stack: ActorStack) -> str:
    """A video with one revision: a shot for each chunk, one scene, one chapter."""
    return stack.ended(stack.submit(film(CHUNKS), **resolve(None, {}))).id


def resegment(stack: ActorStack, api: Api, video_id: str, **body: Any) -> dict[str, Any]:
    answer = api.client.post(f"/videos/{video_id}/resegment", json=body)
    assert answer.status_code == 202, answer.text
    stack.ended(video_id)
    return dict(api.client.get(f"/videos/{video_id}").json())


def counts(api: Api, video_id: str, **query: Any) -> dict[str, int]:
    items = api.client.get(f"/videos/{video_id}/segments", params={"limit": 1000, **query}).json()["items"]
    return {level: sum(item["level"] == level for item in items) for level in ("shot", "scene", "chapter")}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_dry_run_answers_the_timeline_and_stores_nothing(api: Api, done: str) -> None:
    before = api.client.get(f"/videos/{done}").json()
    answer = api.client.post(f"/videos/{done}/resegment", json={**MANY, "dry_run": True})

    assert answer.status_code == 200, answer.text
    tried = answer.json()
    assert tried["counts"] == {"shot": CHUNKS, "scene": CHUNKS, "chapter": 1}
    assert tried["settings"]["scene_sensitivity"] == 0.9
    assert len(tried["segments"]) == 2 * CHUNKS + 1
    assert tried["segments"][0]["thumbnail"] == f"/api/v1/videos/{done}/thumbnails/0.webp"
    assert api.client.get(f"/videos/{done}").json() == before
    assert [item["revision"] for item in api.client.get(f"/videos/{done}/revisions").json()["items"]] == [1]
    assert counts(api, done)["scene"] == 1


def test_a_dry_run_may_ask_for_one_level(api: Api, done: str) -> None:
    asked = {**MANY, "dry_run": True, "level": "scene"}
    tried = api.client.post(f"/videos/{done}/resegment", json=asked).json()

    assert [segment["level"] for segment in tried["segments"]] == ["scene"] * CHUNKS
    assert tried["counts"]["shot"] == CHUNKS


@pytest.mark.parametrize("dry_run", [True, False])
def test_settings_are_checked_either_way(api: Api, done: str, dry_run: bool) -> None:
    asked = {"settings": {"scene_sensitivity": 7}, "dry_run": dry_run}

    assert problem(api.client.post(f"/videos/{done}/resegment", json=asked)) == (422, "invalid_settings")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_video_that_is_not_done_takes_no_other_settings(stack: ActorStack, api: Api, dry_run: bool) -> None:
    running = stack.submit(film(4, wait_from=0), **resolve(None, {}))
    stack.at_chunk(running)

    answer = api.client.post(f"/videos/{running}/resegment", json={**MANY, "dry_run": dry_run})
    assert problem(answer) == (409, "conflict")
    choice = api.client.post(f"/videos/{running}/revisions/1/choose")
    assert problem(choice) == (409, "conflict")
    assert api.client.get(f"/videos/{running}/revisions").json() == {"items": []}
    api.client.delete(f"/videos/{running}")


def test_revisions_are_listed_with_what_made_them(stack: ActorStack, api: Api, done: str) -> None:
    video = resegment(stack, api, done, preset="talk", **MANY)
    assert (video["state"], video["revision"]) == ("done", 2)

    newest, oldest = api.client.get(f"/videos/{done}/revisions").json()["items"]
    assert (newest["revision"], newest["current"], newest["preset"]) == (2, True, "talk")
    assert newest["counts"] == {"shot": CHUNKS, "scene": CHUNKS, "chapter": 1}
    assert (oldest["revision"], oldest["current"], oldest["preset"]) == (1, False, "default")
    assert oldest["settings"]["scene_sensitivity"] == 0.5
    assert oldest["counts"] == {"shot": CHUNKS, "scene": 1, "chapter": 1}


def test_an_older_revision_can_be_read_and_chosen_again(stack: ActorStack, api: Api, done: str) -> None:
    resegment(stack, api, done, **MANY)
    assert counts(api, done)["scene"] == CHUNKS
    assert counts(api, done, revision=1)["scene"] == 1

    chosen = api.client.post(f"/videos/{done}/revisions/1/choose").json()
    assert (chosen["revision"], chosen["settings"]["scene_sensitivity"]) == (1, 0.5)
    assert counts(api, done)["scene"] == 1

    third = resegment(stack, api, done, settings={"scene_sensitivity": 0.8})
    assert third["revision"] == 3
    numbers = [item["revision"] for item in api.client.get(f"/videos/{done}/revisions").json()["items"]]
    assert numbers == [3, 2, 1]


def test_what_is_not_kept_is_not_found(api: Api, done: str) -> None:
    for answer in (
        api.client.get(f"/videos/{done}/segments", params={"revision": 9}),
        api.client.post(f"/videos/{done}/revisions/9/choose"),
        api.client.get(f"/videos/{done}/compare", params={"from": 1, "to": 9}),
        api.client.get(f"/videos/{done}/compare"),
    ):
        assert problem(answer) == (404, "not_found")


def test_a_result_that_was_lost_is_made_anew(stack: ActorStack, api: Api, done: str) -> None:
    """With everything that was measured: the file is decoded once more."""
    api.services.results.delete_video(done)
    assert problem(api.client.get(f"/videos/{done}/segments")) == (410, "result_lost")

    assert resegment(stack, api, done)["state"] == "done"
    assert counts(api, done)["shot"] == CHUNKS


def test_two_revisions_are_compared(stack: ActorStack, api: Api, done: str) -> None:
    resegment(stack, api, done, **MANY)

    scenes = api.client.get(f"/videos/{done}/compare", params={"level": "scene"}).json()
    assert (scenes["from"], scenes["to"], scenes["level"]) == (1, 2, "scene")
    assert scenes["counts"] == {"kept": 0, "moved": 0, "added": CHUNKS - 1, "removed": 0}
    assert [item["after"]["frame"] for item in scenes["items"]] == [n * 25 for n in range(1, CHUNKS)]
    back = api.client.get(f"/videos/{done}/compare", params={"from": 2, "to": 1, "level": "scene"}).json()
    assert back["counts"]["removed"] == CHUNKS - 1
    shots = api.client.get(f"/videos/{done}/compare").json()
    assert shots["counts"] == {"kept": CHUNKS - 1, "moved": 0, "added": 0, "removed": 0}


def test_a_client_in_the_middle_of_its_pages_stays_in_its_revision(
    stack: ActorStack, api: Api, done: str
) -> None:
    first = api.client.get(f"/videos/{done}/segments", params={"limit": 5}).json()
    resegment(stack, api, done, **MANY)
    rest = api.client.get(
        f"/videos/{done}/segments", params={"limit": 100, "cursor": first["next_cursor"]}
    ).json()

    assert (first["revision"], rest["revision"]) == (1, 1)
    levels = [item["level"] for item in first["items"] + rest["items"]]
    assert levels == ["shot"] * CHUNKS + ["scene", "chapter"]


def test_a_client_that_pages_across_the_end_of_the_run_misses_no_shot(stack: ActorStack, api: Api) -> None:
    running = stack.submit(film(8, wait_from=4), **resolve(None, {}))
    stack.until(lambda: stack.jobs.get(running).chunks_done == 4)  # in any order, so all of them
    begun = api.client.get(f"/videos/{running}/segments", params={"limit": 2}).json()
    stack.go_on(running)
    stack.ended(running)
    rest = api.client.get(f"/videos/{running}/segments", params={"cursor": begun["next_cursor"]}).json()

    assert (begun["state"], rest["state"]) == ("provisional", "final")
    starts = [item["start_frame"] for item in begun["items"] + rest["items"] if item["level"] == "shot"]
    assert starts == [n * 25 for n in range(8)]


def test_a_video_of_the_same_content_keeps_its_images_when_the_first_is_deleted(
    stack: ActorStack, api: Api
) -> None:
    first, second = (
        stack.ended(stack.submit(film(3, frames=31), sha256="d" * 64, **resolve(None, {}))).id
        for _ in range(2)
    )
    assert api.client.delete(f"/videos/{first}").status_code == 204

    shots = api.client.get(f"/videos/{second}/segments", params={"level": "shot"}).json()["items"]
    for shot in shots:
        image = api.client.get(shot["thumbnail"].removeprefix("/api/v1"))
        assert (image.status_code, image.content) == (200, b"picture")
    assert (
        api.client.get(shots[0]["thumbnail"].removeprefix("/api/v1").replace(second, first)).status_code
        == 404
    )
    tried = api.client.post(f"/videos/{second}/resegment", json={**MANY, "dry_run": True})
    assert tried.json()["counts"]["scene"] == 3
