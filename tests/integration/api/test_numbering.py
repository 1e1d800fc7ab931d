"""Numbers of segments, in exports and orders of clips, are those of the result that they were read from."""

from __future__ import annotations

import pytest

from cluster.client import Client
from cluster.contract.protocol import API_PREFIX
from cluster.errors import ConflictError
from tests.support.api import running as support
from tests.support.api.running import Api, done_video, start_work

api = support.running_api

CHOSEN = {"level": "shot", "select": {"indices": [1, 4]}}


@pytest.fixture
def done(api: Api) -> str:
    return done_video(api)


def test_numbers_of_the_current_result_are_taken(api: Api, done: str) -> None:
    params = {"format": "keyframes", "segments": "1,4", "revision": "1"}
    exported = api.client.get(f"/videos/{done}/export", params=params)
    assert exported.text.splitlines()[2:] == ["50", "200"]
    ordered = api.client.post(f"/videos/{done}/clips", params={"revision": "1"}, json=CHOSEN)
    assert (ordered.status_code, ordered.json()["progress"]["total"]) == (202, 2)
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        text = client.export(done, format_="keyframes", segments=[1, 4], revision=1).decode()
        assert text.splitlines()[2:] == ["50", "200"]
        assert client.make_clips(done, **CHOSEN, revision=1)["progress"]["total"] == 2


def test_numbers_of_another_result_are_refused(api: Api, done: str) -> None:
    params = {"format": "keyframes", "segments": "1,4", "revision": "2"}
    for answer in (
        api.client.get(f"/videos/{done}/export", params=params),
        api.client.post(f"/videos/{done}/clips", params={"revision": "2"}, json=CHOSEN),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "revision_moved_on")
        assert answer.headers["etag"] == '"1"'
        assert "revision 2" in answer.json()["detail"]
    assert api.client.get(f"/videos/{done}/clips").json()["items"] == []
    with Client(api.url.removesuffix(API_PREFIX)) as client:
        with pytest.raises(ConflictError):
            client.export(done, format_="keyframes", segments="1,4", revision=2)
        with pytest.raises(ConflictError):
            client.make_clips(done, **CHOSEN, revision=2)
    assert api.client.get(f"/videos/{done}/clips").json()["items"] == []


@pytest.mark.parametrize("revision", ["0", "-1", "two", "99999999999"])
def test_what_is_no_revision_is_named(api: Api, done: str, revision: str) -> None:
    params = {"format": "keyframes", "segments": "1", "revision": revision}
    for answer in (
        api.client.get(f"/videos/{done}/export", params=params),
        api.client.post(f"/videos/{done}/clips", params={"revision": revision}, json=CHOSEN),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert answer.json()["errors"][0]["where"] == "query.revision"


def test_clips_are_cut_by_the_frames_of_the_shown_result_while_another_stream_is_decoded(
    api: Api, done: str
) -> None:
    api.services.jobs.resegment(done, {"preset": "default", "video_stream": 1}, "default")
    start_work(api, done, tracks_hash="t2")
    assert api.services.jobs.get(done).tracks_hash == "t2"

    ordered = api.client.post(f"/videos/{done}/clips", json=CHOSEN)

    assert (ordered.status_code, ordered.json()["revision"]) == (202, 1)
    assert api.services.jobs.clips.get(ordered.json()["id"], done).tracks_hash == "t1"
