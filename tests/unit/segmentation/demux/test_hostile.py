"""Files made to take memory or time, and odd ones that must not: the bounds hold, the rest stays right."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import av.error
import numpy as np
import pytest

from actors.clips import CutOptions, Piece, cut
from actors.segmentation.analyse import analyse_chunk
from actors.segmentation.decode import audio_packets
from actors.segmentation.decode.audio import AudioReader
from actors.segmentation.decode.audio_cells import CellDecoder, cell_bounds
from actors.segmentation.decode.frame_source import FrameSource
from actors.segmentation.decode.picture_decoder import PictureDecoder
from actors.segmentation.demux import container as container_module
from actors.segmentation.errors import Cancelled, MediaError, MediaErrorCode
from actors.segmentation.fusion.fuse import fuse
from actors.segmentation.limits import Limits
from actors.segmentation.networks.models import Models
from actors.segmentation.picture.pipeline import decoded_ahead, measured_ahead
from actors.segmentation.picture.scaling import FrameScaler
from actors.segmentation.planning.index_check import without_lost_tail
from actors.segmentation.planning.plan import build_plan
from actors.segmentation.settings import FusionSettings
from tests.support.media import Picture, Sound, make_media

RATE_HZ = 8000


class Saying:
    """A decoder whose every packet is a frame of 4608 samples at second 0, the first louder than the rest."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.thread_count = 0
        self.flags2 = 0
        self.decoded = 0
        self._rate_hz = rate_hz

    def decode(self, packet: object) -> list[av.AudioFrame]:
        if packet is None:
            return []
        self.decoded += 1
        level = 0.25 if self.decoded == 1 else 0.125
        frame = av.AudioFrame.from_ndarray(np.full((1, 4608), level, np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = self._rate_hz, 0
        return [frame]


def heard(context: Saying, packets: int) -> tuple[Any, list[str]]:
    decoder = CellDecoder(context, Fraction(1, 1000), RATE_HZ, 1)  # type: ignore[arg-type]
    return decoder.decode([av.Packet(b"x") for _ in range(packets)], 0), decoder.problems


def test_what_is_said_over_and_over_is_decoded_a_few_times() -> None:
    context = Saying()

    samples, problems = heard(context, 5000)

    begins = -cell_bounds(0)[0] * RATE_HZ
    assert context.decoded < 100
    assert (samples[0, begins : begins + 4608] == 0.25).all()
    assert "over and over" in problems[0]


def test_a_frame_that_claims_hours_is_left_out() -> None:
    samples, problems = heard(Saying(rate_hz=1), 1)

    assert not samples.any()
    assert "1 samples a second" in problems[0]


def repeated(target: Path, source: Path, times: int) -> Path:
    """The film with its second packet of sound many times more."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        sounds = 0
        for packet in old.demux():
            if packet.size == 0:
                continue
            kind, data = packet.stream.type, bytes(packet)
            pts, dts, tick, duration = packet.pts, packet.dts, packet.time_base, packet.duration
            sounds += kind == "audio"
            for _ in range(times if kind == "audio" and sounds == 2 else 1):
                copy = av.Packet(data)
                copy.stream, copy.pts, copy.dts = streams[packet.stream_index], pts, dts
                copy.time_base, copy.duration, copy.is_keyframe = tick, duration, packet.is_keyframe
                new.mux(copy)
    return target


def test_packets_of_one_moment_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = (("silence", 0.5), (440.0, 9.5))
    plain = make_media(
        tmp_path / "film.mkv", Picture((40,), fps=Fraction(4)), Sound(parts, codec="flac", rate_hz=RATE_HZ)
    )
    path = repeated(tmp_path / "bomb.mkv", plain, 500)
    monkeypatch.setattr(audio_packets, "MAX_PACKETS", 50)
    reader = AudioReader.open(path, build_plan(path).media.audio)
    assert reader is not None

    with reader:
        tick = reader._packets.tick
        packets = reader._packets.between(0, int(8 / tick))
        later = reader.pcm(6, 8)

    assert len(packets) <= 50
    with AudioReader.open(plain, build_plan(plain).media.audio) as expected:  # type: ignore[union-attr]
        assert np.array_equal(later, expected.pcm(6, 8))


def test_a_file_without_seeking_is_not_read_from_its_start_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_media(tmp_path / "film.mkv", Picture((40,), fps=Fraction(4)), Sound((("noise", 10.0),)))
    openings = []
    plain_open = audio_packets.open_container
    monkeypatch.setattr(
        audio_packets, "open_container", lambda *args: openings.append(args) or plain_open(*args)
    )
    packets = audio_packets.PacketWindow(path, 1, Limits())

    for _ in range(40):
        packets.between(-90_000, -80_000)  # before all sound: no seek leads there
        packets.between(8000, 9000)

    packets.close()
    assert len(openings) <= 1 + audio_packets.MAX_RESTARTS


@pytest.mark.parametrize("name", ["bgr4", "yaf32le"])
def test_pictures_that_cannot_be_converted_are_the_file_s_fault(name: str) -> None:
    media = SimpleNamespace(rotation=0, mirrored=False, pixel_aspect=Fraction(1))

    with pytest.raises(MediaError) as caught:
        FrameScaler(media).network(av.VideoFrame(64, 36, name))  # type: ignore[arg-type]

    assert caught.value.code is MediaErrorCode.DECODE_FAILED
    assert name in caught.value.message


def test_little_waits_where_frames_are_large_or_looked_at() -> None:
    assert (decoded_ahead(1920, 1080), decoded_ahead(7680, 4320), decoded_ahead(16384, 16384)) == (9, 2, 2)
    assert measured_ahead(25.0) == measured_ahead(60.0) == 1500
    assert 25 <= measured_ahead(1.0) <= 250


def test_a_pause_in_the_timestamps_changes_no_pace(tmp_path: Path, models: Models) -> None:
    """A camera that records what moves: an hour between two frames."""

    def with_pause(k: int) -> Fraction:
        return Fraction(k, 25) + 3600 * (k >= 40)

    shots = (30, 30, 60)
    tracks, plans = [], []
    for name, times in (("plain", None), ("pause", with_pause)):
        picture = Picture(shots, (96, 56), number=False, time_of=times)
        path = make_media(tmp_path / f"{name}.mp4", picture)
        plans.append(build_plan(path))
        tracks.append(analyse_chunk(path, plans[-1], 0, models))

    assert plans[1].media.fps == plans[1].pace == 25
    assert tracks[1].keyframes.frame.tolist() == tracks[0].keyframes.frame.tolist()
    starts = [shot.start_frame for shot in fuse(plans[1], [tracks[1]], FusionSettings()).level("shot")]
    assert starts == [0, 30, 60]


@pytest.mark.parametrize("way", ["frames", "tail", "clip"])
def test_on_its_way_to_the_first_frame_the_decoder_stops_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    path = make_media(tmp_path / "film.mp4", Picture((400,), (64, 48), gop=400))
    plan = build_plan(path)
    decoded: list[int] = []
    decode = PictureDecoder.decode

    def counted(self: PictureDecoder, packet: Any) -> Any:
        decoded.append(1)
        return decode(self, packet)

    monkeypatch.setattr(PictureDecoder, "decode", counted)

    def enough() -> bool:
        return len(decoded) >= 20

    source = FrameSource(path, 0, plan.index, Limits(), should_stop=enough)
    piece, clip = Piece(390, 400), tmp_path / "clip.mp4"
    ways: dict[str, Callable[[], object]] = {
        "frames": lambda: list(source.frames(390, 400)),
        "tail": lambda: without_lost_tail(path, 0, plan.index, Limits(), enough),
        "clip": lambda: cut(path, plan, piece, CutOptions(), clip, should_stop=enough),
    }

    with pytest.raises(Cancelled):
        ways[way]()

    assert len(decoded) == 20


@pytest.mark.parametrize(("number", "drive"), [(errno.ESTALE, True), (errno.EIO, False)])
def test_a_drive_that_is_gone_does_not_pass_for_the_file_s_end(number: int, drive: bool) -> None:
    def demux(_streams: object) -> Iterator[Any]:
        raise av.error.FFmpegError(number, "gone")
        yield

    container: Any = SimpleNamespace(demux=demux)
    with pytest.raises(Exception, match="gone") as caught:
        list(container_module.demux(container, []))

    assert type(caught.value) is (OSError if drive else av.error.FFmpegError)


def test_whoever_watches_sees_that_sound_behind_the_picture_gets_on(tmp_path: Path) -> None:
    silence = Sound((("silence", 100.0),), rate_hz=RATE_HZ)
    path = make_media(tmp_path / "film.mp4", Picture((10,), (64, 48)), silence)
    told: list[int] = []
    loaded = Models.load(threads=1)
    networks: Any = SimpleNamespace(
        threads=1,
        gpu=None,
        audio=loaded.audio,
        transitions=lambda window: np.zeros((len(window), 2), np.float16),
        embedding=loaded.embedding,
    )

    analyse_chunk(path, build_plan(path), 0, networks, on_frames=told.append)

    assert told.count(10) >= 4  # half minutes
    assert told == sorted(told)
