"""The file with ranges, and the images of keyframes."""

from __future__ import annotations

import hashlib

import pytest

from serve_app.routes.answering import stored_files
from tests.support.api import running as support
from tests.support.api.running import Api

api = support.running_api

CONTENT = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40
SIZE = len(CONTENT)


@pytest.fixture(scope="module")
def media(api: Api) -> str:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return f"/videos/{api.make(content=CONTENT, sha256=sha256, filename='Ü ber.mp4')}/media"


def test_the_whole_file(api: Api, media: str) -> None:
    answer = api.client.get(media)

    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert (
        answer.headers["content-disposition"]
        == "inline; filename=\"_ ber.mp4\"; filename*=UTF-8''%C3%9C%20ber.mp4"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-100", SIZE - 100, SIZE - 1),
        ("bytes=-999999", 0, SIZE - 1),
        ("bytes=100-999999", 100, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
    ],
)
def test_a_range(api: Api, media: str, asked: str, first: int, last: int) -> None:
    answer = api.client.get(media, headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=99999999-"])
def test_a_range_outside_the_file(api: Api, media: str, asked: str) -> None:
    answer = api.client.get(media, headers={"Range": asked})

    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=a-b", "bytes=-", "lines=1-2", "bytes=0-1,5-6"])
def test_a_range_that_is_not_understood_is_ignored(api: Api, media: str, asked: str) -> None:
    answer = api.client.get(media, headers={"Range": asked})

    assert answer.status_code == 200
    assert answer.content == CONTENT


def test_a_player_gets_an_open_range_in_pieces(api: Api, media: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_files, "BROWSER_WINDOW_BYTES", 1000)
    browser = {"User-Agent": "Mozilla/5.0 (X11) Chrome/130"}

    piece = api.client.get(media, headers={**browser, "Range": "bytes=500-"})
    exact = api.client.get(media, headers={**browser, "Range": "bytes=500-2500"})
    tool = api.client.get(media, headers={"Range": "bytes=500-"})

    assert piece.headers["content-range"] == f"bytes 500-1499/{SIZE}"
    assert piece.content == CONTENT[500:1500]
    assert exact.content == CONTENT[500:2501]
    assert tool.content == CONTENT[500:]


def test_what_the_client_has_is_not_sent_again(api: Api, media: str) -> None:
    etag = api.client.get(media).headers["etag"]

    same = api.client.get(media, headers={"If-None-Match": f'"other", {etag}'})
    changed = api.client.get(media, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    unchanged = api.client.get(media, headers={"Range": "bytes=0-9", "If-Range": etag})

    assert (same.status_code, same.content) == (304, b"")
    assert (changed.status_code, changed.content) == (200, CONTENT)
    assert (unchanged.status_code, unchanged.content) == (206, CONTENT[:10])


def test_head_tells_size_and_type(api: Api, media: str) -> None:
    answer = api.client.head(media)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["content-type"] == "video/mp4"


def test_a_file_that_is_gone_is_a_problem(api: Api) -> None:
    video_id = api.make()
    api.services.media.delete(f"videos/{video_id}")

    answer = api.client.get(f"/videos/{video_id}/media")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_thumbnail_never_changes(api: Api) -> None:
    video_id = api.make()
    api.services.media.put_stream(f"videos/{video_id}/keyframes/25.webp", [b"RIFFxxxxWEBP"])

    answer = api.client.get(f"/videos/{video_id}/thumbnails/25.webp")

    assert (answer.status_code, answer.content) == (200, b"RIFFxxxxWEBP")
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("frame", ["26", "-1", "x", "..%2f..%2fsource", "9" * 30])
def test_a_thumbnail_that_is_not_there(api: Api, frame: str) -> None:
    answer = api.client.get(f"/videos/{api.make()}/thumbnails/{frame}.webp")

    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"
