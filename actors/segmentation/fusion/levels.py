"""Groups shots into scenes and scenes into chapters: the least of one cost.

Units are the pieces between candidate boundaries. The cost of a way to group them adds up pairs inside a
group that do not belong together by picture or sound, boundaries without evidence, and lengths that are not
those wished for. Knows evidence; does not know tracks.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actors.segmentation.fusion.grouping import NEVER, Grouping, group
from actors.segmentation.fusion.locations import Locations
from actors.segmentation.fusion.sounds import Sounds
from actors.segmentation.fusion.weights import FusionWeights

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LENGTH_SHAPE = 1.0
"""Weight, in log odds, of a group's unusual length (gamma distribution whose mode is the usual one): a
quarter of the usual length costs 0.6, three times as long 0.9, and each further usual length about 1 more.
Set by hand: no labelled film says which lengths a user wants, and the usual one is a setting."""
NEAR_REACHES = 6.0
"""Reaches beyond which pairs are left out: they weigh less than 1/400."""
MAX_UNITS = 400
"""Units of the longest group that is looked for: bounds the time; a scene of so many shots is none."""
UNITS_KEPT = 2048
"""Units whose pairs are kept: all of a usual film. Of hours that flicker they would take gigabytes."""
MARGIN_MAX = 30.0
"""Log odds beyond which a confidence is 0 or 1 anyway; keeps `exp` from overflowing."""


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """How the units of one level are grouped. bias: log odds of a boundary before any evidence; wanted: log
    odds added to it because more boundaries are wanted, which makes none of them surer. usual_s: wished
    length of a group, None: any. shortest_s: none is shorter. count: how many groups are wanted, None: as
    many as the evidence gives. max_units: units of the longest group that is looked for."""

    bias: float
    wanted: float
    usual_s: float | None
    shortest_s: float
    count: int | None = None
    max_units: int = MAX_UNITS


@dataclass(frozen=True, slots=True)
class CueWeights:
    """Factors of what picture and sound say, 0..1 each."""

    picture: float
    sound: float

    @classmethod
    def of(cls, audio_weight: float) -> CueWeights:
        """0: picture alone, 0.5: both fully, 1: sound alone."""
        return cls(min(1.0, 2.0 * (1.0 - audio_weight)), min(1.0, 2.0 * audio_weight))


@dataclass(frozen=True, slots=True)
class Groups:
    """Starts of all groups but the first, as unit numbers; confidence and each cue's log odds of each."""

    starts: tuple[int, ...]
    confidence: tuple[float, ...]
    picture: tuple[float, ...]
    sound: tuple[float, ...]


def group_units(
    times_s: Floats,
    pairs: Pairs,
    visual: Floats,
    audio: Floats,
    rules: GroupingRules,
    cues: CueWeights,
    words: Floats | None = None,
) -> Groups:
    """Group the units times_s[k] .. times_s[k + 1] (seconds), of which `pairs` knows what they have in
    common. visual, audio, words: log odds of a boundary before unit k."""
    boundary = rules.bias + rules.wanted + cues.picture * visual + cues.sound * audio
    if words is not None:
        boundary = boundary + words

    def length_cost(duration_s: Floats) -> Floats:
        out = np.where(duration_s < rules.shortest_s, NEVER, 0.0)
        if rules.usual_s is not None:
            share = np.maximum(duration_s, 1e-3) / rules.usual_s
            out += LENGTH_SHAPE * (share - 1.0 - np.log(share))
        return out

    grouping = group(times_s, pairs.together, boundary, length_cost, rules.max_units, rules.count)
    picture, sound = pairs.across(grouping)
    starts = np.array(grouping.starts, np.int64)
    margins = np.clip(np.array(grouping.margins) - rules.wanted, -MARGIN_MAX, MARGIN_MAX)
    return Groups(
        grouping.starts,
        tuple((1 / (1 + np.exp(-margins))).tolist()),
        tuple((cues.picture * visual[starts] - picture).tolist()),
        tuple((cues.sound * audio[starts] - sound).tolist()),
    )


class Pairs:
    """Evidence of pairs of units, weighted by nearness and by length.

    The weight of two units is the integral of exp(-distance / reach) over both, so that the same film cut
    finer gives the same sums. Each unit's pairs are computed once, if there are not too many. reach_s: units
    this far apart count a third. seen: locations, and the number of the shot that each unit is (part of);
    None where pairs of pictures do not count. heard: None without sound.
    """

    def __init__(
        self,
        times_s: Floats,
        reach_s: float,
        seen: tuple[Locations, Ints] | None,
        heard: Sounds | None,
        cues: CueWeights,
        weights: FusionWeights,
    ) -> None:
        self._starts, self._ends = times_s[:-1], times_s[1:]
        self._mass = 1.0 - np.exp(-np.diff(times_s) / reach_s)
        self._seen, self._sounds, self._reach_s = seen, heard, reach_s
        self._picture = cues.picture * weights.picture_pairs
        self._sound = cues.sound * weights.sound_pairs
        self._take_alike = weights.take_alike
        near = np.searchsorted(self._ends, self._starts - NEAR_REACHES * reach_s)
        # pairs further apart than two whole groups are in none of the sums
        self._near = np.maximum(near, np.arange(len(near)) - 2 * MAX_UNITS)
        self._known: OrderedDict[int, tuple[Floats, Floats]] = OrderedDict()

    def together(self, unit: int, first: int) -> Floats:
        """That `unit` belongs with each of the units first .. unit - 1."""
        picture, sound = self._parts(unit)
        near = int(self._near[unit])
        out = np.zeros(unit - first)
        out[max(0, near - first) :] = (picture + sound)[max(0, first - near) :]
        return out

    def across(self, grouping: Grouping) -> tuple[list[float], list[float]]:
        """Evidence of picture and sound that the two groups beside each boundary are one."""
        bounds = [0, *grouping.starts, len(self._mass)]
        picture, sound = [], []
        for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False):
            sums = np.zeros(2)
            for unit in range(b, c):
                near = int(self._near[unit])
                if near < b:
                    sums += [part[max(0, a - near) : b - near].sum() for part in self._parts(unit)]
            picture.append(float(sums[0]))
            sound.append(float(sums[1]))
        return picture, sound

    def _parts(self, unit: int) -> tuple[Floats, Floats]:
        """Of picture and sound, with each of the units self._near[unit] .. unit - 1."""
        if unit not in self._known:
            earlier = slice(int(self._near[unit]), unit)
            gap = np.maximum(0.0, self._starts[unit] - self._ends[earlier])
            weight = np.exp(-gap / self._reach_s) * self._mass[earlier] * self._mass[unit]
            picture, sound = np.zeros(len(weight)), np.zeros(len(weight))
            if self._seen is not None:
                locations, takes = self._seen
                same = locations.same(earlier, slice(unit, unit + 1))[:, 0].astype(np.float64)
                same[takes[earlier] == takes[unit]] = self._take_alike
                picture = self._picture * weight * same
            if self._sounds is not None:
                sound = self._sound * weight * self._sounds.same(earlier, unit)
            self._known[unit] = picture, sound
            if len(self._known) > UNITS_KEPT:
                self._known.popitem(last=False)
        return self._known[unit]
