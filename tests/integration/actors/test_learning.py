"""Settings from corrected videos, through API, fuser and stores, and a preset of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from cluster.segment_settings import resolve
from serve_app.services import ApiServices
from tests.support.api.running import Api, serving
from tests.support.stack.actor_fixtures import module_stack, ray_connection, settings, stack
from tests.support.stack.actors import ActorStack
from tests.support.stack.stub_analyser import film

__all__ = ["module_stack", "ray_connection", "settings", "stack"]

CHUNKS = 6


@pytest.fixture(scope="module")
def api(module_stack: ActorStack) -> Iterator[Api]:
    """The API over the same stores, in a process that Ray is connected to."""
    with serving(ApiServices.from_settings(module_stack.settings)) as running:
        yield running


@pytest.fixture
def done(stack: ActorStack) -> str:
    """A shot for each chunk, one scene, one chapter."""
    return stack.ended(stack.submit(film(CHUNKS), **resolve(None, {}))).id


def correct(api: Api, video_id: str, **levels: list[int]) -> None:
    body = {level: [{"start_frame": frame} for frame in frames] for level, frames in levels.items()}
    etag = api.client.get(f"/videos/{video_id}/segments").headers["ETag"]
    answer = api.client.put(f"/videos/{video_id}/segments", json=body, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def learned(api: Api, *videos: str, **more: Any) -> dict[str, Any]:
    answer = api.client.post("/presets:learn", json={"videos": list(videos), **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_settings_are_found_that_give_the_corrected_scenes(
    api: Api, stack: ActorStack, done: str
) -> None:
    correct(api, done, scenes=[25 * n for n in range(CHUNKS)])

    found = learned(api, done)

    assert (found["preset"], found["settings"]) == ("default", {"scene_sensitivity": 0.6})
    assert found["changed"] == found["settings"]
    assert (found["after"], found["held_out"], found["complete"]) == (1.0, None, True)
    assert found["before"] < 1.0
    (video,) = found["videos"]
    assert video["before"]["scene"] == {
        "both": 0, "only_found": 0, "only_corrected": CHUNKS - 1, "f1": 0.0
    }  # fmt: skip
    assert video["after"]["scene"]["f1"] == 1.0

    with Client(api.url.removesuffix(API_PREFIX)) as client:
        client.save_preset("many-scenes", found["settings"])
        other = stack.ended(stack.submit(film(3), **resolve(None, {})))
        client.resegment(other.id, preset="many-scenes")
    stack.ended(other.id)
    scenes = api.client.get(f"/videos/{other.id}/segments", params={"level": "scene"}).json()["items"]
    assert len(scenes) == 3


def test_levels_that_are_not_asked_for_count_for_nothing(api: Api, done: str) -> None:
    correct(api, done, scenes=[25 * n for n in range(CHUNKS)])

    found = learned(api, done, levels=["shot"])

    assert found["changed"] == found["settings"] == {}
    assert set(found["videos"][0]["before"]) == {"shot"}


def test_several_videos_say_what_each_gets_from_the_others(api: Api, stack: ActorStack, done: str) -> None:
    another = stack.ended(stack.submit(film(CHUNKS + 1), **resolve(None, {}))).id
    correct(api, done, scenes=[25 * n for n in range(CHUNKS)])
    correct(api, another, scenes=[25 * n for n in range(CHUNKS + 1)])

    found = learned(api, done, another, preset="film")

    assert found["preset"] == "film"
    assert found["settings"] == {"scene_sensitivity": 0.6}
    assert found["held_out"] == 1.0


def test_a_search_may_begin_at_an_own_preset(api: Api, done: str) -> None:
    wish = {"settings": {"scene_sensitivity": 0.9, "scene_length_s": 30}}
    assert api.client.put("/presets/sensitive", json=wish).status_code == 200
    correct(api, done, scenes=[25 * n for n in range(CHUNKS)])

    found = learned(api, done, preset="sensitive")

    assert found["changed"] == {}
    assert found["settings"] == wish["settings"]
    assert found["before"] == found["after"] == 1.0


def test_what_was_not_corrected_teaches_nothing(api: Api, done: str) -> None:
    answer = api.client.post("/presets:learn", json={"videos": [done]})

    assert problem(answer) == (409, "conflict")
    assert "Correct it first" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"videos": []}, (422, "invalid_request")),
        ({"videos": ["0" * 32]}, (404, "not_found")),
        ({"videos": ["0" * 32] * 21}, (422, "invalid_request")),
        ({"videos": ["0" * 32], "levels": ["act"]}, (422, "invalid_request")),
        ({"videos": ["0" * 32], "preset": "nobodys"}, (404, "not_found")),
        ({"videos": ["\0" * 32]}, (404, "not_found")),
    ],
)
def test_requests_that_name_nothing_are_refused(api: Api, body: Any, refused: tuple[int, str]) -> None:
    assert problem(api.client.post("/presets:learn", json=body)) == refused
