"""Film and video mixed on one DVD: frames are shown for three fields, for two, or in turns.

A player shows film of 24 frames a second on a screen of 60 fields by holding its frames for three and two
fields. Where the disc has video of 30 frames a second, too, every step of the clock is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import pytest

from actors.segmentation import Models, segment_file
from tests.support.scenery import edited, take, written

FIELD_S = Fraction(1001, 60_000)
FILM, VIDEO = (3, 2), (2,)
"""For how many fields frames are shown, in turns."""
SHOTS = (40, 50, 45)
FRAMES = sum(SHOTS)
MIXES: dict[str, list[tuple[int, Sequence[int]]]] = {
    "film": [(FRAMES, FILM)],
    "film, then video": [(70, FILM), (65, VIDEO)],
    "video, then film": [(60, VIDEO), (75, FILM)],
    "changes within shots and at cuts": [(20, FILM), (20, VIDEO), (35, FILM), (30, VIDEO), (30, FILM)],
    "broken pattern": [(FRAMES, (3, 2, 3, 3, 2))],
}
CONTAINERS = {"mkv": Fraction(1, 1000), "mp4": Fraction(1, 90_000), "ts": Fraction(1, 90_000)}
"""And the tick in which each says its times."""


def clock(mix: list[tuple[int, Sequence[int]]]) -> Callable[[int], Fraction]:
    """Seconds of each frame."""
    fields = [cycle[k % len(cycle)] for frames, cycle in mix for k in range(frames)]
    starts = list(accumulate(fields, initial=0))
    return lambda frame: starts[frame] * FIELD_S


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("mix", MIXES)
def test_cuts_lie_on_their_frame_and_at_the_time_at_which_it_is_shown(
    tmp_path: Path, models: Models, mix: str, container: str
) -> None:
    film, cuts = edited(*(take(20 + k, frames) for k, frames in enumerate(SHOTS)))
    time_of, tick = clock(MIXES[mix]), CONTAINERS[container]
    path = written(tmp_path / f"dvd.{container}", film, 1 / (2 * FIELD_S), time_of, tick=tick)

    found = segment_file(path, {}, models=models)

    shots = found.level("shot")
    assert [shot.start_frame for shot in shots] == [0, *cuts]
    assert {shot.start_boundary.kind for shot in shots[1:]} == {"cut"}
    # A container of milliseconds rounds each time.
    wanted = [float(time_of(frame)) for frame in (0, *cuts)]
    assert [shot.start_s - shots[0].start_s for shot in shots] == pytest.approx(wanted, abs=1.1e-3)
    assert found.media["frames"] == FRAMES
    assert found.media["variable_frame_rate"]
    assert found.media["duration_s"] == pytest.approx(float(time_of(FRAMES)), abs=float(FIELD_S) * 1.1)
