"""The numbers that decide where scenes begin and takes divide, as `weights.json` beside this module has them.

Knows names and units; does not know how they are used nor how they are fitted (`tests.benchmarks.fit`). All
weights are in log odds: evidence adds up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from actors.segmentation import weights_file

FILE = Path(__file__).with_name("weights.json")
"""Values and provenance; written by `python -m tests.benchmarks.fit fusion`."""


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """What the fusion weighs by: a boundary (`evidence`), two stretches that belong together (`levels`,
    `locations`, `sounds`), a break of the sound inside a take (`takes`)."""

    scene_bias: float
    """Of a scene boundary at a candidate before any evidence, at neutral sensitivity, where the picture does
    not count; where it does, `scenes.odds` knows how rare scenes are."""
    fade: float
    """For a scene boundary at a fade, times the fade's confidence."""
    soft_edge: float
    """... at a dissolve or a wipe."""
    one_take: float
    """... at a break of the sound inside a take: negative, as a take that goes on is one scene."""
    classes: float
    """For a boundary, by the share (0..1) of the classes heard that differs before and after."""
    timbre: float
    """... by the logarithm of one plus the difference of timbre (deviations)."""
    loudness: float
    """... by the difference of loudness in units of 10 dB, up to 20 dB."""
    pause: float
    """... by the length of a pause, 0..1."""
    speaking: float
    """... where someone is in the middle of a phrase: negative, as to cut here is to cut a word."""
    usual_sound: float
    """Subtracted from what the sound says: at cuts inside a scene, too, words and notes go on changing."""
    sound_max: float
    """The sound says at most this much for a boundary: a song may begin inside a scene."""
    usual_rise: float
    """By how much the sound says more at a cut where a scene begins than at others, usually
    (`sound_at_cuts`)."""
    rise_deviation: float
    """How far, usually, a video is from that."""
    picture_pairs: float
    """Factor of the evidence of picture that two scenes belong to one chapter. Pairs are far from independent
    of each other and of the evidence at boundaries."""
    sound_pairs: float
    """... of the evidence of sound, for chapters, and for scenes where the picture does not count."""
    take_alike: float
    """Of two parts of one take belonging together: that they look alike is no news."""
    embedding: float
    """Of two stretches showing one location, by the cosine of their embeddings (0..1)."""
    colour: float
    """... by the cosine of the square roots of their colour distributions (0..1)."""
    same_embedding: float
    """Cosine of the embeddings of two shots of one location, usually."""
    unlike_embedding: float
    """... of two shots of different locations."""
    same_colour: float
    """Cosine of the colours' square roots of two shots of one location, usually."""
    unlike_colour: float
    """... of two shots of different locations."""
    alike_max: float
    """One pair of pictures says at most this much for being one location: a picture that returns binds what
    lies between (A-B-A-B)."""
    unlike_max: float
    """... at most this much against it: two pictures that differ may be two views of one scene."""
    heard_classes: float
    """Of two stretches sounding like one scene, by the share (0..1) of the classes heard that differs, below
    `classes_middle`."""
    heard_timbre: float
    """... by the difference of timbre (deviations), below `timbre_middle`."""
    classes_middle: float
    """Difference of the classes heard (0..1) at which two stretches are as likely of one scene as not."""
    timbre_middle: float
    """Difference of timbre (deviations), likewise."""
    heard_max: float
    """One pair of sounds says at most this much, for or against."""
    break_strength: float
    """Strength (0..1) from which a break of the sound divides a take by itself, at neutral sensitivity."""
    without_pause: float
    """A change that goes through without a pause counts for this share of one that is marked by a pause."""
    pause_alone: float
    """Strength (0..1) of a full pause after which the same sound goes on."""
    change_min: float
    """Change of sound (0..1) below which there is no break without a pause."""

    @classmethod
    def of(cls, values: object) -> FusionWeights:
        """From `values` of the file. WeightsError when names or numbers are not those wanted."""
        return cls(**weights_file.numbers(values, (field.name for field in fields(cls)), "fusion"))

    @classmethod
    @lru_cache(maxsize=1)
    def packaged(cls) -> FusionWeights:
        """Those that come with the code. WeightsError when the file does not fit it."""
        return cls.of(weights_file.read_values(FILE))
