"""The routes of proxies: asking, reading with ranges, who may, and what is left behind."""

from __future__ import annotations

import pytest

from cluster.stores.postgres.clips import proxies
from tests.support.api import running as support
from tests.support.api.running import Api, done_video
from tests.support.servers.stores import execute

api = support.running_api

CONTENT = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40
SIZE = len(CONTENT)


def make_ready(api: Api, video_id: str, content: bytes = CONTENT) -> str:
    """As the bridge leaves a proxy; the key of its file."""
    jobs, media = api.services.jobs, api.services.media
    assert api.client.post(f"/videos/{video_id}/proxy").status_code == 202
    job = jobs.clips.claim("bridge-a", 60.0, 3)
    assert job is not None
    assert job.video_id == video_id
    media.put_stream(job.proxy_key, [content])
    assert jobs.proxies.measure(job.id, job.lease_epoch, len(content))
    assert jobs.clips.finish(job.id, job.lease_epoch)
    return job.proxy_key


@pytest.fixture(scope="module")
def video(api: Api) -> str:
    video_id = done_video(api, filename="Ü ber.avi")
    make_ready(api, video_id)
    return video_id


def test_asking_queues_one_and_tells_how_far_it_is(api: Api) -> None:
    video_id = done_video(api)
    assert api.client.get(f"/videos/{video_id}").json()["proxy"] is None
    refused = api.client.get(f"/videos/{video_id}/proxy")

    asked = api.client.post(f"/videos/{video_id}/proxy")
    again = api.client.post(f"/videos/{video_id}/proxy")

    queued = {"state": "queued", "fraction": 0.0, "bytes": None, "error": None}
    assert (asked.status_code, again.status_code) == (202, 202)
    assert asked.json()["proxy"] == again.json()["proxy"] == queued
    assert api.client.get(f"/videos/{video_id}").json()["proxy"] == queued
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
    assert f"POST /videos/{video_id}/proxy" in refused.json()["detail"]
    assert "queued" in api.client.get(f"/videos/{video_id}/proxy").json()["detail"]
    assert api.client.get(f"/videos/{video_id}/clips").json()["items"] == []
    api.services.jobs.delete(video_id)


def test_before_the_segments_there_is_none(api: Api) -> None:
    video_id = api.make()

    answer = api.client.post(f"/videos/{video_id}/proxy")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert "queued" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_of_an_unknown_video_there_is_none(api: Api, method: str) -> None:
    assert api.client.request(method, f"/videos/{'0' * 32}/proxy").status_code == 404


def test_the_whole_file(api: Api, video: str) -> None:
    answer = api.client.get(f"/videos/{video}/proxy")
    head = api.client.head(f"/videos/{video}/proxy")

    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "filename*=UTF-8''%C3%9C%20ber.mp4" in answer.headers["content-disposition"]
    assert (head.headers["content-length"], head.headers["etag"]) == (str(SIZE), answer.headers["etag"])
    assert api.client.get(f"/videos/{video}").json()["proxy"] == {
        "state": "ready", "fraction": 1.0, "bytes": SIZE, "error": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
    ],
)
def test_a_range(api: Api, video: str, asked: str, first: int, last: int) -> None:
    answer = api.client.get(f"/videos/{video}/proxy", headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"


def test_ranges_outside_and_what_has_not_changed(api: Api, video: str) -> None:
    path = f"/videos/{video}/proxy"
    etag = api.client.get(path).headers["etag"]

    assert api.client.get(path, headers={"Range": f"bytes={SIZE}-"}).status_code == 416
    assert api.client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_reading_counts_as_use(api: Api, video: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "USE_COUNTED_EVERY_S", 0.0)
    read = b"SELECT used_at FROM clip_jobs WHERE video_id = %(id)s AND purpose = 'proxy'"
    before = api.services.jobs.database.one(read, {"id": video})
    assert before is not None

    api.client.get(f"/videos/{video}/proxy", headers={"Range": "bytes=0-9"})

    after = api.services.jobs.database.one(read, {"id": video})
    assert after is not None
    assert after["used_at"] > before["used_at"]


def test_one_that_made_room_is_made_again(api: Api) -> None:
    video_id = done_video(api)
    key = make_ready(api, video_id)
    execute(
        api.services.jobs, "UPDATE clip_jobs SET used_at = '2020-01-01' WHERE video_id = %(id)s", id=video_id
    )
    other = done_video(api)
    make_ready(api, other)
    (prefix,) = api.services.jobs.proxies.evict(2 * SIZE)
    api.services.media.delete(prefix)

    assert not api.services.media.exists(key)
    assert api.client.get(f"/videos/{video_id}").json()["proxy"] is None
    assert api.client.get(f"/videos/{video_id}/proxy").json()["code"] == "not_ready"
    assert make_ready(api, video_id) != key
    assert api.client.get(f"/videos/{video_id}/proxy").status_code == 200


def test_one_whose_file_is_lost_is_made_again(api: Api) -> None:
    video_id = done_video(api)
    api.services.media.delete(make_ready(api, video_id))

    answer = api.client.get(f"/videos/{video_id}/proxy")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert make_ready(api, video_id)
    assert api.client.get(f"/videos/{video_id}/proxy").status_code == 200


def test_one_that_failed_is_made_anew(api: Api) -> None:
    video_id = done_video(api)
    api.client.post(f"/videos/{video_id}/proxy")
    jobs, media = api.services.jobs, api.services.media
    job = jobs.clips.claim("bridge-a", 60.0, 3)
    assert job is not None
    media.put_stream(job.key("pieces/00000.mp4"), [b"a piece"])
    jobs.clips.fail(job.id, job.lease_epoch, "proxy_failed", "No frame of it decodes.")
    failed = api.client.get(f"/videos/{video_id}").json()["proxy"]

    asked = api.client.post(f"/videos/{video_id}/proxy").json()["proxy"]

    assert (failed["state"], failed["error"]["message"]) == ("failed", "No frame of it decodes.")
    assert (asked["state"], asked["error"]) == ("queued", None)
    assert not media.exists(job.key("pieces/00000.mp4"))
    jobs.delete(video_id)


def test_it_has_no_address_among_the_clips(api: Api, video: str) -> None:
    proxy = api.services.jobs.proxies.find(video)
    assert proxy is not None

    assert api.client.get(f"/videos/{video}/clips/{proxy.id}").status_code == 404
    assert api.client.delete(f"/videos/{video}/clips/{proxy.id}").status_code == 404
    assert api.client.get(f"/videos/{video}/proxy").status_code == 200


def test_it_goes_with_its_video(api: Api) -> None:
    video_id = done_video(api)
    key = make_ready(api, video_id)

    assert api.client.delete(f"/videos/{video_id}").status_code == 204

    assert not api.services.media.exists(key)
    assert api.client.get(f"/videos/{video_id}/proxy").status_code == 404
