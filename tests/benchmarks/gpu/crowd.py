"""Several actors on one device: frames a second of all together, and the memory that each takes.

Each is a process of its own, as in the pool. Knows processes and the analysis of one film; not the pool.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from queue import Empty
from threading import BrokenBarrierError

import torch

from actors.segmentation import Models
from tests.benchmarks.gpu.stages import analysed, named, picture_plan, warmed

POLL_S = 0.5
"""Between two looks whether an actor has died."""
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Crowd:
    """how: device and number format. threads: of each actor. device_bytes: that each takes on the device,
    with everything that a process there needs. process_bytes: largest main memory of one."""

    actors: int
    how: str
    threads: int
    frames_per_s: float
    device_bytes: int
    process_bytes: int


@dataclass(frozen=True)
class _Done:
    """What an actor tells. free_bytes: on the device, while all actors are there."""

    how: str
    frames: int
    began_s: float
    ended_s: float
    free_bytes: int = 0
    process_bytes: int = 0
    failed: str = ""


def crowd(path: Path, device: str, actors: int, threads: int, end_s: float) -> Crowd:
    """So many actors, each of which analyses the film once, beginning together.

    end_s: of `time.monotonic`. TimeoutError when they are not done by then; RuntimeError with the reason when
    one fails.
    """
    before = _free_bytes(device)
    done = _run(path, device, actors, threads, end_s)
    took_s = max(one.ended_s for one in done) - min(one.began_s for one in done)
    taken = before - min(one.free_bytes for one in done)
    return Crowd(
        actors,
        done[0].how,
        threads,
        sum(one.frames for one in done) / took_s,
        taken // actors,
        max(one.process_bytes for one in done),
    )


def _run(path: Path, device: str, actors: int, threads: int, end_s: float) -> list[_Done]:
    spawned = multiprocessing.get_context("spawn")
    barrier, results = spawned.Barrier(actors), spawned.Queue()
    running: list[BaseProcess] = []
    try:
        for _ in range(actors):
            one = spawned.Process(target=_act, args=(path, device, threads, barrier, results), daemon=True)
            one.start()
            running.append(one)
        done: list[_Done] = []
        while len(done) < actors:
            try:
                done.append(results.get(timeout=POLL_S))
            except Empty:
                _look_after(running, len(done), end_s)
    finally:
        for one in running:
            one.kill()
        for one in running:
            one.join()
    reasons = [one.failed for one in done if one.failed]
    if reasons:
        # one that failed lets the others fail at the barrier: theirs is not the reason
        own = [reason for reason in reasons if not reason.startswith(BrokenBarrierError.__name__)]
        raise RuntimeError((own or reasons)[0])
    return done


def _look_after(running: list[BaseProcess], done: int, end_s: float) -> None:
    codes = [one.exitcode for one in running if one.exitcode is not None]
    if len(codes) > done and any(codes):
        raise RuntimeError(f"an actor ended with code {next(code for code in codes if code)}")
    if time.monotonic() > end_s:
        raise TimeoutError("the time was up")


def _act(
    path: Path, device: str, threads: int, barrier: Barrier, results: multiprocessing.Queue[_Done]
) -> None:
    told = _Done("", 0, 0.0, 0.0)
    try:
        plan = picture_plan(path)
        models = Models.load(device, threads, sound=False)
        warmed(path, plan, models)
        told = replace(told, how=named(models), frames=plan.frames)
        barrier.wait()
        began_s = time.time()
        analysed(path, plan, models, lambda: False)
        ended_s = time.time()
        barrier.wait()
        free_bytes = _free_bytes(device)
        barrier.wait()  # nobody leaves before all have looked
        told = replace(told, began_s=began_s, ended_s=ended_s, free_bytes=free_bytes)
        results.put(replace(told, process_bytes=_peak_bytes()))
    except Exception as error:  # told by the parent, which would wait for ever otherwise
        results.put(replace(told, failed=f"{type(error).__name__}: {error}"))
        barrier.abort()


def _free_bytes(device: str) -> int:
    """Of the device's memory; 0 on the processor, where actors are told apart by their processes."""
    return torch.cuda.mem_get_info(device)[0] if device.startswith("cuda") else 0


def _peak_bytes() -> int:
    """Largest main memory of this process. Not `getrusage` where there is another way: on Linux a child's
    figure is never below that of the process it was started from."""
    if _STATUS.exists():
        peak = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
