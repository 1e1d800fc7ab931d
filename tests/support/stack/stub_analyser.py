"""An analyser of known cost for tests of the machinery: its "videos" are JSON that say what shall happen.

`{"chunks": [[frames, seconds], …], "frame_s": seconds each frame takes, "trouble": {"2": "kill"}}`.
Trouble of a chunk: "kill" the process, "kill once", "raise" an exception, "freeze" (SIGSTOP once), "hang
once" (no frame any more, but answering), "refuse" (MediaError), "away" (once, a store does not answer),
"wait" (in the middle, still advancing, until one of the files of `go_on_files` lies beside the "video"). A
test that has to meet a video in the middle lets a chunk wait: then it comes in time however busy the machine
is. The chunks it decodes are listed in the file `decoded` beside the "video"; the tags of a shot are the GPUs
its process sees, and the process.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from actors.segmentation.errors import Cancelled, MediaError
from actors.worker.analyser import (
    AnalysedChunk,
    FrameTimes,
    FusedVideo,
    JoinedTracks,
    PlannedChunk,
    PlannedVideo,
)
from cluster.errors import UnavailableError
from cluster.settings import LimitSettings

NAME = "tests.support.stack.stub_analyser:StubAnalyser"
RATE = 25
WAIT_STEP_S = 0.01
MEDIA = {
    "width": 320,
    "height": 180,
    "fps": float(RATE),
    "variable_frame_rate": False,
    "rotation": 0,
    "video_codec": "h264",
    "audio_codec": None,
}


def film(
    chunks: int,
    *,
    frames: int = 25,
    frame_s: float = 0.001,
    trouble: Mapping[int, str] | None = None,
    wait_from: int | None = None,
) -> bytes:
    """A "video" of so many equal chunks; those from `wait_from` on wait until they are told to go on."""
    waiting = dict.fromkeys(range(chunks if wait_from is None else wait_from, chunks), "wait")
    return json.dumps(
        {
            "chunks": [[frames, frames / RATE]] * chunks,
            "frame_s": frame_s,
            "trouble": {str(index): what for index, what in (waiting | dict(trouble or {})).items()},
        }
    ).encode()


def go_on_files(chunk: int | None = None) -> tuple[str, ...]:
    """Names of the files that let chunks that wait go on: all of them, and this one."""
    return ("go-on",) if chunk is None else ("go-on", f"go-on-{chunk}")


def segment(level: str, index: int, start: int, end: int, label: str) -> dict[str, Any]:
    """A segment with the keys of the contract."""
    boundary = {"kind": "cut" if start else "start", "confidence": 1.0, "visual": 1.0, "audio": 0.0}
    return {
        "level": level,
        "index": index,
        "parent": None,
        "start_s": start / RATE,
        "end_s": end / RATE,
        "start_frame": start,
        "end_frame": end,
        "start_pts": start,
        "end_pts": end,
        "start_boundary": {**boundary, "from_s": start / RATE, "to_s": start / RATE},
        "label": label,
        "audio": None,
        "visual": {"brightness": 0.5, "motion": 0.0, "black": False, "static": True, "tags": []},
        "keyframe_s": start / RATE,
        "thumbnail": start,
    }


class StubAnalyser:
    """See `actors.worker.analyser.Analyser`."""

    def __init__(self, *, device: str, threads: int, limits: LimitSettings) -> None:
        self._device = device

    def load(self) -> None:
        pass

    def tracks_hash(self, settings: Mapping[str, Any]) -> str:
        return "stub"

    def plan(self, path: Path, settings: Mapping[str, Any], should_stop: Callable[[], bool]) -> PlannedVideo:
        payload = path.read_bytes()
        if not payload.startswith(b"{"):
            raise MediaError("not_media", "This file is not a video that can be read.")
        return self.planned(payload)

    def planned(self, payload: bytes) -> PlannedVideo:
        start, chunks = 0, []
        for index, (frames, seconds) in enumerate(json.loads(payload)["chunks"]):
            chunks.append(PlannedChunk(index, start, start + frames, seconds))
            start += frames
        media = {**MEDIA, "duration_s": start / RATE, "frames": start}
        return PlannedVideo(media, payload, tuple(chunks))

    def frame_times(self, payload: bytes, from_frame: int) -> FrameTimes:
        if not payload.startswith(b"{"):
            raise ValueError("not a plan of this version")
        frames = self.planned(payload).chunks[-1].end_frame
        if from_frame >= frames:
            raise IndexError(from_frame)
        runs = [(1, frames - from_frame)]
        return FrameTimes((1, RATE), frames, from_frame, from_frame, runs, None)

    def chunk(
        self,
        path: Path,
        plan: bytes,
        index: int,
        *,
        on_frames: Callable[[int], None],
        should_stop: Callable[[], bool],
        keyframe_sink: Callable[[int, bytes], None],
    ) -> AnalysedChunk:
        script = json.loads(path.read_bytes())
        spec = self.planned(plan).chunks[index]
        with path.with_name("decoded").open("a") as file:
            file.write(f"{index}\n")
        count = spec.end_frame - spec.start_frame
        for frame in range(count):
            if should_stop():
                raise Cancelled
            time.sleep(script["frame_s"])
            if frame == count // 2:
                waits = _trouble(path, index, script["trouble"].get(str(index)))
                while waits and not any(path.with_name(name).exists() for name in go_on_files(index)):
                    if should_stop():
                        raise Cancelled
                    on_frames(frame)
                    time.sleep(WAIT_STEP_S)
            on_frames(frame + 1)
        keyframe_sink(spec.start_frame, b"picture")
        label = hashlib.sha256(path.read_bytes() + str(index).encode()).hexdigest()[:8]
        shot = segment("shot", 0, spec.start_frame, spec.end_frame, label)
        seen = (os.environ.get("CUDA_VISIBLE_DEVICES", ""), str(os.getpid()))
        shot["visual"]["tags"] = [{"label": label, "probability": 1.0} for label in seen]
        return AnalysedChunk(spec.start_frame, spec.end_frame, json.dumps(shot).encode(), [shot])

    def join(self, plan: bytes, chunks: Iterable[bytes]) -> JoinedTracks:
        shots = [{**json.loads(payload), "index": index} for index, payload in enumerate(chunks)]
        return JoinedTracks((self.planned(plan).media, shots), size_bytes=len(plan))

    def fuse(
        self,
        joined: JoinedTracks,
        settings: Mapping[str, Any],
        words: Mapping[str, Any] | None = None,
        corrections: Mapping[str, Any] | None = None,
    ) -> FusedVideo:
        """One scene, or with a sensitivity above the middle a scene for every shot, and those that are
        locked; one chapter."""
        media, shots = joined.content
        end = shots[-1]["end_frame"]
        corrected = corrections or {}
        if "exact" in corrected:
            exact = [one for level in corrected["exact"] for one in _exact(level, corrected["exact"], end)]
            return FusedVideo(exact, {"media": media, "settings": dict(settings)})
        many = settings.get("scene_sensitivity", 0.5) > 0.5
        scenes = [(s["start_frame"], s["end_frame"]) for s in shots] if many else [(0, end)]
        locked = {one["frame"] for one in corrected.get("locked", {}).get("scene", ())}
        bounds = [*sorted({start for start, _ in scenes} | locked), end]
        whole = [segment("scene", n, *frames, "all") for n, frames in enumerate(pairwise(bounds))]
        whole.append(segment("chapter", 0, 0, end, "all"))
        return FusedVideo([*shots, *whole], {"media": media, "settings": dict(settings)})

    def starts(
        self, joined: JoinedTracks, settings: Mapping[str, Any], words: Mapping[str, Any] | None = None
    ) -> dict[str, list[float]]:
        segments = self.fuse(joined, settings, words).segments
        return {
            level: [
                segment["start_s"] for segment in segments if segment["level"] == level and segment["index"]
            ]
            for level in ("shot", "scene", "chapter")
        }

    def close(self) -> None:
        pass


def _exact(level: str, starts: Mapping[str, Any], end: int) -> list[dict[str, Any]]:
    """The segments of a level whose starts are given."""
    bounds = [*(one["frame"] for one in starts[level]), end]
    return [segment(level, n, *frames, "all") for n, frames in enumerate(pairwise(bounds))]


def _trouble(path: Path, index: int, what: str | None) -> bool:
    """Does what there is to do; whether the chunk has to wait."""
    if what is None:
        return False
    marker = path.with_name(f"{path.name}.trouble-{index}")
    first = not marker.exists()
    marker.touch()
    if what == "kill" or (what == "kill once" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "freeze" and first:
        os.kill(os.getpid(), signal.SIGSTOP)
    elif what == "hang once" and first:
        time.sleep(3600)
    elif what == "raise":
        raise ZeroDivisionError("a fault in the analysis")
    elif what == "refuse":
        raise MediaError("decode_failed", "Most of this file cannot be decoded.")
    elif what == "away" and first:
        raise UnavailableError("The store does not answer.")
    return what == "wait"
