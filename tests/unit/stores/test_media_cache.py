"""The cache of media on a machine's disk: its bound, who goes first, and what a dead process leaves."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster.errors import UnavailableError
from cluster.stores.media.cache import Fill, MediaCache

KIB = 1024
Step = Callable[[], None]


@pytest.fixture
def cache(tmp_path: Path) -> MediaCache:
    return MediaCache(tmp_path, 100 * KIB)


def filled_with(letter: str, size: int = 40 * KIB) -> Fill:
    def fill(descriptor: int, step: Step) -> None:
        os.pwrite(descriptor, letter.encode() * size, 0)
        step()

    return fill


def never(descriptor: int, step: Step) -> None:
    raise AssertionError("it was here already")


def keep(cache: MediaCache, name: str, size: int = 40 * KIB) -> None:
    with cache.lease(name, size, filled_with(name, size)) as path:
        assert path.read_bytes() == name.encode() * size


def entries(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def test_the_least_recently_used_goes_first(cache: MediaCache, tmp_path: Path) -> None:
    keep(cache, "a")
    keep(cache, "b")
    with cache.lease("a", 40 * KIB, never):
        pass
    keep(cache, "c")
    assert entries(tmp_path) == ["a", "c"]


def test_what_is_in_use_stays_even_beyond_the_bound(cache: MediaCache, tmp_path: Path) -> None:
    with cache.lease("a", 40 * KIB, filled_with("a")) as first, cache.lease("b", 40 * KIB, filled_with("b")):
        keep(cache, "c")
        assert entries(tmp_path) == ["a", "b", "c"]
        assert first.read_bytes() == b"a" * 40 * KIB
    keep(cache, "d")
    assert len(entries(tmp_path)) == 2


def test_a_file_larger_than_the_bound_is_kept_alone(cache: MediaCache, tmp_path: Path) -> None:
    keep(cache, "a")
    keep(cache, "b", 300 * KIB)
    assert entries(tmp_path) == ["b"]
    keep(cache, "c")
    assert entries(tmp_path) == ["c"]


def test_one_of_many_threads_fetches_and_the_others_wait(cache: MediaCache) -> None:
    fetched: list[int] = []
    arrived = threading.Event()
    waited = threading.Event()

    def slowly(descriptor: int, step: Step) -> None:
        fetched.append(1)
        arrived.set()
        assert waited.wait(60)
        filled_with("a")(descriptor, step)

    def take(progress: Step) -> bytes:
        with cache.lease("a", 40 * KIB, slowly, progress) as path:
            return path.read_bytes()

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(take, lambda: None)
        assert arrived.wait(60)
        others = [pool.submit(take, waited.set) for _ in range(3)]
        assert {found.result() for found in (first, *others)} == {b"a" * 40 * KIB}
    assert fetched == [1]


def test_a_fetch_that_fails_or_is_given_up_leaves_nothing_and_is_made_again(
    cache: MediaCache, tmp_path: Path
) -> None:
    def broken(descriptor: int, step: Step) -> None:
        os.pwrite(descriptor, b"some", 0)
        raise UnavailableError("the store is away")

    with pytest.raises(UnavailableError, match="the store is away"), cache.lease("a", 40 * KIB, broken):
        pass

    class GivenUp(Exception):
        pass

    def give_up() -> None:
        raise GivenUp

    with pytest.raises(GivenUp), cache.lease("a", 40 * KIB, filled_with("a"), give_up):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [".guard"]
    keep(cache, "a")


def test_a_fetch_that_fails_leaves_what_another_began_meanwhile(cache: MediaCache, tmp_path: Path) -> None:
    part = tmp_path / ".a.part"

    def overtaken(descriptor: int, step: Step) -> None:
        part.unlink()
        part.write_bytes(b"another's")
        raise UnavailableError("the store is away")

    with pytest.raises(UnavailableError), cache.lease("a", 40 * KIB, overtaken):
        pass
    assert part.read_bytes() == b"another's"


def test_who_gives_up_waiting_for_an_entry_leaves_no_file_open(cache: MediaCache, tmp_path: Path) -> None:
    keep(cache, "a")

    def give_up() -> None:
        raise InterruptedError

    before = len(os.listdir("/proc/self/fd"))
    with (tmp_path / "a").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UnavailableError), cache.lease("a", 40 * KIB, never, give_up):
            pass
    assert len(os.listdir("/proc/self/fd")) == before


DIES = """
import os, signal, sys
from pathlib import Path
from cluster.stores.media.cache import MediaCache

def fill(descriptor, step):
    os.pwrite(descriptor, b"some", 0)
    os.kill(os.getpid(), signal.SIGKILL)

with MediaCache(Path(sys.argv[1]), 102400).lease(sys.argv[2], 40960, fill):
    pass
"""


def test_what_a_killed_process_left_is_fetched_again_or_removed(cache: MediaCache, tmp_path: Path) -> None:
    for name in ("a", "b"):
        subprocess.run([sys.executable, "-c", DIES, str(tmp_path), name], timeout=240)
    assert {".a.part", ".b.part"} <= {path.name for path in tmp_path.iterdir()}
    keep(cache, "a")
    keep(cache, "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".guard", "a", "c"]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir() or not os.statvfs(memory).f_blocks:
        pytest.skip("no file system in memory with a bound of its own")
    path = Path(tempfile.mkdtemp(prefix="scenestream-test-", dir=memory))
    yield path
    shutil.rmtree(path)


def test_a_full_disk_costs_what_is_not_in_use_and_is_then_said(small_disk: Path) -> None:
    cache = MediaCache(small_disk, 1 << 60)
    keep(cache, "a")
    disk = os.statvfs(small_disk)
    larger = disk.f_blocks * disk.f_frsize + 1
    with (
        cache.lease("b", 40 * KIB, filled_with("b")),
        pytest.raises(UnavailableError, match=r"media\.cache_dir") as caught,
        cache.lease("c", larger, never),
    ):
        pass
    assert caught.value.code == "storage_full"
    assert entries(small_disk) == ["b"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = MediaCache(tmp_path / "file" / "cache", KIB)
    with pytest.raises(UnavailableError, match=r"media\.cache_dir"), cache.lease("a", 1, never):
        pass
