"""What headings on screen say at candidate boundaries: a new one begins a chapter, one that stays goes on
with it.

Evidence is log odds. The numbers are set by hand, after those of topics (`sentences`). Knows moments and
when headings are shown; not what they say.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.evidence import Moment
from actors.segmentation.headings import Headings

Floats = npt.NDArray[np.float64]

REACH_S = 1.0
"""Seconds from a boundary within which a heading that appears belongs to it: text is read in some pictures
only."""
NEW = 24.0
"""Log odds for a chapter, at full weight, where a heading appears: at half of it, the default, as much as
speaks against a chapter between two slides that look and sound alike, with something over."""
STAYS = -6.0
"""Log odds for a chapter, at full weight, where the same heading is shown before and after: as strong as
three speakers who go on (`sentences.GOES_ON`), because somebody wrote it there."""


def heading_evidence(moments: Sequence[Moment], headings: Headings | None) -> Floats:
    """float64 (m,): log odds for a chapter at each moment by the headings around it; zeros without
    headings."""
    out = np.zeros(len(moments))
    if headings is None:
        return out
    for k, moment in enumerate(moments):
        if np.abs(headings.starts_s - moment.time_s).min() <= REACH_S:
            out[k] = NEW
        elif np.any((headings.starts_s < moment.time_s) & (moment.time_s < headings.ends_s)):
            out[k] = STAYS
    return out
