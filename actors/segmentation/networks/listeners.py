"""The two networks that hear: sound events (FireRed AED) and voice (Silero VAD), loaded together.

Knows the networks; not blocks, nor what their probabilities are used for.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.segmentation.networks.events import EventDetector
from actors.segmentation.networks.voice import VoiceDetector


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two models that hear a block."""

    events: EventDetector
    voice: VoiceDetector

    @classmethod
    def pretrained(cls) -> Listeners:
        """Both with the packaged weights. FileNotFoundError when a package is not installed."""
        return cls(EventDetector.pretrained(), VoiceDetector.pretrained())
