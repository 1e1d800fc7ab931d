"""Selects the frames that the network has to look at: around candidates that the small pictures leave in
doubt.

Candidates are found and weighed as in the whole film, but over the pictures around one block alone and by the
models without the network's features. A cut or dissolve of which they are sure needs no network, and neither
does the middle of a shot. Knows one block's neighbourhood; not the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.shots.fades import Fade, find_fades
from actors.segmentation.shots.features import PictureTrack
from actors.segmentation.shots.transitions import CUTS, Transition, weigh
from actors.segmentation.shots.weights import ShotWeights
from actors.segmentation.tracks import FrameTrack

RULED_OUT, SETTLED = 0.15, 0.85
"""Confidences without the network below and above which it is not asked. They trade time for certainty and
were set by hand, at a few frames in a hundred that are looked at."""
DECISIVE_CUT = 0.3
"""Confidence of a cut from which every picture beside it must be a true one: its place counts."""
UNSURE = (0.4, 0.6)
"""Confidences between which a gradual transition may be taken or not by small differences of its pictures.
Tried on labelled real clips: from 0.15 to 0.85 as many are found and one false one fewer, for a tenth more
decoding of a film of many fades."""
BELIEVED = 0.5
"""Confidence above which the frames of a candidate are taken to be in a transition: likelier than not."""
MARGIN_FRAMES = 3
"""Frames that are looked at on either side of what is doubtful, since an extent may be found a little
short."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, repr=False)
class Survey:
    """Of each frame, bool: doubtful, the network should look; moving, in a likely transition (of a cut, the
    last frame before it, as the network marks it); decisive, in or beside a candidate of which every picture
    must be a true one: a cut that may be taken, since its place counts, and what is neither sure nor ruled
    out."""

    doubtful: Bools
    moving: Bools
    decisive: Bools

    def __repr__(self) -> str:
        return f"Survey({len(self.doubtful)} frames, {int(self.doubtful.sum())} doubtful)"


class RepeatedSurvey:
    """Looks over a stretch of film, and over the same once more when the network has looked at it: what the
    pictures alone say is then known. `weights`: the packaged ones if not given."""

    def __init__(self, weights: ShotWeights | None = None) -> None:
        self._weights = weights or ShotWeights.packaged()
        self._known: tuple[FrameTrack, float, PictureTrack, list[Fade]] | None = None

    def __call__(self, frames: FrameTrack, fps: float) -> Survey:
        """What the network has looked at already is no more doubtful."""
        doubtful, moving, settled, decisive = np.zeros((4, len(frames)), np.bool_)
        if len(frames) < 2:
            return Survey(doubtful, moving, decisive)
        picture, fades = self._prepared(frames, fps)
        candidates = weigh(picture, fades, RULED_OUT, self._weights)
        for one in candidates:
            moving[_marked(one)] |= one.confidence > BELIEVED
            settled[_marked(one)] |= one.confidence >= SETTLED
            cut = one.kind in CUTS
            if one.confidence >= DECISIVE_CUT if cut else UNSURE[0] <= one.confidence <= UNSURE[1]:
                decisive[max(0, one.first - 1) : one.last + 1] = True
        for one in candidates:
            if one.confidence < SETTLED and not settled[_marked(one)].any():
                doubtful[max(0, one.first - MARGIN_FRAMES) : one.last + MARGIN_FRAMES] = True
        return Survey(doubtful & ~frames.looked, moving, decisive)

    def _prepared(self, frames: FrameTrack, fps: float) -> tuple[PictureTrack, list[Fade]]:
        """The pictures and their fades, which the network changes nothing in."""
        if self._known is not None:
            before, rate, picture, fades = self._known
            if frames.thumb is before.thumb and frames.motion is before.motion and rate == fps:
                return picture.seen_by_network(frames), fades
        picture = PictureTrack.of(frames)
        fades = find_fades(picture.y, picture.std, picture.jumps, fps)
        self._known = frames, fps, picture, fades
        return picture, fades


def survey(frames: FrameTrack, fps: float, weights: ShotWeights | None = None) -> Survey:
    """Look over a stretch of film once. `weights`: as above."""
    return RepeatedSurvey(weights)(frames, fps)


def _marked(one: Transition) -> slice:
    return slice(one.first - 1, one.last) if one.kind == "cut" else slice(one.first, one.last + 1)
