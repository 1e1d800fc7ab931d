"""The numbers that decide what is heard, as `weights.json` beside this module has them.

Knows names and units; does not know how they are used (`sound.classes`) nor how they are fitted
(`tests.benchmarks.fit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from actors.segmentation import weights_file

FILE = Path(__file__).with_name("weights.json")
"""Values and provenance; written by `python -m tests.benchmarks.fit sound`."""

BIAS = "bias"
"""Name of a sum's constant term (log odds), beside the names of the probabilities it weighs."""
HEARD_FOR = {"speech": ("speech", "vad", "singing"), "music": ("music", "singing")}
"""Probabilities of the sound track whose logits are weighed to tell whether someone speaks, whether music
plays. Silero (vad) hears speech over noise that AED does not; AED knows singing, which Silero takes for
speech."""


@dataclass(frozen=True, slots=True)
class SoundWeights:
    """What `sound.classes` weighs a step of 100 ms by."""

    speech: Mapping[str, float]
    """Log odds that someone speaks: by logit of each probability of HEARD_FOR, and BIAS."""
    music: Mapping[str, float]
    """Log odds that music plays, likewise."""
    silence_db: float
    """Level (dBFS) at which a step is as likely silent as not: digital silence and faint hiss lie below -70,
    quiet rooms above -55. Lower in a film so quiet that its own speech and music come near."""
    silence_slope_db: float
    """So many dB further away from that level, silence (or sound) is one unit of log odds likelier."""
    evidence_max: float
    """One step says at most this much (log odds) about each question: neighbours are not independent. Only
    that a loud step is not silent is surer, see `sound.classes`."""
    switch_cost: float
    """Of changing the state (log odds). There and back cost twice as much, and a step gives at most about
    twice `evidence_max`, so a state must hold for some steps to be believed."""

    @classmethod
    def of(cls, values: object) -> SoundWeights:
        """From `values` of the file. WeightsError when names or numbers are not those wanted."""
        given = weights_file.parts(values, (field.name for field in fields(cls)), "sound")
        speech, music = (
            weights_file.numbers(given[name], (*HEARD_FOR[name], BIAS), f"sound, {name}")
            for name in ("speech", "music")
        )
        plain = {name: value for name, value in given.items() if name not in HEARD_FOR}
        return cls(speech=speech, music=music, **weights_file.numbers(plain, plain, "sound"))

    @classmethod
    @lru_cache(maxsize=1)
    def packaged(cls) -> SoundWeights:
        """Those that come with the code. WeightsError when the file does not fit it."""
        return cls.of(weights_file.read_values(FILE))
