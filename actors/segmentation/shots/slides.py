"""Tells where a row of slides goes on to another one, in films of so few frames a second that each may be
one.

Nothing there is calm or moves on, which is what candidates are judged by elsewhere. So pictures that have
nothing in common are two slides, whatever is around them. A camera that pans so fast that nothing stays in
view from one frame to the next is told as cuts, too. Knows small pictures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.compare import correlation
from actors.segmentation.shots.features import PictureTrack

UNLIKE = 0.5
"""Correlation (-1..1) below which two pictures have nothing in common: two photographs of which both are
bright in the middle reach 0.4. Set by hand."""
MIX_ERROR_MAX = 0.2
"""Most that a frame differs from a mix of its neighbours (`cuts`, "mix_error") if it shows one slide fading
into another: nothing moves meanwhile. Set by hand."""
FLAT_STD = 6.0
"""Standard deviation of luma (0..127.5) below which a picture is of one colour, as between two slides that
fade out and in: it has nothing in common with any, but is no slide."""
UNLIKE_SURE = 0.9
"""Confidence of a cut between two pictures that have nothing in common. Set by hand."""


def unlike(picture: PictureTrack) -> npt.NDArray[np.bool_]:
    """bool (n + 1,): whether each frame has nothing in common with the one before it; False at both ends."""
    out = np.zeros(len(picture) + 1, np.bool_)
    y = picture.y.astype(np.float32)
    shown = picture.std >= FLAT_STD
    out[1:-1] = (correlation(y[:-1], y[1:]) < UNLIKE) & shown[:-1] & shown[1:]
    return out
