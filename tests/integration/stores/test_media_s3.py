"""The media store on a real S3 server: multipart uploads, copies, what is left behind, and the whole path."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.tasks import Status, Task, TaskKind
from actors.worker.analyser import make_analyser
from actors.worker.handler import TaskHandler
from actors.worker.state import WorkState
from cluster.errors import NotFoundError, UnavailableError, UsageError
from cluster.remote.errors import SOURCE_NOT_FOUND, SourceChangedError, SourceError
from cluster.remote.s3_source import open_s3
from cluster.settings import LimitSettings
from cluster.stores.media import s3 as media_s3
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.s3_requests import S3Requests
from cluster.stores.media.store import MediaStore
from tests.support.api.running import Api, api_over
from tests.support.api.tus import TUS, begin, patch, stored
from tests.support.servers import s3 as support
from tests.support.servers.private import SessionServers
from tests.support.servers.s3 import BUCKET, S3Server
from tests.support.stack.stub_analyser import NAME as STUB
from tests.support.stack.stub_analyser import film

s3_server, s3 = support.s3_server, support.s3

KEY, UPLOAD = "videos/abc/source", "uploads/u1"
MIB = 1 << 20
CELL = 8 * MIB
DATA = random.Random(3).randbytes(2 * CELL + 3 * MIB)


@pytest.fixture
def url(s3: S3Server) -> str:
    return s3.fresh_url()


@pytest.fixture
def store(url: str) -> MediaStore:
    return MediaStore(url)


def name_of(url: str, key: str) -> str:
    return f"{url.removeprefix(f's3://{BUCKET}/')}/{key}"


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    yield from (data[at : at + size] for at in range(0, len(data), size))


def content(store: MediaStore, key: str = KEY) -> bytes:
    return b"".join(store.read_range(key, 0, store.size(key)))


def test_a_long_stream_is_one_multipart_upload_and_a_short_one_a_request(
    s3: S3Server, url: str, store: MediaStore
) -> None:
    assert store.put_stream(KEY, pieces(DATA, MIB)) == len(DATA)
    assert store.put_stream("videos/abc/clips/1", [b"ab", b"cd"]) == 4

    assert content(store) == DATA
    assert content(store, "videos/abc/clips/1") == b"abcd"
    assert s3.call("head_object", Key=name_of(url, KEY))["ETag"].endswith('-3"')  # of three parts
    assert b"".join(store.read_range(KEY, CELL - 2, CELL + 2)) == DATA[CELL - 2 : CELL + 2]
    assert store.beginning(KEY, 5) == DATA[:5]
    assert store.beginning("videos/abc/clips/1", 5) == b"abcd"
    assert b"".join(store.read_range(KEY, len(DATA) - 5, len(DATA))) == DATA[-5:]


def test_a_stream_that_breaks_off_leaves_what_was_there_and_no_upload(
    s3: S3Server, url: str, store: MediaStore
) -> None:
    store.put_stream(KEY, [b"old"])

    def broken() -> Iterator[bytes]:
        yield from pieces(DATA, MIB)
        raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        store.put_stream(KEY, broken())
    assert content(store) == b"old"
    assert s3.uploads(name_of(url, "")) == []


@pytest.mark.parametrize("part_bytes", [CELL, 5 * MIB, 3 * MIB + 1])
def test_an_upload_goes_on_in_another_process_and_is_completed_by_the_store(
    s3: S3Server, url: str, part_bytes: int
) -> None:
    for offset in range(0, len(DATA), part_bytes):
        part = DATA[offset : offset + part_bytes]
        for _ in range(2):  # stored, not acknowledged, sent again to a process that knows nothing
            MediaStore(url).write_at(UPLOAD, offset, part)
    [(name, upload)] = s3.uploads(name_of(url, UPLOAD))
    parts = s3.call("list_parts", Key=name, UploadId=upload)["Parts"]
    assert {(part["PartNumber"], part["Size"]) for part in parts} == {(1, CELL), (2, CELL)}

    store = MediaStore(url)
    for _ in range(2):
        store.finish_parts(UPLOAD, len(DATA))
    store.move(UPLOAD, KEY)
    assert content(store) == DATA
    assert s3.keys(name_of(url, "")) == [name_of(url, KEY)]
    assert s3.uploads(name_of(url, "")) == []


def test_a_part_sent_again_with_another_length_is_fine(store: MediaStore) -> None:
    store.write_at(UPLOAD, 0, DATA[: 6 * MIB])
    store.write_at(UPLOAD, 6 * MIB, DATA[6 * MIB : 11 * MIB])  # fills the first cell and begins the second
    store.write_at(UPLOAD, 6 * MIB, DATA[6 * MIB : 9 * MIB])
    store.write_at(UPLOAD, 9 * MIB, DATA[9 * MIB :])
    store.finish_parts(UPLOAD, len(DATA))
    assert content(store, UPLOAD) == DATA


def test_missing_bytes_are_named(store: MediaStore) -> None:
    store.write_at(UPLOAD, CELL, DATA[CELL:])
    with pytest.raises(UsageError, match=r"from 0 on") as caught:
        store.finish_parts(UPLOAD, len(DATA))
    assert caught.value.code == "parts_missing"
    store.write_at(UPLOAD, 0, DATA[:CELL])
    with pytest.raises(UsageError, match=f"from {len(DATA)} on"):
        store.finish_parts(UPLOAD, len(DATA) + 1)
    store.finish_parts(UPLOAD, len(DATA))
    assert content(store, UPLOAD) == DATA


def test_two_replicas_that_begin_at_the_same_moment_share_one_upload(s3: S3Server, url: str) -> None:
    stores = [MediaStore(url) for _ in range(4)]
    together = threading.Barrier(len(stores))

    def write(number: int) -> None:
        together.wait()
        stores[number].write_at(UPLOAD, number % 2 * CELL, DATA[number % 2 * CELL :][:CELL])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(s3.uploads(name_of(url, UPLOAD))) == 1
    stores[0].finish_parts(UPLOAD, 2 * CELL)
    assert content(stores[1], UPLOAD) == DATA[: 2 * CELL]


def test_a_file_too_large_for_one_copy_is_copied_by_the_store_in_parts(
    s3: S3Server, url: str, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_s3, "COPY_BYTES", 5 * MIB)
    store.put_stream(UPLOAD, pieces(DATA, MIB))
    for _ in range(2):
        store.move(UPLOAD, KEY)
    assert content(store) == DATA
    assert s3.call("head_object", Key=name_of(url, KEY))["ETag"].endswith('-4"')
    assert not store.exists(UPLOAD)
    with pytest.raises(NotFoundError):
        store.move(UPLOAD, "videos/other/source")


def test_an_upload_that_was_completed_without_an_answer_is_complete(
    s3: S3Server, url: str, store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = S3Requests.complete

    def unanswered(self: S3Requests, key: str, upload: str, etags: dict[str, str]) -> None:
        """The driver asks once more where no answer comes; by now, other servers do not know the upload."""
        complete(self, key, upload, etags)
        complete(self, key, f"{upload}0", etags)

    monkeypatch.setattr(S3Requests, "complete", unanswered)
    monkeypatch.setattr(media_s3, "COPY_BYTES", 5 * MIB)
    store.put_stream("videos/abc/clips/1", pieces(DATA, MIB))
    for offset in range(0, len(DATA), CELL):
        store.write_at(UPLOAD, offset, DATA[offset : offset + CELL])
    store.finish_parts(UPLOAD, len(DATA))
    store.move(UPLOAD, KEY)

    assert content(store, "videos/abc/clips/1") == content(store) == DATA


def test_deleting_takes_objects_parts_and_uploads_and_nothing_beside(
    s3: S3Server, url: str, store: MediaStore
) -> None:
    for key in ("videos/a/source", "videos/a/keyframes/1.webp", "videos/ab/source"):
        store.put_stream(key, [b"x"])
    for key in ("videos/a/fetched-1", "videos/ab/fetched-1", UPLOAD):
        store.write_at(key, 0, DATA[: CELL + 5])
    store.delete("videos/a")
    store.delete("videos/a")
    store.delete(UPLOAD)

    left = [name_of(url, f"videos/ab/{name}") for name in (f"fetched-1.part-{CELL:020d}", "source")]
    assert s3.keys(name_of(url, "")) == left
    assert [name for name, _ in s3.uploads(name_of(url, ""))] == [name_of(url, "videos/ab/fetched-1")]
    with pytest.raises(UsageError):
        store.finish_parts(UPLOAD, CELL + 5)


def test_a_store_that_is_away_or_refuses_says_so(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = MediaStore("s3://no-such-bucket/x")
    for call in (nowhere.exists, nowhere.size, lambda key: nowhere.put_stream(key, [b"x"])):
        with pytest.raises(UnavailableError, match="bucket"):
            call(KEY)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")  # another driver than those that have the credentials
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(UnavailableError, match="credentials"):
        MediaStore("s3://media/refused").exists(KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="does not answer"):
        MediaStore("s3://media/away").exists(KEY)


def test_a_file_to_import_is_read_from_any_byte_until_it_changes(s3: S3Server, url: str) -> None:
    name = name_of(url, "film.mp4")
    store = MediaStore(url)
    store.put_stream("film.mp4", pieces(DATA, MIB))
    with open_s3(BUCKET, name, 0, None) as opened:
        assert (opened.start, opened.total) == (0, len(DATA))
        assert b"".join(opened.blocks) == DATA
    with open_s3(BUCKET, name, CELL + 1, opened.validator) as again:
        assert b"".join(again.blocks) == DATA[CELL + 1 :]
        store.put_stream("film.mp4", [b"another"])
    with open_s3(BUCKET, name, 3, opened.validator) as changed:
        assert (changed.start, b"".join(changed.blocks)) == (0, b"another")
    with pytest.raises(SourceChangedError), open_s3(BUCKET, name, 0, None) as opened:  # noqa: PT012
        store.put_stream("film.mp4", [b"something else"])
        next(opened.blocks)
    with pytest.raises(SourceError) as caught, open_s3(BUCKET, f"{name}.none", 0, None):
        pass
    assert caught.value.code == SOURCE_NOT_FOUND


FETCHERS = """
import os, sys
from pathlib import Path
from cluster.stores.media.store import MediaStore
from cluster.stores.media.cache import MediaCache

url, cache, notes = sys.argv[1:]

class Noting(MediaCache):
    def lease(self, name, size, fill, progress):
        def noted(descriptor, step):
            with open(notes, "a") as file:
                file.write("fetched\\n")
            fill(descriptor, step)
        return super().lease(name, size, noted, progress)

children = []
for _ in range(4):
    if not (child := os.fork()):
        with MediaStore(url).local_copy("videos/abc/source", Noting(Path(cache), 1 << 30)) as path:
            os._exit(0 if path.stat().st_size == int(os.environ["BYTES"]) else 1)
    children.append(child)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_four_processes_of_a_node_that_need_a_file_fetch_it_once(
    s3: S3Server, url: str, store: MediaStore, tmp_path: Path
) -> None:
    store.put_stream(KEY, pieces(DATA, MIB))
    notes = tmp_path / "notes"
    done = subprocess.run(
        [sys.executable, "-c", FETCHERS, url, str(tmp_path / "cache"), str(notes)],
        env={**os.environ, "BYTES": str(len(DATA))},
        timeout=240,
    )
    assert done.returncode == 0
    assert notes.read_text() == "fetched\n"
    with store.local_copy(KEY, MediaCache(tmp_path / "cache", 1 << 30)) as path:
        assert path.read_bytes() == DATA


@pytest.fixture(scope="module")
def api(s3: S3Server, session_servers: SessionServers) -> Iterator[Api]:
    with api_over(session_servers, media_url=s3.fresh_url()) as api:
        yield api


def test_an_upload_goes_to_s3_is_segmented_from_a_copy_and_served_by_ranges(api: Api, tmp_path: Path) -> None:
    media = film(2) + b" " * (9 * MIB)  # JSON does not mind
    upload = begin(api, len(media), filename="film.mp4")
    patch(api, upload, 0, media[:CELL])
    answer = patch(api, upload, CELL, media[CELL:])
    video = api.services.jobs.get(answer.headers["scenestream-video-id"])

    analyser = make_analyser(STUB, device="cpu", threads=1, limits=LimitSettings())
    cache = MediaCache(tmp_path / "cache", 1)
    handler = TaskHandler(analyser, api.services.results, api.services.media, cache)
    planned = handler.do(Task(TaskKind.PLAN, video.id, 1, video.media_key), WorkState())
    chunk = Task(TaskKind.CHUNK, video.id, 1, video.media_key, tracks_hash="stub", chunk=0)
    analysed = handler.do(chunk, WorkState())
    assert (planned.status, analysed.status) == (Status.DONE, Status.DONE)
    assert api.services.media.exists(f"videos/{video.id}/keyframes/0.webp")

    served = api.client.get(f"/videos/{video.id}/media", headers={"Range": f"bytes={CELL - 3}-{CELL + 2}"})
    assert served.status_code == 206
    assert served.content == media[CELL - 3 : CELL + 3]
    assert api.client.delete(f"/videos/{video.id}").status_code < 300
    assert not api.services.media.exists(video.media_key)


def test_an_upload_of_odd_parts_goes_to_s3_and_one_that_is_given_up_leaves_nothing(api: Api) -> None:
    whole = DATA[:600_000]
    upload = begin(api, len(whole))
    patch(api, upload, 0, whole[:300_000])
    repeated = patch(api, upload, 0, whole[:100])
    patch(api, upload, 300_000, whole[300_000:300_001])
    last = patch(api, upload, 300_001, whole[300_001:])
    video_id = last.headers["scenestream-video-id"]
    given_up = begin(api, len(whole))
    patch(api, given_up, 0, whole[:1000])
    api.client.delete(given_up, headers=TUS)

    part = api.client.get(f"/videos/{video_id}/media", headers={"Range": "bytes=299990-300009"})

    assert repeated.status_code == 409
    assert stored(api, video_id) == whole
    assert api.services.jobs.get(video_id).sha256 == hashlib.sha256(whole).hexdigest()
    assert (part.status_code, part.content) == (206, whole[299_990:300_010])
    assert not api.services.media.exists(given_up.removeprefix("/"))
