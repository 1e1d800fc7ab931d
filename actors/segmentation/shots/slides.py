"""Tells where a row of slides goes on to another one, in films of so few frames a second that each may be
one.

Nothing there is calm or moves on, which is what candidates are judged by elsewhere. So pictures that have
little in common, and of which the parts of one are nowhere near in the other, are two slides, whatever is
around them. A camera that pans so fast that little stays in view from one frame to the next is told as cuts,
too. Knows small pictures.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.comparing.distances import correlation
from actors.segmentation.shots.features import PictureTrack

UNLIKE = 0.5
"""Correlation (-1..1) below which two pictures have little in common: two photographs of which both are
bright in the middle reach 0.4. Set by hand."""
MATCHED_MAX = -0.5
"""Logarithm of the share of the change that is left where blocks may move (`cuts`, "matched_share") above
which the new picture is not the old one moved on: between slides -0.4 and more, in a pan by a tenth of the
picture's width -0.6 and less. Set by hand."""
MIX_ERROR_MAX = 0.2
"""Most that a frame differs from a mix of its neighbours (`cuts`, "mix_error") if it shows one slide fading
into another: nothing moves meanwhile. Set by hand."""
FLAT_STD = 6.0
"""Standard deviation of luma (0..127.5) below which a picture is of one colour, as between two slides that
fade out and in: it has nothing in common with any, but is no slide."""
UNLIKE_SURE = 0.9
"""Confidence of a cut between two slides. Set by hand."""
_AT_ONCE = 4096
"""Pairs of pictures that are compared at once: bounds the memory of a long film."""


def unlike(picture: PictureTrack) -> npt.NDArray[np.bool_]:
    """bool (n + 1,): whether each frame shows another slide than the one before it; False at both ends."""
    n = len(picture)
    out = np.zeros(n + 1, np.bool_)
    for start in range(1, n, _AT_ONCE):
        stop = min(start + _AT_ONCE, n)
        y = picture.y[start - 1 : stop].astype(np.float32)
        out[start:stop] = correlation(y[:-1], y[1:]) < UNLIKE
    shown = picture.std >= FLAT_STD
    out[1:-1] &= shown[:-1] & shown[1:]
    out[:-1] &= picture.matched_share > MATCHED_MAX
    return out
