"""What the media store does alike in a directory and on S3; what only S3 does is in test_media_s3."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cluster.errors import InvalidSettingsError, NotFoundError, UnavailableError, UsageError
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from tests.support.servers import s3 as support
from tests.support.servers.media import stored_bytes
from tests.support.servers.s3 import S3Server

s3_server, s3 = support.s3_server, support.s3

KEY = "videos/abc/source"


@pytest.fixture
def objects(s3: S3Server) -> MediaStore:
    return MediaStore(s3.fresh_url())


@pytest.fixture(params=["directory", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    if request.param == "directory":
        return MediaStore(f"file://{tmp_path}/me%20dia")
    found: MediaStore = request.getfixturevalue("objects")
    return found


@pytest.fixture
def directory(tmp_path: Path) -> MediaStore:
    return MediaStore(f"file://{tmp_path}")


def content(store: MediaStore, key: str = KEY) -> bytes:
    return stored_bytes(store, key)


def put(store: MediaStore, data: bytes, key: str = KEY) -> int:
    return store.put_stream(key, [data[i : i + 1000] for i in range(0, len(data), 1000)])


def fetched(store: MediaStore, cache_dir: Path, key: str = KEY) -> bytes:
    with store.local_copy(key, MediaCache(cache_dir, 1 << 30)) as path:
        return path.read_bytes()


def test_a_stream_is_stored_and_read_back(store: MediaStore) -> None:
    data = os.urandom(12_345)
    assert put(store, data) == 12_345
    assert content(store) == data
    assert store.size(KEY) == 12_345
    assert store.exists(KEY)
    assert put(store, b"") == 0
    assert content(store) == b""


def test_what_is_not_there_is_not_found(store: MediaStore, tmp_path: Path) -> None:
    assert not store.exists(KEY)
    for call in (
        lambda: store.size(KEY),
        lambda: store.read_range(KEY, 0, 1),
        lambda: store.move(KEY, "videos/other/source"),
        lambda: fetched(store, tmp_path),
    ):
        with pytest.raises(NotFoundError):
            call()
    put(store, b"x")
    assert not store.exists("videos/abc")


def test_an_interrupted_stream_leaves_nothing_behind(store: MediaStore, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        store.put_stream(KEY, broken())
    assert not store.exists(KEY)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_readers_see_the_old_content_until_the_new_is_complete(directory: MediaStore) -> None:
    put(directory, b"old")

    def slowly() -> Iterator[bytes]:
        yield b"ne"
        assert content(directory) == b"old"
        yield b"w"

    directory.put_stream(KEY, slowly())
    assert content(directory) == b"new"

    def broken() -> Iterator[bytes]:
        yield b"newest"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        directory.put_stream(KEY, broken())
    assert content(directory) == b"new"


def test_writers_of_one_key_at_once_leave_one_of_them_whole(store: MediaStore) -> None:
    threads = [threading.Thread(target=put, args=(store, bytes([n]) * 50_000)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = content(store)
    assert len(found) == 50_000
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (0, 1), (10, 3_000_000), (3_499_999, 3_500_000), (0, 3_500_000)]
)
def test_a_range_is_read_piece_by_piece(store: MediaStore, start: int, end: int) -> None:
    data = os.urandom(3_500_000)
    put(store, data)
    pieces = list(store.read_range(KEY, start, end))
    assert b"".join(pieces) == data[start:end]
    assert all(0 < len(piece) <= 1 << 20 for piece in pieces)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 4), (0, 11), (11, 11)])
def test_a_range_beyond_the_file_is_refused_at_once(store: MediaStore, start: int, end: int) -> None:
    put(store, b"0123456789")
    with pytest.raises(UsageError) as caught:
        store.read_range(KEY, start, end)
    assert caught.value.code == "bad_range"


def test_a_range_nobody_reads_to_its_end_keeps_no_file_open(directory: MediaStore) -> None:
    put(directory, bytes(3_000_000))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        next(iter(directory.read_range(KEY, 0, 3_000_000)))
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_parts_make_a_file_in_whatever_order_they_come(store: MediaStore) -> None:
    data = os.urandom(2500)
    key = "uploads/u1"
    for offset in (1000, 0, 2000, 1000):
        store.write_at(key, offset, data[offset : offset + 1000])
    for _ in range(2):
        store.finish_parts(key, 2500)
        assert content(store, key) == data
    store.move(key, KEY)
    assert content(store) == data
    assert not store.exists(key)


def test_a_part_that_was_cut_short_is_written_again(store: MediaStore) -> None:
    key = "uploads/u1"
    store.write_at(key, 0, b"aaaa")
    store.write_at(key, 4, b"bb")
    store.write_at(key, 4, b"BBBB")
    store.finish_parts(key, 8)
    assert content(store, key) == b"aaaaBBBB"


def test_an_empty_upload_is_an_empty_file(store: MediaStore) -> None:
    store.finish_parts("uploads/u1", 0)
    assert content(store, "uploads/u1") == b""


def test_missing_parts_are_named(store: MediaStore) -> None:
    store.write_at("uploads/u1", 0, b"aaaa")
    with pytest.raises(UsageError) as caught:
        store.finish_parts("uploads/u1", 8)
    assert caught.value.code == "parts_missing"


def test_objects_with_a_gap_between_parts_are_not_joined(objects: MediaStore) -> None:
    objects.write_at("uploads/u1", 0, b"aaaa")
    objects.write_at("uploads/u1", 6, b"bb")
    with pytest.raises(UsageError, match="from 4 on"):
        objects.finish_parts("uploads/u1", 8)


def test_a_file_is_moved_over_another_and_moving_twice_is_fine(store: MediaStore) -> None:
    put(store, b"new", "uploads/u1")
    put(store, b"old")
    for _ in range(2):
        store.move("uploads/u1", KEY)
    assert content(store) == b"new"
    assert not store.exists("uploads/u1")


def test_deleting_takes_everything_below_and_nothing_beside(store: MediaStore) -> None:
    for key in ("videos/a/source", "videos/a/keyframes/1.webp", "videos/ab/source", "uploads/u1"):
        put(store, b"x", key)
    store.write_at("uploads/u2", 0, b"x")
    store.write_at("uploads/u2", 1, b"y")
    store.delete("videos/a")
    store.delete("videos/a")
    store.delete("uploads/u1")
    store.delete("uploads/u2")
    store.delete("uploads/never")
    assert not store.exists("videos/a/source")
    assert not store.exists("videos/a/keyframes/1.webp")
    assert store.exists("videos/ab/source")
    with pytest.raises(UsageError):
        store.finish_parts("uploads/u2", 2)


def test_deleting_while_someone_still_writes_ends(directory: MediaStore) -> None:
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            with suppress(
                NotFoundError
            ):  # deleted between two steps of writing: there is nothing to write to
                put(directory, b"x", f"videos/a/keyframes/{number}.webp")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            directory.delete("videos/a/keyframes")
    finally:
        done.set()
        writer.join()
    directory.delete("videos/a")
    assert not directory.exists("videos/a/keyframes/0.webp")


def test_a_local_copy_is_the_directorys_own_file(directory: MediaStore, tmp_path: Path) -> None:
    put(directory, b"0123456789")
    with directory.local_copy(KEY, MediaCache(tmp_path / "cache", 1 << 30)) as path:
        assert path == tmp_path / KEY
        assert path.read_bytes() == b"0123456789"
    assert not (tmp_path / "cache").exists()


def test_a_local_copy_of_an_object_is_a_download(objects: MediaStore, tmp_path: Path) -> None:
    data = os.urandom(100_000)
    put(objects, data)
    with objects.local_copy(KEY, MediaCache(tmp_path / "cache", 1 << 30)) as path:
        assert path.read_bytes() == data
        assert path.is_relative_to(tmp_path / "cache")


def test_a_download_is_made_once_and_again_when_it_is_incomplete(objects: MediaStore, tmp_path: Path) -> None:
    cache = MediaCache(tmp_path, 1 << 30)
    put(objects, b"0123456789")
    with objects.local_copy(KEY, cache) as path:
        inode = path.stat().st_ino
    with objects.local_copy(KEY, cache) as path:
        assert path.stat().st_ino == inode
    path.write_bytes(b"01234")
    assert fetched(objects, tmp_path) == b"0123456789"
    put(objects, b"something else")
    assert fetched(objects, tmp_path) == b"something else"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "a/.",
        "a/.hidden",
        "a\\b",
        "a b",
        "ä",
        "a\n",
        "a" * 600,
    ],
)
def test_keys_that_could_lead_elsewhere_are_refused(store: MediaStore, key: str, tmp_path: Path) -> None:
    for call in (
        lambda: store.put_stream(key, [b"x"]),
        lambda: store.write_at(key, 0, b"x"),
        lambda: store.delete(key),
        lambda: store.move(KEY, key),
        lambda: fetched(store, tmp_path, key),
    ):
        with pytest.raises(UsageError):
            call()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/var/media",
        "file:media",
        "file://host/media",
        "nothing://x",
        "gs://bucket/x",
        "memory://x",
        "s3:///x",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(InvalidSettingsError, match="media_url"):
        MediaStore(url)


def test_a_new_directory_is_for_its_owner_only_and_a_shared_one_stays_shared(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    for root in (shared, tmp_path / "new"):
        MediaStore(f"file://{root}")

    assert [root.stat().st_mode & 0o777 for root in (shared, tmp_path / "new")] == [0o770, 0o700]


def test_a_full_disk_is_reported_as_such(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    store = MediaStore(f"file://{tmp_path}")
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "u1").symlink_to(full)
    with pytest.raises(UnavailableError) as caught:
        store.write_at("uploads/u1", 0, b"x")
    assert caught.value.code == "storage_full"


def test_files_are_listed_below_a_prefix_and_removed_one_by_one(store: MediaStore) -> None:
    keys = {"videos/a/source": 3, "videos/a/keyframes/1.webp": 2, "videos/ab/source": 1, "uploads/a": 4}
    for key, size in keys.items():
        put(store, b"x" * size, key)

    assert {file.key: file.bytes for file in store.files()} == keys
    below = list(store.files("videos/a"))
    assert {file.key for file in below} == {"videos/a/source", "videos/a/keyframes/1.webp"}
    assert not any(file.temporary for file in below)
    store.remove(below[0])
    store.remove(below[0])
    assert {file.key for file in store.files()} == keys.keys() - {below[0].key}


def test_a_file_that_its_writer_has_not_finished_is_listed_as_temporary(directory: MediaStore) -> None:
    seen = []

    def stream() -> Iterator[bytes]:
        yield b"half"
        seen.extend(directory.files())

    directory.put_stream(KEY, stream())

    assert [(file.temporary, file.bytes) for file in seen] == [(True, 4)]
    assert [(file.key, file.temporary) for file in directory.files()] == [(KEY, False)]
