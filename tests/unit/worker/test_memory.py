"""A task that takes too much memory fails by itself: its process goes on, and so do those of others."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.oom_score import SPARED, spare_this_process
from actors.segmentation.demux.container import opened
from actors.segmentation.demux.iso import claims
from actors.segmentation.limits import Limits
from actors.segmentation.speech.loading import SpeechModel
from actors.tasks import Status, Task, TaskKind
from actors.worker import memory
from actors.worker.analyser import PlannedVideo
from actors.worker.handler import TaskHandler
from actors.worker.state import WorkState
from actors.worker.words.speech import SpeechRecognition
from cluster.settings import LimitSettings
from cluster.stores.media.cache import MediaCache
from cluster.stores.media.store import MediaStore
from tests.support.hostile.boxes import Track, movie, stsz, table
from tests.support.stack.stub_analyser import StubAnalyser

MIB = 1 << 20
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="bounds need Linux")


class HugeModel(SpeechModel):
    """Takes 256 MiB when it is loaded."""

    def __call__(self) -> Any:
        """What was loaded."""
        self.taken = np.ones(256 * MIB, np.uint8)
        return self.taken


def test_more_than_is_allowed_cannot_be_had_and_later_it_can() -> None:
    with memory.bounded(64 * MIB):
        assert np.ones(16 * MIB, np.uint8).any()
        with pytest.raises(MemoryError):
            np.ones(256 * MIB, np.uint8)

    assert np.ones(256 * MIB, np.uint8).any()


def test_networks_that_a_task_loads_do_not_count_for_it() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    speech = SpeechRecognition(lambda: HugeModel(Path(), "huge"), Limits())
    assert speech.name() == "huge"

    with memory.bounded(64 * MIB):
        speech.recogniser()
        assert np.ones(16 * MIB, np.uint8).any()
        with pytest.raises(MemoryError):
            np.ones(256 * MIB, np.uint8)

    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_without_a_bound_networks_have_none() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)

    with memory.unbounded():
        assert resource.getrlimit(resource.RLIMIT_DATA) == before

    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_a_system_that_tells_no_allocations_is_not_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmRSS:\t1 kB\n")
    monkeypatch.setattr(memory, "_STATUS", status)

    with memory.bounded(64 * MIB):
        assert np.ones(256 * MIB, np.uint8).any()


def test_a_limit_of_the_system_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 2000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))

    with pytest.raises(KeyError), memory.bounded(64 * MIB):
        raise KeyError

    assert asked == [(1000, 2000), (1000, 2000)]


def test_memory_is_shared_as_the_cores_are() -> None:
    cores = os.cpu_count() or 1

    assert memory.share_bytes(cores) >= memory.share_bytes(1) >= memory.LEAST_BYTES
    assert memory.share_bytes(100 * cores) == memory.share_bytes(cores)


def test_ffmpeg_cannot_have_more_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the check of claims would let through: here it is switched off."""
    monkeypatch.setattr(claims, "SPARE_ENTRIES", claims.MOST_ENTRIES)
    samples = claims.MOST_ENTRIES
    path = tmp_path / "bomb.mp4"
    one = {"stts": table(b"stts", [(samples, 1)]), "stsc": table(b"stsc", [(1, samples, 1)])}
    path.write_bytes(movie(Track(**one, sizes=stsz(1, samples))))  # type: ignore[arg-type]

    with memory.bounded(64 * MIB), opened(path) as container:
        packets = [packet for packet in container.demux() if packet.size]

    assert packets == []  # FFmpeg goes on without the index that it could not make


class Greedy(StubAnalyser):
    """Takes memory, or is told by the system that there is none."""

    take: Callable[[], object]

    def plan(self, path: Path, settings: Mapping[str, Any], should_stop: Callable[[], bool]) -> PlannedVideo:
        self.take()
        raise AssertionError("it got what it wanted")


def refused() -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


@pytest.mark.parametrize("take", [lambda: np.ones(256 * MIB, np.uint8), refused], ids=["Python", "system"])
def test_a_task_that_takes_too_much_counts_as_crashed(tmp_path: Path, take: Callable[[], object]) -> None:
    media = MediaStore(tmp_path.as_uri())
    media.put_stream("videos/v/source", [b"film"])
    analyser = Greedy(device="cpu", threads=1, limits=LimitSettings())
    analyser.take = take
    results: Any = type("Empty", (), {"get_plan": lambda *_: None})()
    handler = TaskHandler(analyser, results, media, MediaCache(tmp_path / "cache", 0), memory_bytes=64 * MIB)
    state = WorkState()
    state.ready()
    task = Task(TaskKind.PLAN, "v", 1, "videos/v/source", tracks_key="v")
    assert state.begin(task)

    outcome = handler.do(task, state)

    assert outcome.status is Status.CRASHED
    assert "memory" in outcome.message.lower()


@pytest.mark.parametrize(("before", "after"), [(1000, SPARED), (SPARED, SPARED), (0, 0), (-500, -500)])
def test_a_score_is_only_lowered(tmp_path: Path, before: int, after: int) -> None:
    score = tmp_path / "oom_score_adj"
    score.write_text(f"{before}\n")

    assert spare_this_process(score) is (before > SPARED)
    assert int(score.read_text()) == after


def test_a_score_that_may_not_be_changed_stays(tmp_path: Path) -> None:
    assert not spare_this_process(tmp_path / "missing")


def test_memory_that_was_freed_is_given_back() -> None:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):
        pytest.skip("needs glibc")
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    size, blocks = MIB // 16, 2048  # too small for mappings of their own
    taken = [libc.malloc(size) for _ in range(blocks)]
    for block in taken:
        ctypes.memset(block, 1, size)
    for block in taken[:-1]:
        libc.free(block)  # the last one keeps all before it
    before = memory.usage()["rss_bytes"]
    memory.give_back()
    after = memory.usage()["rss_bytes"]
    libc.free(taken[-1])
    assert before is not None
    assert after is not None
    assert before - after > size * blocks // 2
