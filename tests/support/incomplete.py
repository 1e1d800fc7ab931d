"""A film in each container, to be cut off and damaged; and what is then told of it.

Knows the library as far as plans, decoding and fusion go; runs no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from actors.segmentation.decode.video import VideoReader
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.media_warning import MediaWarning
from actors.segmentation.planning.plan import Plan, build_plan
from actors.segmentation.settings import FusionSettings
from actors.segmentation.tracks import ChunkTracks, FrameTrack, KeyframeTrack
from tests.support.media import Picture, Sound, make_media, read_number

FRAMES = 200
FPS = 25
CUTS = (80, 140)
PICTURE = Picture((80, 60, 60), gop=25)
SOUND = Sound((("noise", FRAMES / FPS),))
NOT_H264 = replace(PICTURE, codec="mpeg4", options={"qscale": "4"})
MPEG2 = replace(PICTURE, codec="mpeg2video", options={"qscale": "4"})


@dataclass(frozen=True)
class Kind:
    """A container: the file's name, streams and options of the muxer. exact: it says how many frames it
    should have."""

    name: str
    picture: Picture = PICTURE
    sound: Sound = SOUND
    options: Mapping[str, str] = field(default_factory=dict)
    form: str | None = None
    exact: bool = False

    def make(self, folder: Path) -> Path:
        """The whole film."""
        return make_media(
            folder / self.name, self.picture, self.sound, form=self.form, options=dict(self.options)
        )


MP4 = Kind("fast.mp4", options={"movflags": "faststart"}, exact=True)
MOV = Kind("fast.mov", options={"movflags": "faststart"}, exact=True)
FRAGMENTS = Kind("fragments.mp4", options={"movflags": "frag_keyframe+empty_moov"})
LIVE = Kind("live.mkv", options={"live": "1"})
AVI = Kind("film.avi", NOT_H264, replace(SOUND, codec="mp3"))
KINDS = (
    MP4, MOV, FRAGMENTS, Kind("film.mkv"), LIVE, Kind("film.ts"), AVI,
    Kind("film.flv", sound=replace(SOUND, rate_hz=44_100)),
)  # fmt: skip
"""Containers of which it is noticed that they are cut off."""
PROGRAM_STREAM = Kind("film.mpg", MPEG2, replace(SOUND, codec="mp2"), form="mpeg")
"""Promises nothing; damage inside is noticed."""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Kind], Path]:
    """Makes each kind of film once, when it is first asked for."""
    folder, made = tmp_path_factory.mktemp("films"), dict[str, Path]()

    def film(kind: Kind) -> Path:
        if kind.name not in made:
            made[kind.name] = kind.make(folder)
        return made[kind.name]

    return film


def shown(path: Path, plan: Plan) -> dict[int, int]:
    """The number that each decoded slot of the plan shows."""
    with VideoReader.open(path, plan.media, plan.index) as reader:
        return {
            decoded.slot: read_number(decoded.frame.to_ndarray(format="rgb24"))
            for decoded in reader.frames(0, plan.frames)
            if decoded.frame is not None
        }


def told(path: Path) -> tuple[Plan, dict[int, int], tuple[MediaWarning, ...]]:
    """Plan, numbers of the decoded frames, and the warnings of the result, with none of the networks."""
    plan = build_plan(path)
    numbers = shown(path, plan)
    valid = np.array([slot in numbers for slot in range(plan.frames)], np.bool_)
    frames = replace(FrameTrack.empty(plan.frames), valid=valid)
    tracks = ChunkTracks(0, plan.frames, frames, KeyframeTrack.empty(), None)
    return plan, numbers, fuse(plan, [tracks], FusionSettings()).warnings


def seconds(frames: int) -> float:
    """How long so many frames are shown."""
    return float(Fraction(frames, FPS))
