"""Analyses one chunk of a planned video: decodes its frames and its sound once, measures them (ChunkTracks).

The sound is analysed on a thread of its own beside the picture's pipeline (`picture.pipeline`); with one core
they take turns on the caller's thread.

The picture is analysed in blocks: BLOCK_FRAMES slots on a grid of the whole video, each with CONTEXT_FRAMES
before and after; the sound in blocks of its own (`sound.blocks`). A block's rows depend on its own frames or
samples only, so one chunk or fifty give the same bits. A file without a picture has rows that say nothing in
place of frames. Imports nothing of the cluster, no store and no Ray;
torch is imported only when a network is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from actors.segmentation.decode.audio_cells import BLOCK_S
from actors.segmentation.decode.prefetch import POLL_S
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.picture.pipeline import ChunkJob, KeyframeSink, PicturePipeline
from actors.segmentation.planning.plan import Plan
from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack

if TYPE_CHECKING:
    from actors.segmentation.networks.loading import ModelsLoading
    from actors.segmentation.networks.models import Models


def analyse_chunk(
    path: Path | str,
    plan: Plan,
    chunk_index: int,
    models: Models | ModelsLoading,
    *,
    on_frames: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    keyframe_sink: KeyframeSink | None = None,
    limits: Limits | None = None,
    on_times: Callable[[Mapping[str, float]], None] | None = None,
) -> ChunkTracks:
    """Decode and measure one chunk of a planned video.

    `on_frames(n)`: n of the chunk's own frames are decoded by now; called about every 50 frames, and with all
    of them again while only sound is left, as a sign of life. `should_stop()`: asked as often, and while
    waiting; True ends in Cancelled. `keyframe_sink(slot, webp)`: takes the image of every keyframe
    candidate, in order of time. These three are called on the caller's thread. `limits`: those that the plan
    was made under. `on_times(times)`: called at the end with seconds: `networks` (spent by the caller's
    thread on them), `decode` (waited by it for frames), `sound` (taken by the thread of the sound).

    Raises Cancelled, and MediaError where the file cannot be opened or decoded any more.
    """
    stopping, sound_advanced = threading.Event(), threading.Event()
    asked, report = should_stop or _never, on_frames or _no_report

    def stop_if_asked() -> None:
        if asked():
            stopping.set()  # before raising: a decoder that has found no frame yet ends by nothing else
            raise Cancelled

    def sound_block_begins() -> bool:
        sound_advanced.set()
        return stopping.is_set()

    def while_only_sound_is_left() -> None:
        stop_if_asked()
        if sound_advanced.is_set():  # no new frames, but the caller must see that the chunk advances
            sound_advanced.clear()
            report(plan.chunks[chunk_index].frames)

    def finished(frames: FrameTrack, keyframes: KeyframeTrack, audio: AudioTrack | None) -> ChunkTracks:
        if on_times is not None:
            on_times(job.times)
        spec = plan.chunks[chunk_index]
        return ChunkTracks(spec.start_frame, spec.end_frame, frames, keyframes, audio)

    job = ChunkJob(Path(path), plan, chunk_index, models, limits, asked, stopping)
    if not plan.media.has_picture:
        audio = _sound(job, _block_by_block(job, stop_if_asked, report))
        report(plan.chunks[chunk_index].frames)
        return finished(*_no_picture(job), audio)
    if not job.concurrent:

        def sound_block_begins_in_turn() -> bool:
            sound_block_begins()
            while_only_sound_is_left()
            return False

        frames, keyframes = PicturePipeline(job, keyframe_sink).run(stop_if_asked, report)
        audio = _sound(job, sound_block_begins_in_turn)
        stop_if_asked()
        return finished(frames, keyframes, audio)
    with ThreadPoolExecutor(1, thread_name_prefix="sound") as thread:
        sound = thread.submit(_sound, job, sound_block_begins)
        try:
            frames, keyframes = PicturePipeline(job, keyframe_sink).run(stop_if_asked, report)
            audio = _await(sound, while_only_sound_is_left)
        finally:
            stopping.set()
    return finished(frames, keyframes, audio)


def _no_report(_frames: int) -> None: ...


def _never() -> bool:
    return False


def _no_picture(job: ChunkJob) -> tuple[FrameTrack, KeyframeTrack]:
    """Rows that say nothing, one for each slot of a file that has sound alone."""
    slots = job.plan.chunks[job.chunk_index].frames
    return replace(FrameTrack.empty(slots), valid=np.ones(slots, np.bool_)), KeyframeTrack.empty()


def _block_by_block(
    job: ChunkJob, stop_if_asked: Callable[[], None], report: Callable[[int], None]
) -> Callable[[], bool]:
    """What is done before each block of sound where there is nothing else: look whether to stop, report."""
    slots = job.plan.chunks[job.chunk_index].frames
    begun = count(0)

    def block_begins() -> bool:
        stop_if_asked()
        report(min(slots, round(next(begun) * BLOCK_S * job.plan.media.fps)))
        return False

    return block_begins


def _sound(job: ChunkJob, should_stop: Callable[[], bool]) -> AudioTrack | None:
    info = job.plan.media.audio
    if info is None:
        return None
    # imported here, on the thread of the sound: torch takes seconds, in which frames are decoded already
    from actors.segmentation.decode.audio import AudioReader
    from actors.segmentation.sound.blocks import analyse_blocks, owned_blocks

    blocks = owned_blocks(job.plan, job.chunk_index)
    if not blocks:
        return AudioTrack.empty()
    reader = AudioReader.open(job.path, info, job.limits)
    if reader is None:
        return None
    with reader, job.timed("sound"):
        networks = job.models.audio
        if networks is None:
            raise ValueError("the file has sound, but the networks were loaded without those of sound")
        return analyse_blocks(reader, info, blocks, networks, should_stop=should_stop)


def _await(sound: Future[AudioTrack | None], while_waiting: Callable[[], None]) -> AudioTrack | None:
    while not wait([sound], timeout=POLL_S).done:
        while_waiting()
    return sound.result()
