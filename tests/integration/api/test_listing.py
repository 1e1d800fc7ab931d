"""The list of videos by place, for a list that is scrolled, and the still of a video."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.stores.media.keys import keyframe_key
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, start_work

api = support.running_api

NAMES = ("delta", "Alpha", "charlie", "bravo", "echo")


@pytest.fixture(scope="module")
def ids(api: Api) -> dict[str, str]:
    """Ids by name, the oldest first; "charlie" failed."""
    made = {name: api.make(filename=f"{name}.mp4", preset="film") for name in NAMES}
    epoch = start_work(api, made["charlie"])
    api.services.jobs.fail(made["charlie"], epoch, "not_media", "The file is not a video.")
    return made


def listed(api: Api, **query: Any) -> tuple[list[str], int, int]:
    document = api.client.get("/videos", params={"preset": "film", **query}).json()
    names = [video["filename"].removesuffix(".mp4") for video in document["items"]]
    return names, document["offset"], document["total"]


@pytest.mark.parametrize(
    ("query", "names", "offset", "total"),
    [
        ({"offset": 0}, ["echo", "bravo", "charlie", "Alpha", "delta"], 0, 5),
        ({"offset": 1, "limit": 2}, ["bravo", "charlie"], 1, 5),
        ({"offset": 4, "limit": 2}, ["Alpha", "delta"], 3, 5),
        ({"offset": 99, "limit": 2}, ["Alpha", "delta"], 3, 5),
        ({"order": "oldest", "limit": 2}, ["delta", "Alpha"], 0, 5),
        ({"order": "name", "limit": 3}, ["Alpha", "bravo", "charlie"], 0, 5),
        ({"order": "longest", "limit": 1}, ["charlie"], 0, 5),
        ({"offset": 0, "state": "failed"}, ["charlie"], 0, 1),
        ({"offset": 0, "q": "no such name"}, [], 0, 0),
    ],
)
def test_a_page_by_place_tells_where_it_is(
    api: Api, ids: dict[str, str], query: dict[str, Any], names: list[str], offset: int, total: int
) -> None:
    assert listed(api, **query) == (names, offset, total)


def test_a_page_around_a_video_has_it_in_the_middle(api: Api, ids: dict[str, str]) -> None:
    assert listed(api, around=ids["charlie"], limit=3) == (["bravo", "charlie", "Alpha"], 1, 5)
    assert listed(api, around=ids["delta"], limit=2, order="name") == (["charlie", "delta"], 2, 5)
    assert listed(api, around="0" * 32, limit=1) == (["echo"], 0, 5)


def test_a_list_with_a_cursor_says_nothing_of_places(api: Api, ids: dict[str, str]) -> None:
    first = api.client.get("/videos", params={"preset": "film", "limit": 2}).json()

    assert set(first) == {"items", "next_cursor"}
    mixed = api.client.get("/videos", params={"order": "name", "cursor": first["next_cursor"]})
    assert (mixed.status_code, mixed.json()["code"]) == (400, "bad_cursor")
    assert "offset" in mixed.json()["detail"]


def test_the_still_of_a_video_is_of_a_scene_that_is_not_dark(api: Api) -> None:
    video_id = done_video(api)
    assert api.client.get(f"/videos/{video_id}/still.webp").status_code == 404

    api.services.media.put_stream(keyframe_key(video_id, 5), [b"the first scene"])
    answer = api.client.get(f"/videos/{video_id}/still.webp")

    assert (answer.status_code, answer.content) == (200, b"the first scene")
    assert answer.headers["content-type"] == "image/webp"
