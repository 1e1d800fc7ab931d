"""Presets over HTTP: packaged and own, who sees which, and what a video gets of one."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from cluster.segment_settings import preset_names, resolve
from cluster.stores.postgres import presets as store
from tests.support.api import keyed as keyed_api
from tests.support.api.keyed import Client, told
from tests.support.api.running import Api, done_video
from tests.support.servers.stores import execute

api, client = keyed_api.api, keyed_api.client

WISH = {"based_on": "talk", "settings": {"scene_sensitivity": 0.7, "min_scene_s": 4}}


@pytest.fixture
def anna(api: Api, client: Client) -> httpx.Client:
    execute(api.services.jobs, "TRUNCATE presets")
    return client("anna")


def names(answer: httpx.Response) -> list[str]:
    return [preset["name"] for preset in answer.json()["items"]]


def test_packaged_ones_are_listed_with_what_they_change(anna: httpx.Client) -> None:
    items = anna.get("/presets").json()["items"]

    assert [item["name"] for item in items] == list(preset_names())
    talk = next(item for item in items if item["name"] == "talk")
    assert not talk["own"]
    assert talk["settings"]["topic_weight"] == 1.0
    assert talk == anna.get("/presets/talk").json()


def test_an_own_one_is_made_changed_and_deleted(anna: httpx.Client) -> None:
    made = anna.put("/presets/our-lectures", json=WISH)
    assert (made.status_code, made.json()["own"], made.json()["based_on"]) == (200, True, "talk")

    changed = anna.put("/presets/our-lectures", json={"settings": {"min_shot_s": 1.0}}).json()

    assert (changed["based_on"], changed["settings"]) == ("default", {"min_shot_s": 1.0})
    assert anna.get("/presets/our-lectures").json() == changed
    assert names(anna.get("/presets")) == [*preset_names(), "our-lectures"]
    assert anna.delete("/presets/our-lectures").status_code == 204
    assert told(anna.get("/presets/our-lectures")) == (404, "not_found")
    assert told(anna.delete("/presets/our-lectures")) == (404, "not_found")


def test_one_of_the_same_name_is_not_replaced_where_only_a_new_one_is_wanted(
    anna: httpx.Client, client: Client
) -> None:
    only_new = {"If-None-Match": "*"}
    assert anna.put("/presets/ours", json=WISH, headers=only_new).status_code == 200

    refused = anna.put("/presets/ours", json={"settings": {"min_shot_s": 1.0}}, headers=only_new)

    assert told(refused) == (412, "preset_exists")
    assert anna.get("/presets/ours").json()["settings"] == WISH["settings"]
    assert client("ben").put("/presets/ours", json=WISH, headers=only_new).status_code == 200
    assert anna.put("/presets/ours", json={"settings": {"min_shot_s": 1.0}}).status_code == 200
    assert told(anna.put("/presets/ours", json=WISH, headers={"If-None-Match": '"1"'}))[0] == 422


def test_packaged_ones_say_what_they_are_for(anna: httpx.Client) -> None:
    anna.put("/presets/ours", json=WISH)
    sentences = {item["name"]: item["description"] for item in anna.get("/presets").json()["items"]}

    assert sentences.pop("ours") is None
    assert all(sentence.endswith(".") for sentence in sentences.values())
    assert len(set(sentences.values())) == len(preset_names())


@pytest.mark.parametrize(
    ("name", "wish", "answer"),
    [
        ("film", WISH, (409, "conflict")),
        ("ours", {"settings": {"scene_sensitivity": 7}}, (422, "invalid_settings")),
        ("ours", {"settings": {"loudness": 7}}, (422, "invalid_settings")),
        ("ours", {"settings": {"preset": "film"}}, (422, "invalid_settings")),
        ("ours", {"based_on": "mine", "settings": {}}, (422, "invalid_settings")),
        ("ours", {"settings": None}, (422, "invalid_request")),
        ("Ours", WISH, (422, "invalid_request")),
    ],
)
def test_what_cannot_be_a_preset_is_refused(
    anna: httpx.Client, name: str, wish: Any, answer: tuple[int, str]
) -> None:
    assert told(anna.put(f"/presets/{name}", json=wish)) == answer
    assert names(anna.get("/presets")) == list(preset_names())


def test_each_owner_has_their_own(anna: httpx.Client, client: Client) -> None:
    anna.put("/presets/ours", json=WISH)
    ben, reader = client("ben"), client("anna", "read")

    assert "ours" not in names(ben.get("/presets"))
    assert told(ben.delete("/presets/ours")) == (404, "not_found")
    assert "ours" in names(reader.get("/presets"))
    assert told(reader.put("/presets/ours", json=WISH)) == (403, "forbidden")


def test_their_number_is_bounded(anna: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST", 1)
    anna.put("/presets/ours", json=WISH)

    assert told(anna.put("/presets/another", json=WISH)) == (413, "limit_exceeded")
    assert anna.put("/presets/ours", json={"settings": {}}).status_code == 200


def test_a_video_gets_its_settings_whichever_way_it_comes(anna: httpx.Client) -> None:
    anna.put("/presets/ours", json=WISH)
    wanted = resolve("talk", {"scene_sensitivity": 0.7, "min_scene_s": 9})
    more = json.dumps({"min_scene_s": 9})
    wish = {"preset": "ours", "settings": {"min_scene_s": 9}}

    posted = anna.post("/videos", files={"file": b"film"}, data={"preset": "ours", "settings": more})
    imported = anna.post("/videos", json={**wish, "url": "http://example.org/a.mp4"})
    batch = anna.post("/videos:batch", json={"items": [{**wish, "url": "http://example.org/b.mp4"}]})
    values = {"filename": "c.mp4", "preset": "ours", "settings": more}
    header = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in values.items())
    sent = anna.post(
        "/uploads",
        headers={
            "Tus-Resumable": "1.0.0", "Upload-Length": "4", "Upload-Metadata": header,
            "Content-Type": "application/offset+octet-stream",
        },
        content=b"film",
    )  # fmt: skip
    uploaded = anna.get(f"/videos/{sent.headers['Scenestream-Video-Id']}")

    for video in (posted.json(), imported.json(), batch.json()["items"][0]["video"], uploaded.json()):
        assert video["settings"] == wanted
    assert len(anna.get("/videos", params={"preset": "ours"}).json()["items"]) == 4


@pytest.mark.parametrize("name", ["ours", "Our lectures", "a\0b"])
def test_a_name_that_nobody_knows_is_refused(anna: httpx.Client, name: str) -> None:
    answer = anna.post("/videos", json={"url": "http://example.org/a.mp4", "preset": name})

    assert told(answer) == (422, "invalid_settings")
    assert "GET /presets" in answer.json()["detail"]


def test_another_result_may_have_it_and_it_may_be_deleted_then(api: Api, anna: httpx.Client) -> None:
    anna.put("/presets/ours", json=WISH)
    video_id = done_video(api, owner="anna")

    anna.post(f"/videos/{video_id}/resegment", json={"preset": "ours"})
    anna.delete("/presets/ours")

    assert anna.get(f"/videos/{video_id}").json()["settings"]["scene_sensitivity"] == 0.7
    listed = anna.get("/videos", params={"preset": "ours"}).json()["items"]
    assert video_id in [one["id"] for one in listed]
