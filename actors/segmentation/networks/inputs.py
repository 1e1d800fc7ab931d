"""Sizes of what the networks take as input, for modules that must not import torch.

Fixed by how the networks were trained; other sizes would run, and give nonsense. Knows numbers only.
"""

from __future__ import annotations

FRAME_HEIGHT_PX = 27
FRAME_WIDTH_PX = 48
"""Of the pictures that TransNetV2 was trained on (Soucek and Lokoc, 2020)."""

SAMPLE_RATE_HZ = 16_000
"""Of the mono sound that FireRed AED and Silero VAD were trained on."""
