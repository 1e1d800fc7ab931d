"""Analyses one chunk of a planned video: decodes its frames and its sound once, measures them (ChunkTracks).

A pipeline of four threads: one decodes frames, one scales and measures them, one decodes and analyses the
sound, the caller's runs the networks. With one core they take turns on the caller's thread. Queues between
them are bounded, so memory does not grow with the chunk's length.

The picture is analysed in blocks: BLOCK_FRAMES slots on a grid of the whole video, each with CONTEXT_FRAMES
before and after. A block's rows depend on these frames only, so one chunk or fifty give the same bits. Knows
the library's decoding, measuring and networks; imports nothing of the cluster, no store and no Ray, and torch
only where a network is used.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from actors.segmentation.decode.prefetch import POLL_S, Prefetch, inline
from actors.segmentation.decode.video import DecodedFrame, VideoReader
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.picture.blocks import BlockWindow, analyse_block
from actors.segmentation.picture.keyframes import FrameSampler, SampledFrame, choose, interval_bounds, webp
from actors.segmentation.picture.measured_frames import FrameMeasurer, MeasuredFrame
from actors.segmentation.picture.measures import VALUES_PER_PICTURE
from actors.segmentation.picture.scaling import IMAGE_SIDE_PX, FrameScaler
from actors.segmentation.planning.plan import BLOCK_FRAMES, CONTEXT_FRAMES, Plan
from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack

if TYPE_CHECKING:
    from actors.segmentation.networks.loading import ModelsLoading
    from actors.segmentation.networks.models import Models

REPORT_EVERY_FRAMES = 50
"""Frames between two calls of `on_frames`, and of `should_stop` while frames come. No measurement; two
seconds of film, decoded in a fraction of one: a cancelled chunk ends soon, and the calls cost nothing."""

_MAX_MEASURED_AHEAD = 1500
"""Measured frames that may wait for the networks, 4 kB each without a keyframe sample. A minute of film, so
that neither a burst of work nor the loading of the networks (seconds) stops the decoder. No measurement."""
_MEASURED_AHEAD_BYTES = 64 << 20
"""Bytes that they may take with their samples (up to 300 kB each): at low frame rates nearly every frame has
one, and 1500 would take 450 MB. No measurement."""
_MEASURED_BATCH = 25
"""Measured frames handed over at a time: every hand-over is a change of threads. No measurement; a second of
film, so that the networks' thread gets a block of 300 in a dozen hand-overs."""

_MAX_DECODED_AHEAD = 9
"""Decoded frames that may wait to be scaled: enough that the decoder's threads do not wait for the scaler. No
measurement is recorded."""
_DECODED_BATCH = 3
"""Decoded frames handed over at a time, as for _MEASURED_BATCH, but fewer, since each may be 100 MB."""
_DECODED_AHEAD_BYTES = 256 << 20
"""Bytes that they may take, so that fewer large ones wait: two of 8192 x 4320, nine of 4K. No measurement."""
_BYTES_PER_PIXEL = 3
"""Of a decoded frame: 10 bits, kept in 2 bytes, with 4:2:0 chroma (half a sample more); 8 bits take 1.5."""

KeyframeSink = Callable[[int, bytes], None]
"""Takes (frame number, WebP file) of a keyframe candidate."""


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

    job = _Job(Path(path), plan, chunk_index, models, limits, asked, stopping)
    if not job.concurrent:

        def sound_block_begins_in_turn() -> bool:
            sound_block_begins()
            while_only_sound_is_left()
            return False

        frames, keyframes = _PicturePipeline(job, keyframe_sink).run(stop_if_asked, report)
        audio = _sound(job, sound_block_begins_in_turn)
        stop_if_asked()
        return job.tracks(frames, keyframes, audio, on_times)
    with ThreadPoolExecutor(1, thread_name_prefix="sound") as thread:
        sound = thread.submit(_sound, job, sound_block_begins)
        try:
            frames, keyframes = _PicturePipeline(job, keyframe_sink).run(stop_if_asked, report)
            audio = _await(sound, while_only_sound_is_left)
        finally:
            stopping.set()
    return job.tracks(frames, keyframes, audio, on_times)


def _no_report(_frames: int) -> None: ...


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Job:
    """The chunk to analyse and with what; shared by the threads. times: seconds by name, see `timed`."""

    path: Path
    plan: Plan
    chunk_index: int
    models: Models | ModelsLoading
    limits: Limits | None
    asked: Callable[[], bool]
    stopping: threading.Event
    times: dict[str, float] = field(default_factory=dict)

    @property
    def concurrent(self) -> bool:
        """Whether the stages run on threads of their own.

        Not with a single core, where they would only take it from each other and from other actors (two
        single-thread actors then did 1.76 times the work of one); but always with a GPU, which must not wait
        for the decoder.
        """
        return self.models.threads > 1 or self.models.gpu is not None

    def tracks(
        self,
        frames: FrameTrack,
        keyframes: KeyframeTrack,
        audio: AudioTrack | None,
        on_times: Callable[[Mapping[str, float]], None] | None,
    ) -> ChunkTracks:
        """The result, after telling `on_times`."""
        if on_times is not None:
            on_times(self.times)
        spec = self.plan.chunks[self.chunk_index]
        return ChunkTracks(spec.start_frame, spec.end_frame, frames, keyframes, audio)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Adds the seconds that the block takes to `times[what]`; only one thread may use a name."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.times[what] = self.times.get(what, 0.0) + time.perf_counter() - began

    def video(self) -> VideoReader:
        # One more than there are cores: FFmpeg's frame threads give frames out in order, so a thread whose
        # frame is done waits until it is taken; its core would be idle meanwhile.
        threads = self.models.threads + 1 if self.models.threads > 1 else 1
        stop = self.stopping.is_set if self.concurrent else self.asked
        return VideoReader.open(
            self.path,
            self.plan.media,
            self.plan.index,
            threads,
            self.limits,
            gpu=self.models.gpu,
            should_stop=stop,
        )


def decoded_ahead(width: int, height: int) -> int:
    """How many decoded frames of a size in pixels may wait to be scaled, at least two."""
    frame_bytes = width * height * _BYTES_PER_PIXEL
    return min(max(_DECODED_AHEAD_BYTES // frame_bytes, 2), _MAX_DECODED_AHEAD)


def measured_ahead(fps: float) -> int:
    """How many measured frames may wait for the networks; fewer at low rates, where more are sampled."""
    sample_bytes = FrameSampler(interval_bounds(fps), range(0)).regular_share * IMAGE_SIDE_PX**2 * 3
    frame_bytes = VALUES_PER_PICTURE + sample_bytes
    return min(max(int(_MEASURED_AHEAD_BYTES / frame_bytes), _MEASURED_BATCH), _MAX_MEASURED_AHEAD)


def _sound(job: _Job, should_stop: Callable[[], bool]) -> AudioTrack | None:
    # imported here, on the thread of the sound: torch takes seconds, in which frames are decoded already
    from actors.segmentation.decode.audio import AudioReader
    from actors.segmentation.sound.blocks import analyse_blocks, owned_blocks

    info = job.plan.media.audio
    if info is None:
        return None
    blocks = owned_blocks(job.plan, job.chunk_index)
    if not blocks:
        return AudioTrack.empty()
    reader = AudioReader.open(job.path, info, job.limits)
    if reader is None:
        return None
    with reader, job.timed("sound"):
        return analyse_blocks(reader, info, blocks, job.models.audio, should_stop=should_stop)


def _await(sound: Future[AudioTrack | None], while_waiting: Callable[[], None]) -> AudioTrack | None:
    while not wait([sound], timeout=POLL_S).done:
        while_waiting()
    return sound.result()


class _PicturePipeline:
    """Decodes, scales and measures the frames, and turns each complete block into rows of the tracks."""

    def __init__(self, job: _Job, sink: KeyframeSink | None) -> None:
        self._job = job
        self._sink = sink
        spec = job.plan.chunks[job.chunk_index]
        self._own = range(spec.start_frame, spec.end_frame)
        self._pace = job.plan.pace
        self._bounds = interval_bounds(self._pace)
        self._pending: list[MeasuredFrame] = []
        # allocated whole, filled block by block: joining tables at the end would take the memory twice
        self._frames = FrameTrack.empty(len(self._own))
        self._keyframes: list[KeyframeTrack] = []

    def run(
        self, stop_if_asked: Callable[[], None], on_frames: Callable[[int], None]
    ) -> tuple[FrameTrack, KeyframeTrack]:
        """The rows of all the chunk's slots, and its keyframe candidates."""
        began = time.perf_counter()
        block = self._own.start
        stop_if_asked()
        most = measured_ahead(self._pace)
        stage = Prefetch(self._measured, most, "scale", batch=_MEASURED_BATCH, while_waiting=stop_if_asked)
        with stage if self._job.concurrent else inline(self._measured) as ahead:
            for frame in ahead:
                self._pending.append(frame)
                if frame.slot % REPORT_EVERY_FRAMES == 0:
                    stop_if_asked()
                    on_frames(min(max(frame.slot + 1 - self._own.start, 0), len(self._own)))
                while block < self._own.stop and frame.slot + 1 == self._needed(block):
                    stop_if_asked()
                    with self._job.timed("networks"):
                        self._finish(range(block, min(block + BLOCK_FRAMES, self._own.stop)))
                    block += BLOCK_FRAMES
        self._job.times["decode"] = time.perf_counter() - began - self._job.times.get("networks", 0.0)
        on_frames(len(self._own))
        return self._frames, KeyframeTrack.join(self._keyframes)

    def _needed(self, block: int) -> int:
        """The slot before which all frames of the block and its context are."""
        return min(block + BLOCK_FRAMES + CONTEXT_FRAMES, self._job.plan.frames)

    def _measured(self) -> Iterator[MeasuredFrame]:
        """Scale and measure, on the thread "scale"; frames come from the thread "decode"."""

        def before(start: int, stop: int) -> Iterator[DecodedFrame]:
            with self._job.video() as earlier:
                yield from earlier.frames(start, stop)

        plan = self._job.plan
        measurer = FrameMeasurer(FrameScaler(plan.media), FrameSampler(self._bounds, self._own), before)
        slots = plan.context(self._job.chunk_index)
        with self._job.video() as reader:

            def decoded() -> Iterator[DecodedFrame]:
                return reader.frames(*slots)

            most = decoded_ahead(plan.media.width, plan.media.height)
            stage = Prefetch(decoded, most, "decode", batch=min(_DECODED_BATCH, most // 2))
            with stage if self._job.concurrent else inline(decoded) as frames:
                yield from measurer.measured(frames)

    def _finish(self, block: range) -> None:
        """Analyse a block whose context is complete, keep its rows, drop frames that no later block needs."""
        pending = self._pending
        first = pending[0].slot
        window = BlockWindow(
            first,
            np.stack([frame.small for frame in pending]),
            np.array([frame.change for frame in pending], np.int64),
            np.array([frame.valid for frame in pending], np.bool_),
        )
        rows = analyse_block(window, block, self._pace, self._job.models)
        self._frames.put(block.start - self._own.start, rows.frames)
        own = pending[block.start - first : block.stop - first]
        samples = [frame.sampled for frame in own if frame.sampled is not None]
        for candidate in choose(samples, block.start, rows.moving, self._bounds):
            self._keep(candidate)
        self._pending = pending[max(block.stop - CONTEXT_FRAMES - first, 0) :]

    def _keep(self, candidate: SampledFrame) -> None:
        """Embed a keyframe candidate, give its image to the sink, append its row."""
        embedding = self._job.models.embedding(candidate.image)
        if self._sink is not None:
            self._sink(candidate.slot, webp(candidate.image))
        self._keyframes.append(
            KeyframeTrack(
                frame=np.array([candidate.slot], np.int64),
                sharpness=np.array([candidate.sharpness], np.float32),
                embedding=embedding.features[None],
                tag_ids=embedding.tag_ids[None],
                tag_probabilities=embedding.tag_probabilities[None],
            )
        )
