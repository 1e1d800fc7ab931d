"""Analysis of one chunk: its frames and its sound, each decoded once, become ChunkTracks.

Four lanes run side by side: a thread decodes frames, a thread shrinks them, a thread analyses the sound, the
caller's thread runs the networks; with one core they take turns. A few windows of small frames are kept,
however long the chunk is.

The picture is analysed in blocks: BLOCK_FRAMES slots on the grid of the whole video, each with
CONTEXT_FRAMES on either side. What becomes of a block is a function of those frames only, so one chunk or
fifty give the same bits. Knows no cluster and no store.
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

from actors.segmentation.decode.prefetch import Prefetch, in_turn
from actors.segmentation.decode.video import DecodedFrame, VideoReader
from actors.segmentation.errors import Cancelled
from actors.segmentation.limits import Limits
from actors.segmentation.picture.blocks import Window, analyse_block
from actors.segmentation.picture.keyframes import Look, Lookout, cell_bounds, choose, webp
from actors.segmentation.picture.measures import Picture, PictureSource
from actors.segmentation.picture.small_frames import (
    IMAGE_SIDE_PX,
    NETWORK_HEIGHT_PX,
    NETWORK_WIDTH_PX,
    SmallFrames,
)
from actors.segmentation.planning.plan import BLOCK_FRAMES, CONTEXT_FRAMES, Plan
from actors.segmentation.tracks import AudioTrack, ChunkTracks, FrameTrack, KeyframeTrack

if TYPE_CHECKING:
    from actors.segmentation.networks.loading import ModelsLoading
    from actors.segmentation.networks.models import Models

REPORT_EVERY_FRAMES = 50
_AHEAD = 1500
"""Small pictures waiting for the networks, some kilobytes each: neither a burst of work nor the networks' own
loading need stop the decoder."""
_AHEAD_BATCH = 25
_AHEAD_BYTES = 64 << 20
"""... but in slow films nearly every one has a look beside it."""
_DECODED_AHEAD, _DECODED_BATCH = 9, 3
"""Whole frames waiting to be made small: enough that the decoder's threads never wait for it."""
_DECODED_AHEAD_BYTES, _PIXEL_BYTES = 256 << 20, 3
"""... but fewer of large ones. Three bytes a pixel are ten bits with half the colours."""
_POLL_S = 0.1

KeyframeSink = Callable[[int, bytes], None]


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

    `on_frames(n)`: n of the chunk's own frames are decoded, told about every 50, and all of them again as
    long as there is only sound left. `should_stop`: asked as often and while waiting for the sound; True
    ends in Cancelled. `keyframe_sink(slot, webp)`: the picture of every keyframe candidate, in order of
    time. All three are called on the caller's thread. `limits`:
    those the plan was made under. `on_times`: told at the end how many seconds the caller's thread spent on
    `networks` and waited for `decode`, and how long the lane beside it took for `sound`.

    Raises Cancelled, and MediaError where the file cannot be opened or decoded any more.
    """
    stopping, heard = threading.Event(), threading.Event()
    asked, report = should_stop or _never, on_frames or _no_report

    def stop_if_asked() -> None:
        if asked():
            stopping.set()  # now: a decoder on its way to the first frame would not end before it
            raise Cancelled

    def block_begins() -> bool:
        heard.set()
        return stopping.is_set()

    def while_hearing() -> None:
        stop_if_asked()
        if heard.is_set():  # nothing new, but whoever watches sees that it gets on
            heard.clear()
            report(plan.chunks[chunk_index].frames)

    job = _Job(Path(path), plan, chunk_index, models, limits, asked, stopping)
    if not job.side_by_side:

        def block_begins_here() -> bool:
            block_begins()
            while_hearing()
            return False

        frames, keyframes = _PictureLane(job, keyframe_sink).run(stop_if_asked, report)
        audio = _sound(job, block_begins_here)
        stop_if_asked()
        return job.made(frames, keyframes, audio, on_times)
    with ThreadPoolExecutor(1, thread_name_prefix="sound") as lane:
        sound = lane.submit(_sound, job, block_begins)
        try:
            pictures = _PictureLane(job, keyframe_sink)
            frames, keyframes = pictures.run(stop_if_asked, report)
            audio = _await(sound, while_hearing)
        finally:
            stopping.set()
    return job.made(frames, keyframes, audio, on_times)


def _no_report(_frames: int) -> None: ...


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Job:
    """What both lanes need to know."""

    path: Path
    plan: Plan
    chunk_index: int
    models: Models | ModelsLoading
    limits: Limits | None
    asked: Callable[[], bool]
    stopping: threading.Event
    times: dict[str, float] = field(default_factory=dict)

    @property
    def side_by_side(self) -> bool:
        """Whether the lanes run at the same time. With a single core they would only take it from each other,
        and from the actors beside this one; a GPU, though, must not wait for the decoder."""
        return self.models.threads > 1 or self.models.gpu is not None

    def made(
        self,
        frames: FrameTrack,
        keyframes: KeyframeTrack,
        audio: AudioTrack | None,
        on_times: Callable[[Mapping[str, float]], None] | None,
    ) -> ChunkTracks:
        """The chunk's tracks."""
        if on_times is not None:
            on_times(self.times)
        spec = self.plan.chunks[self.chunk_index]
        return ChunkTracks(spec.start_frame, spec.end_frame, frames, keyframes, audio)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Adds how long the block takes to `times`; each name belongs to one thread."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.times[what] = self.times.get(what, 0.0) + time.perf_counter() - began

    def video(self) -> VideoReader:
        # one more than the cores: a decoder whose frame waits to be taken must not leave its core idle
        threads = self.models.threads + 1 if self.models.threads > 1 else 1
        stop = self.stopping.is_set if self.side_by_side else self.asked
        return VideoReader.open(
            self.path,
            self.plan.media,
            self.plan.index,
            threads,
            self.limits,
            gpu=self.models.gpu,
            should_stop=stop,
        )


def frames_ahead(width: int, height: int) -> int:
    """How many whole frames of a size may wait, at least two."""
    return min(max(_DECODED_AHEAD_BYTES // (width * height * _PIXEL_BYTES), 2), _DECODED_AHEAD)


def pictures_ahead(fps: float) -> int:
    """How many small pictures may wait, with the looks that so many frames a second get."""
    look = Lookout(cell_bounds(fps), range(0)).share * IMAGE_SIDE_PX**2 * 3
    return min(
        max(int(_AHEAD_BYTES / (NETWORK_HEIGHT_PX * NETWORK_WIDTH_PX * 3 + look)), _AHEAD_BATCH), _AHEAD
    )


def _sound(job: _Job, should_stop: Callable[[], bool]) -> AudioTrack | None:
    # the networks behind take seconds to import: meanwhile the picture's decoder is at work already
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
        return analyse_blocks(reader, info, blocks, job.models.listeners, should_stop=should_stop)


def _await(sound: Future[AudioTrack | None], stop_if_asked: Callable[[], None]) -> AudioTrack | None:
    while not wait([sound], timeout=_POLL_S).done:
        stop_if_asked()
    return sound.result()


class _PictureLane:
    """Collects pictures into windows and turns each finished block into rows of the tracks."""

    def __init__(self, job: _Job, sink: KeyframeSink | None) -> None:
        self._job = job
        self._sink = sink
        spec = job.plan.chunks[job.chunk_index]
        self._own = range(spec.start_frame, spec.end_frame)
        self._pace = job.plan.pace
        self._bounds = cell_bounds(self._pace)
        self._pending: list[Picture] = []
        # filled as blocks are done: pieces to be joined would take the memory twice
        self._frames = FrameTrack.empty(len(self._own))
        self._keyframes: list[KeyframeTrack] = []

    def run(
        self, stop_if_asked: Callable[[], None], on_frames: Callable[[int], None]
    ) -> tuple[FrameTrack, KeyframeTrack]:
        """All of the chunk's slots."""
        began = time.perf_counter()
        block = self._own.start
        stop_if_asked()
        most = pictures_ahead(self._pace)
        lane = Prefetch(self._decoded, most, "shrink", batch=_AHEAD_BATCH, while_waiting=stop_if_asked)
        with lane if self._job.side_by_side else in_turn(self._decoded) as ahead:
            for picture in ahead:
                self._pending.append(picture)
                if picture.slot % REPORT_EVERY_FRAMES == 0:
                    stop_if_asked()
                    on_frames(min(max(picture.slot + 1 - self._own.start, 0), len(self._own)))
                while block < self._own.stop and picture.slot + 1 == self._needed(block):
                    stop_if_asked()
                    with self._job.timed("networks"):
                        self._finish(range(block, min(block + BLOCK_FRAMES, self._own.stop)))
                    block += BLOCK_FRAMES
        self._job.times["decode"] = time.perf_counter() - began - self._job.times.get("networks", 0.0)
        on_frames(len(self._own))
        return self._frames, KeyframeTrack.join(self._keyframes)

    def _needed(self, block: int) -> int:
        return min(block + BLOCK_FRAMES + CONTEXT_FRAMES, self._job.plan.frames)

    def _decoded(self) -> Iterator[Picture]:
        """On the thread that makes frames small; they are decoded on another one."""

        def before(start: int, stop: int) -> Iterator[DecodedFrame]:
            with self._job.video() as earlier:
                yield from earlier.frames(start, stop)

        plan = self._job.plan
        source = PictureSource(SmallFrames(plan.media), Lookout(self._bounds, self._own), before)
        slots = plan.context(self._job.chunk_index)
        with self._job.video() as reader:

            def decoded() -> Iterator[DecodedFrame]:
                return reader.frames(*slots)

            most = frames_ahead(plan.media.width, plan.media.height)
            lane = Prefetch(decoded, most, "decode", batch=min(_DECODED_BATCH, most // 2))
            with lane if self._job.side_by_side else in_turn(decoded) as frames:
                yield from source.pictures(frames)

    def _finish(self, block: range) -> None:
        """Measure a block whose context has been decoded, keep its rows, forget its frames."""
        pending = self._pending
        first = pending[0].slot
        window = Window(
            first,
            np.stack([picture.small for picture in pending]),
            np.array([picture.change for picture in pending], np.int64),
            np.array([picture.valid for picture in pending], np.bool_),
        )
        rows = analyse_block(window, block, self._pace, self._job.models)
        self._frames.put(block.start - self._own.start, rows.frames)
        mine = pending[block.start - first : block.stop - first]
        looks = [picture.look for picture in mine if picture.look is not None]
        for look in choose(looks, block.start, rows.moving, self._bounds):
            self._keep(look)
        self._pending = pending[max(block.stop - CONTEXT_FRAMES - first, 0) :]

    def _keep(self, look: Look) -> None:
        embedding = self._job.models.embedding(look.image)
        if self._sink is not None:
            self._sink(look.slot, webp(look.image))
        self._keyframes.append(
            KeyframeTrack(
                frame=np.array([look.slot], np.int64),
                sharpness=np.array([look.sharpness], np.float32),
                embedding=embedding.features[None],
                tag_ids=embedding.tag_ids[None],
                tag_probabilities=embedding.tag_probabilities[None],
            )
        )
