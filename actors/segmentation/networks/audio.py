"""The two audio networks, loaded together: sound events (FireRed AED) and voice activity (Silero VAD).

Knows the networks; does not know blocks, nor what the probabilities are used for.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.segmentation.networks.events import EventDetector
from actors.segmentation.networks.voice import VoiceDetector


@dataclass(frozen=True, slots=True)
class AudioNetworks:
    """events: probabilities of speech, singing and music; voice: probability of speech. See their modules."""

    events: EventDetector
    voice: VoiceDetector

    @classmethod
    def pretrained(cls) -> AudioNetworks:
        """Both with the packaged weights. FileNotFoundError when a package is not installed."""
        return cls(EventDetector.pretrained(), VoiceDetector.pretrained())
