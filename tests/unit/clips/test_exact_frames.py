"""Clips have exactly the frames of their segment, at any frame rate, down to a single frame."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import pytest

from actors.clips import CutOptions, Piece, cut
from actors.segmentation.planning.plan import Plan, build_plan
from tests.support.media import Picture, Sound, make_media, read_number

SHOTS = (13, 1, 26, 20)
FRAMES = sum(SHOTS)
FIELD_S = Fraction(1001, 60_000)
RATES: dict[str, tuple[Fraction, Callable[[int], Fraction] | None]] = {
    "3.1": (Fraction(31, 10), None),
    "12.5": (Fraction(25, 2), None),
    "23.976": (Fraction(24_000, 1001), None),
    "59.94": (Fraction(60_000, 1001), None),
    "120": (Fraction(120), None),
    "240": (Fraction(240), None),
    "telecine": (Fraction(30_000, 1001), lambda k: (5 * (k // 2) + 3 * (k % 2)) * FIELD_S),
}
"""And for a variable rate the seconds of a frame: three fields and two in turns."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Plan]]:
    """A film of each rate, with key frames that lie nowhere near the cuts, made when it is asked for."""
    folder, made = tmp_path_factory.mktemp("films"), dict[str, tuple[Path, Plan]]()

    def make(name: str) -> tuple[Path, Plan]:
        if name not in made:
            rate, time_of = RATES[name]
            picture = Picture(
                SHOTS, (96, 64), rate, options={"preset": "medium", "bf": "2"}, gop=16, time_of=time_of
            )
            sound = Sound((("noise", float(picture.seconds(FRAMES))),))
            path = make_media(folder / f"{len(made)}.mp4", picture, sound)
            made[name] = path, build_plan(path)
        return made[name]

    return make


def shown(path: Path) -> list[tuple[int, float]]:
    """Number and second of every frame of a clip."""
    with av.open(str(path)) as container:
        return [
            (read_number(frame.to_ndarray(format="rgb24")), float(frame.time or 0))
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("name", RATES)
def test_clips_of_all_shots_are_the_film_again(
    film: Callable[[str], tuple[Path, Plan]], name: str, container: str, tmp_path: Path
) -> None:
    path, plan = film(name)
    clock = plan.index.clock
    for number, (start, end) in enumerate(pairwise(accumulate(SHOTS, initial=0))):
        target = tmp_path / f"{number}.{container}"

        report = cut(path, plan, Piece(start, end), CutOptions(container=container), target)

        assert (report.start_frame, report.end_frame, report.frames) == (start, end, end - start)
        begins_s = float(clock.seconds_of(start))
        numbers, times_s = zip(*shown(target), strict=True)
        assert list(numbers) == list(range(start, end))
        # Matroska rounds to milliseconds.
        wanted_s = [float(clock.seconds_of(frame)) - begins_s for frame in range(start, end)]
        assert list(times_s) == pytest.approx(wanted_s, abs=1.1e-3)


@pytest.mark.parametrize("frame", [0, 15, 16, 17, FRAMES - 1])
@pytest.mark.parametrize("name", ["3.1", "240", "telecine"])
def test_one_frame_is_a_clip(
    film: Callable[[str], tuple[Path, Plan]], name: str, frame: int, tmp_path: Path
) -> None:
    path, plan = film(name)

    cut(path, plan, Piece(frame, frame + 1), CutOptions(), tmp_path / "clip.mp4")

    assert [number for number, _ in shown(tmp_path / "clip.mp4")] == [frame]
