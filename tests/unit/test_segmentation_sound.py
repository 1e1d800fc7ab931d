"""Sound: the two listeners against their originals, blocks that leave no trace, silence, ownership."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from actors.segmentation.errors import Cancelled
from actors.segmentation.media import AudioInfo
from actors.segmentation.mel import log_mel
from actors.segmentation.sound import Listeners, analyse_blocks, resampled
from actors.segmentation.sound_models import EventDetector, VoiceDetector, read_safetensors
from actors.segmentation.tracks import AudioTrack

Samples = npt.NDArray[np.float32]


def melody(seconds: float, rate: int, seed: int = 3) -> Samples:
    """Chords with decay and some noise: enough for the models to have changing opinions."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    out = 0.01 * rng.standard_normal(len(time))
    for start in np.arange(0, seconds, 0.4):
        here = time >= start
        for note in rng.choice([220, 261.6, 329.6, 392, 440, 523.3], 3, replace=False):
            out[here] += 0.1 * np.exp(-3 * (time[here] - start)) * np.sin(2 * np.pi * note * time[here])
    return out.astype(np.float32)


@dataclass
class Recording:
    """A `PcmSource` of samples that begin at `start_s`; remembers what was asked for."""

    samples: Samples
    sample_rate_hz: int
    start_s: float = 0.0

    def pcm(self, start_s, end_s) -> Samples:
        first, stop = (ceil((t - self.start_s) * self.sample_rate_hz) for t in (start_s, end_s))
        out = np.zeros(stop - first, np.float32)
        have = slice(max(first, 0), min(stop, len(self.samples)))
        if have.start < have.stop:
            out[have.start - first : have.stop - first] = self.samples[have]
        return out

    @property
    def info(self) -> AudioInfo:
        return AudioInfo(
            1, "pcm", self.sample_rate_hz, 1, self.start_s, len(self.samples) / self.sample_rate_hz
        )


@pytest.fixture(scope="module")
def listeners() -> Listeners:
    return Listeners(EventDetector(), VoiceDetector.pretrained())


def silero_file(name: str) -> Path:
    spec = find_spec("silero_vad")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / name


def test_voice_detector_computes_what_silero_does() -> None:
    # Silero's packaged program has other weights than its weights file: compare with the program's weights.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.load` is deprecated", FutureWarning)
        original = torch.jit.load(str(silero_file("silero_vad.jit")))
    state = original.state_dict()
    weights = {"stft_conv.weight": state["_model.stft.forward_basis_buffer"]}
    for part in ("weight", "bias"):
        weights[f"final_conv.{part}"] = state[f"_model.decoder.decoder.2.{part}"]
        for layer in range(4):
            weights[f"conv{layer + 1}.{part}"] = state[f"_model.encoder.{layer}.reparam_conv.{part}"]
    for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        weights[f"lstm.{part}_l0"] = state[f"_model.decoder.rnn.{part}"]
    net = VoiceDetector().eval()
    net.load_state_dict(weights)
    samples = torch.from_numpy(melody(1.6, 16_000)) * 3

    with torch.inference_mode():
        got = net(samples)
        frames = torch.nn.functional.pad(samples, (0, -len(samples) % 512)).split(512)
        expected = torch.cat([original(frame[None], 16_000)[0] for frame in frames])

    assert len(got) == 50
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=0)


def test_safetensors_of_another_type_are_refused(tmp_path: Path) -> None:
    header = b'{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
    file = tmp_path / "half.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")

    with pytest.raises(ValueError, match="x is F16"):
        read_safetensors(file)


def test_events_do_not_depend_on_sound_two_seconds_away(listeners: Listeners) -> None:
    sound = melody(9, 16_000)
    whole = listeners.events(sound)

    part = listeners.events(sound[2 * 16_000 : 8 * 16_000])

    assert whole[400:600].max() > 0.05, "the comparison needs a model with an opinion"
    np.testing.assert_array_equal(part[200:400], whole[400:600])


def test_blocks_are_the_same_alone_and_in_a_row(listeners: Listeners) -> None:
    source = Recording(melody(27.3, 22_050), 22_050)

    row = analyse_blocks(source, source.info, range(3), listeners)
    alone = [analyse_blocks(source, source.info, range(b, b + 1), listeners) for b in range(3)]

    assert row.step.tolist() == list(range(300))
    assert AudioTrack.join(alone) == row


def test_where_the_sound_lies(listeners: Listeners) -> None:
    # given a recording from -0.03 s to 12.37 s
    source = Recording(melody(12.4, 16_000), 16_000, start_s=-0.03)

    track = analyse_blocks(source, source.info, range(-1, 2), listeners)

    assert track.step[0] == -100
    sounding = track.step[track.present]
    assert (sounding.min(), sounding.max()) == (0, 123)
    assert (track.rms_db[:99] == -100).all()
    assert (track.rms_db[100:223] > -60).all()
    assert (track.momentary_lufs[230:] == -100).all()
    assert track.mel[100:220].max() > track.mel[240:].max()


def test_digital_silence_says_nothing(listeners: Listeners) -> None:
    source = Recording(np.zeros(16_000 * 10, np.float32), 16_000)

    track = analyse_blocks(source, source.info, range(1), listeners)

    assert track.present.all()
    assert not np.any([track.speech, track.singing, track.music, track.vad])
    assert (track.mel_db == -100).all()


def test_broken_samples_do_no_harm(listeners: Listeners) -> None:
    samples = melody(10, 16_000)
    samples[[5, 70_000, 70_001, 70_002]] = [np.nan, np.inf, -np.inf, 3e38]
    source = Recording(samples, 16_000)

    track = analyse_blocks(source, source.info, range(1), listeners)

    for column in ("speech", "singing", "music", "vad", "rms_db", "momentary_lufs"):
        assert np.isfinite(getattr(track, column)).all()


def test_probabilities_of_the_step_they_belong_to(listeners: Listeners) -> None:
    source = Recording(melody(10, 16_000), 16_000)
    track = analyse_blocks(source, source.info, range(1), listeners)

    padded = np.concatenate([np.zeros(32_000, np.float32), source.samples, np.zeros(32_000, np.float32)])
    events = listeners.events(padded)
    step_40 = events[600:610].mean(axis=0)

    assert [track.speech[40], track.singing[40], track.music[40]] == pytest.approx(step_40.tolist(), rel=2e-3)


def test_stops_between_blocks(listeners: Listeners) -> None:
    source = Recording(melody(1, 16_000), 16_000)
    answers = iter([False, True])

    with pytest.raises(Cancelled):
        analyse_blocks(source, source.info, range(5), listeners, should_stop=lambda: next(answers))


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, 44_101, 48_000, 96_000])
def test_resampling_keeps_tone_place_and_length(rate: int) -> None:
    def tone(of: int) -> Samples:
        return np.sin(2 * np.pi * 440 * np.arange(of) / of).astype(np.float32)

    out = resampled(tone(rate), rate)

    assert out.dtype == np.float32
    assert len(out) == 16_000
    np.testing.assert_allclose(out[200:-200], tone(16_000)[200:-200], atol=0.01)


def test_mel_of_a_tone_peaks_in_its_band() -> None:
    time = np.arange(16_000) / 16_000
    tones = [np.sin(2 * np.pi * hertz * time).astype(np.float32) for hertz in (200, 1000, 5000)]

    bands = [log_mel(tone)[3].argmax() for tone in tones]

    assert bands == sorted(bands)
    assert len(set(bands)) == 3
    loud, quiet = log_mel(tones[1])[3].max(), log_mel(0.1 * tones[1])[3].max()
    assert (int(loud) - int(quiet)) * 0.5 == pytest.approx(20, abs=0.5)
    assert len(log_mel(np.zeros(300, np.float32))) == 0
