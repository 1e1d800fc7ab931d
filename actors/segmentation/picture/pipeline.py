"""The pipeline of one chunk's picture: decodes frames, scales and measures them, runs the networks.

Each stage has a thread: "decode" decodes, "scale" scales and measures, the caller's thread runs the networks
and fills the tracks block by block. Queues between them are bounded, so that memory does not grow with the
chunk's length. Knows decoding, measuring and what the networks are called with; imports no torch.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from actors.segmentation.decode.prefetch import Prefetch, inline
from actors.segmentation.decode.video import DecodedFrame, VideoReader
from actors.segmentation.limits import Limits
from actors.segmentation.picture.blocks import BlockWindow, analyse_block
from actors.segmentation.picture.keyframes import FrameSampler, SampledFrame, choose, interval_bounds, webp
from actors.segmentation.picture.masking import Mask
from actors.segmentation.picture.measured_frames import FrameMeasurer, MeasuredFrame
from actors.segmentation.picture.measures import VALUES_PER_PICTURE
from actors.segmentation.picture.scaling import IMAGE_SIDE_PX, FrameScaler
from actors.segmentation.picture.second_look import SecondLook
from actors.segmentation.planning.plan import BLOCK_FRAMES, CONTEXT_FRAMES, Plan
from actors.segmentation.tracks import FrameTrack, KeyframeTrack

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


@dataclass(frozen=True, slots=True)
class ChunkJob:
    """The chunk to analyse and with what; shared by the threads of picture and sound.

    asked: the caller's `should_stop`, for its thread only; stopping: set for all threads once it was true.
    times: seconds by name, see `timed`.
    """

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

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Adds the seconds that the block takes to `times[what]`; only one thread may use a name."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.times[what] = self.times.get(what, 0.0) + time.perf_counter() - began

    def video(self, left_out: npt.NDArray[np.bool_], *, in_caller: bool = False) -> VideoReader:
        """A reader of the video, with the threads and the GPU of the models, without these frames.

        in_caller: it is read on the caller's thread, the only one that may ask whether to stop.
        """
        # One more than there are cores: FFmpeg's frame threads give frames out in order, so a thread whose
        # frame is done waits until it is taken; its core would be idle meanwhile.
        threads = self.models.threads + 1 if self.models.threads > 1 else 1
        stop = self.asked if in_caller or not self.concurrent else self.stopping.is_set
        return VideoReader.open(
            self.path,
            self.plan.media,
            self.plan.index,
            threads,
            self.limits,
            gpu=self.models.gpu,
            should_stop=stop,
            left_out=left_out,
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


class PicturePipeline:
    """Decodes, scales and measures the frames, and turns each complete block into rows of the tracks."""

    def __init__(self, job: ChunkJob, sink: KeyframeSink | None) -> None:
        self._job = job
        self._sink = sink
        spec = job.plan.chunks[job.chunk_index]
        self._own = range(spec.start_frame, spec.end_frame)
        self._pace = job.plan.pace
        self._bounds = interval_bounds(self._pace)
        self._mask = Mask(job.plan.ignore)
        self._left_out = job.plan.left_out
        again = job.plan.decoding == "auto" and bool(self._left_out.any())
        reader = partial(job.video, in_caller=True)
        self._second_look = SecondLook(job.plan, self._mask, reader) if again else None
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
            with self._job.video(self._left_out) as earlier:
                yield from earlier.frames(start, stop)

        plan = self._job.plan
        sampler = FrameSampler(self._bounds, self._own)
        measurer = FrameMeasurer(FrameScaler(plan.media), sampler, before, self._mask)
        context = range(*plan.context(self._job.chunk_index))
        # what is left out is estimated between frames that are decoded
        wanted = np.flatnonzero(~self._left_out)
        first = int(wanted[np.searchsorted(wanted, context.start, side="right") - 1])
        last = int(wanted[np.searchsorted(wanted, context.stop - 1)])
        with self._job.video(self._left_out) as reader:

            def decoded() -> Iterator[DecodedFrame]:
                return reader.frames(first, last + 1)

            most = decoded_ahead(plan.media.width, plan.media.height)
            stage = Prefetch(decoded, most, "decode", batch=min(_DECODED_BATCH, most // 2))
            with stage if self._job.concurrent else inline(decoded) as frames:
                yield from (frame for frame in measurer.measured(frames) if frame.slot in context)

    def _finish(self, block: range) -> None:
        """Analyse a block whose context is complete, keep its rows, drop frames that no later block needs."""
        pending = self._pending
        first = pending[0].slot
        window = BlockWindow(
            first,
            np.stack([frame.small for frame in pending]),
            np.array([frame.change for frame in pending], np.int64),
            np.array([frame.valid for frame in pending], np.bool_),
            np.array([frame.estimated for frame in pending], np.bool_),
        )
        decoded = None if self._second_look is None else partial(self._decoded_after_all, window)
        rows = analyse_block(window, block, self._pace, self._job.models, decoded=decoded)
        self._frames.put(block.start - self._own.start, rows.frames)
        own = pending[block.start - first : block.stop - first]
        samples = [frame.sampled for frame in own if frame.sampled is not None]
        for candidate in choose(samples, block.start, rows.moving, self._bounds):
            self._keep(candidate)
        self._pending = pending[max(block.stop - CONTEXT_FRAMES - first, 0) :]

    def _decoded_after_all(self, window: BlockWindow, wanted: npt.NDArray[np.bool_]) -> BlockWindow:
        """The second look; its time counts as decoding, not as that of the networks."""
        assert self._second_look is not None
        began = time.perf_counter()
        found = self._second_look.decoded(window, wanted)
        self._job.times["networks"] = self._job.times.get("networks", 0.0) - (time.perf_counter() - began)
        return found

    def _keep(self, candidate: SampledFrame) -> None:
        """Embed a keyframe candidate, give its image to the sink, append its row."""
        embedding = self._job.models.embedding(self._mask.even(candidate.image))
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
