"""Recordings that still grow, headers that say more or less than there is: what is there is segmented."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actors.segmentation import Models, Timeline, segment_file
from tests.support.scenery import edited, take, written

SHOTS = (40, 50, 60)
FRAMES = sum(SHOTS)
FILM, CUTS = edited(*(take(110 + k, frames) for k, frames in enumerate(SHOTS)))
GOP = 10


@dataclass(frozen=True)
class Recorder:
    """A container that can be read before it is finished."""

    suffix: str
    options: dict[str, str] = field(default_factory=dict)

    def record(self, folder: Path) -> bytes:
        """The finished file."""
        return written(folder / f"whole.{self.suffix}", FILM, gop=GOP, file_options=self.options).read_bytes()


RECORDERS = (
    Recorder("ts"),
    Recorder("mkv", {"live": "1"}),
    Recorder("flv"),
    Recorder("mp4", {"movflags": "frag_keyframe+empty_moov"}),
)
recorders = pytest.mark.parametrize("recorder", RECORDERS, ids=lambda recorder: recorder.suffix)


def part_of(data: bytes, share: float) -> bytes:
    """The beginning of a file, not up to the end of a packet of a transport stream (188 bytes): that would
    pass for the end."""
    return data[: int(len(data) * share) // 188 * 188 + 100]


def starts(found: Timeline) -> list[int]:
    return [shot.start_frame for shot in found.level("shot")]


def known_starts(frames: int) -> list[int]:
    """First frames of the shots that begin so early that the last of them can be told from its cut."""
    return [0, *(cut for cut in CUTS if cut < frames)]


@recorders
def test_as_a_recording_grows_its_shots_stay_and_new_ones_come(
    tmp_path: Path, models: Models, recorder: Recorder
) -> None:
    data = recorder.record(tmp_path)
    path = tmp_path / f"recording.{recorder.suffix}"
    frames = 0
    for share in (0.4, 0.75, 1.0):
        path.write_bytes(part_of(data, share) if share < 1 else data)

        found = segment_file(path, {}, models=models)

        assert frames < found.media["frames"]
        frames = found.media["frames"]
        assert starts(found) == known_starts(frames)
        assert [warning.code for warning in found.warnings] == ([] if share == 1 else ["truncated"])
    assert frames == FRAMES


@recorders
@pytest.mark.parametrize("when", ["at the first look", "during the analysis"])
def test_what_is_appended_while_it_is_read_does_no_harm(
    tmp_path: Path, models: Models, recorder: Recorder, when: str
) -> None:
    data = recorder.record(tmp_path)
    path = tmp_path / f"recording.{recorder.suffix}"
    begun = part_of(data, 0.75)
    path.write_bytes(begun)
    parts = [data[len(begun) :]]

    def go_on() -> None:
        if parts:
            with path.open("ab") as file:
                file.write(parts.pop(0))

    def asked() -> bool:
        if when == "at the first look":
            go_on()
        return False

    found = segment_file(
        path, {}, models=models, on_progress=lambda _done, _total: go_on(), should_stop=asked
    )

    assert parts == []  # the film did grow meanwhile
    frames = found.media["frames"]
    assert 0.6 * FRAMES < frames <= FRAMES
    assert starts(found) == known_starts(frames)
    assert found.level("shot")[-1].end_frame == frames


@recorders
def test_space_that_was_reserved_behind_a_recording_is_no_part_of_it(
    tmp_path: Path, models: Models, recorder: Recorder
) -> None:
    path = tmp_path / f"recording.{recorder.suffix}"
    path.write_bytes(recorder.record(tmp_path) + bytes(50_000))

    found = segment_file(path, {}, models=models)

    assert (found.media["frames"], starts(found)) == (FRAMES, [0, *CUTS])


def matroska_length(data: bytes, factor: float) -> bytes:
    """Element Duration, a double of milliseconds."""
    at = data.index(b"\x44\x89\x88") + 3
    return _scaled(data, at, ">d", factor)


def flash_length(data: bytes, factor: float) -> bytes:
    """Property `duration` of onMetaData, a double of seconds."""
    return _scaled(data, data.index(b"duration") + 9, ">d", factor)


def mp4_length(data: bytes, factor: float) -> bytes:
    """Durations of the film and of its track; the table of samples says how many there are."""
    for box in (b"mvhd", b"mdhd"):
        data = _scaled(data, data.index(box) + 20, ">I", factor)
    return data


def _scaled(data: bytes, at: int, form: str, factor: float) -> bytes:
    (value,) = struct.unpack_from(form, data, at)
    assert value > 0
    scaled = struct.pack(form, int(value * factor) if form == ">I" else value * factor)
    return data[:at] + scaled + data[at + len(scaled) :]


@pytest.mark.parametrize("factor", [0.0, 0.1, 10.0])
@pytest.mark.parametrize(
    ("suffix", "lie"), [("mkv", matroska_length), ("flv", flash_length), ("mp4", mp4_length)]
)
def test_a_header_that_says_another_length_is_not_believed(
    tmp_path: Path, models: Models, suffix: str, lie: Callable[[bytes, float], bytes], factor: float
) -> None:
    path = tmp_path / f"film.{suffix}"
    path.write_bytes(lie(Recorder(suffix).record(tmp_path), factor))

    found = segment_file(path, {}, models=models)

    assert (found.media["frames"], starts(found)) == (FRAMES, [0, *CUTS])
    assert found.media["duration_s"] == pytest.approx(FRAMES / 25, abs=0.002)
    assert found.level("shot")[-1].end_s == pytest.approx(FRAMES / 25, abs=0.002)
