"""Divides the parts of a video in which somebody speaks into windows that a speech model hears by themselves.

Windows follow from the sound track of the whole video, so they are the same however the video was divided
into chunks. Outside of them no model is asked: music and noise make speech models invent words. A window
ends in a pause where there is one. Knows the classes of the sound; knows no model and no samples.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d

from actors.segmentation.runs import true_runs
from actors.segmentation.sound.classes import SoundClasses
from actors.segmentation.track_table import pack, unpack
from actors.segmentation.tracks import AUDIO_STEP_S, STEPS_PER_SECOND, AudioTrack

LONGEST_STEPS = 28 * STEPS_PER_SECOND
"""Steps (100 ms) of the longest window: with MARGIN_S on either side it fits into the 30 s that Whisper
hears."""
SHORTEST_CUT_STEPS = LONGEST_STEPS // 2
"""Longer speech is cut in the second half of a window: shorter windows cost as much as long ones."""
JOINED_GAP_STEPS = 2 * STEPS_PER_SECOND
"""Steps without speech up to which two stretches share a window: as long as a pause for breath and thought;
in longer ones models begin to invent."""
PADDING_STEPS = 4
"""Steps added before and after a stretch of speech. Soft sounds at both ends of a word are often missed:
classes of sound begin and end about 0.2 s inside of them."""
SHORTEST_SPEECH_STEPS = 3
"""Steps of the shortest stretch that is heard: a syllable lasts about 0.2 s."""
MARGIN_S = 0.4
"""Seconds of sound that are heard before and after a window, so that a word cut in two is known for what it
is. Words that end there are the window's beside, see `word_times`."""
_QUIET_STEPS = 3
"""Steps whose mean says how much is spoken at a point: a pause between two words lasts 0.2 to 0.3 s."""
_MAGIC = b"SSSP"
"""First bytes of stored speech (SceneStream SPeech)."""
_HEAD = struct.Struct("<4sIId")
"""Magic, steps, bytes of the first column, seconds of step 0; two compressed columns follow."""
NEAR_SPEECH_S = 0.5
"""Seconds around speech in which a recognised word may lie: times of words are uncertain by up to 0.2 s, and
so are the ends of speech."""


@dataclass(frozen=True, slots=True)
class SpeechWindow:
    """A range of seconds on the container's clock that is recognised by itself. ValueError if it is empty.

    index: its place among the windows of the video. speech_s: seconds of it in which somebody speaks.
    """

    index: int
    start_s: float
    end_s: float
    speech_s: float

    def __post_init__(self) -> None:
        if not self.start_s < self.end_s:
            raise ValueError(f"a window must have a length: {self}")


@dataclass(frozen=True, eq=False, repr=False)
class Speech:
    """Where somebody speaks in a video.

    start_s: of step 0. spoken: bool, one a step of 100 ms. voice: float64, 0..1, probability of speech by
    the surer of the two models, one a step. windows: in order of time.
    """

    start_s: float
    spoken: npt.NDArray[np.bool_]
    voice: npt.NDArray[np.float64]
    windows: tuple[SpeechWindow, ...]

    def __repr__(self) -> str:
        return f"Speech({self.spoken.sum() * AUDIO_STEP_S:.1f} s in {len(self.windows)} windows)"

    @classmethod
    def of(cls, start_s: float, spoken: npt.NDArray[np.bool_], voice: npt.NDArray[np.float64]) -> Speech:
        """With the windows that follow from where somebody speaks."""
        windows = tuple(
            SpeechWindow(
                index,
                start_s + start * AUDIO_STEP_S,
                start_s + stop * AUDIO_STEP_S,
                float(spoken[start:stop].sum()) * AUDIO_STEP_S,
            )
            for index, (start, stop) in enumerate(_packed(_stretches(spoken, voice)))
        )
        return cls(start_s, spoken, voice, windows)

    def to_bytes(self) -> bytes:
        """For a store. The windows follow from the rest and are made again."""
        spoken, voice = pack(self.spoken), pack(self.voice.astype(np.float16))
        return _HEAD.pack(_MAGIC, len(self.spoken), len(spoken), self.start_s) + spoken + voice

    @classmethod
    def from_bytes(cls, payload: bytes) -> Speech:
        """The same again. ValueError for bytes that are something else."""
        if len(payload) < _HEAD.size or not payload.startswith(_MAGIC):
            raise ValueError("these bytes say nothing of speech")
        _, steps, spoken_bytes, start_s = _HEAD.unpack_from(payload)
        body = memoryview(payload)[_HEAD.size :]
        spoken = unpack(body[:spoken_bytes], np.dtype(np.bool_), (steps,))
        voice = unpack(body[spoken_bytes:], np.dtype(np.float16), (steps,))
        return cls.of(start_s, spoken, voice.astype(np.float64))

    def is_near(self, time_s: float) -> bool:
        """Whether somebody speaks within NEAR_SPEECH_S of a time."""
        first = round((time_s - NEAR_SPEECH_S - self.start_s) * STEPS_PER_SECOND)
        last = round((time_s + NEAR_SPEECH_S - self.start_s) * STEPS_PER_SECOND)
        return bool(self.spoken[max(0, first) : max(0, last + 1)].any())


def find_speech(track: AudioTrack, classes: SoundClasses) -> Speech:
    """The speech of a whole video. `classes`: those of the same track."""
    spoken = classes.speech & track.present
    voice = np.maximum(track.speech, track.vad).astype(np.float64)
    return Speech.of(classes.start_s, spoken, voice)


def _stretches(spoken: npt.NDArray[np.bool_], voice: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    """[start, stop) in steps of padded stretches of speech, each at most LONGEST_STEPS."""
    padded = np.zeros(len(spoken), np.bool_)
    for start, stop in true_runs(spoken):
        if stop - start >= SHORTEST_SPEECH_STEPS:
            padded[max(0, start - PADDING_STEPS) : stop + PADDING_STEPS] = True
    spoken_near = uniform_filter1d(np.where(spoken, voice, 0.0), _QUIET_STEPS, mode="nearest")
    out: list[tuple[int, int]] = []
    for first, end in true_runs(padded):
        start = first
        while end - start > LONGEST_STEPS:
            earliest = start + SHORTEST_CUT_STEPS
            # of equal ones the last, so that windows are long
            latest_quiet = int(np.argmin(spoken_near[earliest : start + LONGEST_STEPS + 1][::-1]))
            cut = start + LONGEST_STEPS - latest_quiet
            out.append((start, cut))
            start = cut
        out.append((start, end))
    return out


def _packed(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring stretches joined, as long as the gap between them is short and a window holds both."""
    out: list[tuple[int, int]] = []
    for start, stop in stretches:
        if out and start - out[-1][1] <= JOINED_GAP_STEPS and stop - out[-1][0] <= LONGEST_STEPS:
            out[-1] = out[-1][0], stop
        else:
            out.append((start, stop))
    return out
