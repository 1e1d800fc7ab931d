"""Edit lists of films with few seek points, and of loops, are not taken for claims without samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.segmentation.demux.iso.claims import check_claims
from tests.support.hostile.boxes import Track, edit_list, movie, stsz, table

HOUR = 25 * 3600
"""Frames of a film of an hour."""


@pytest.mark.parametrize(
    ("edits", "gop"),
    [
        ([(1000, second * 1000) for second in range(3600)], 50),
        ([(40, second * 1000) for second in range(3600)], 250),
        ([(180_000, minute * 60_000) for minute in range(0, 60, 3)], HOUR),
        ([(HOUR * 40, 0)] + [(40, HOUR * 40 - 40)] * 750, 250),
        ([(10_000, 0)] * 300, 250),
    ],
    ids=["passages shorter than a GOP", "time-lapse", "one seek point", "last frame held", "loop"],
)
def test_edits_of_films_with_few_seek_points_pass(
    tmp_path: Path, edits: list[tuple[int, int]], gop: int
) -> None:
    """FFmpeg makes several entries for a frame that is shown once: it begins at the seek point before it."""
    path = tmp_path / "film.mov"
    track = Track(
        stts=table(b"stts", [(HOUR, 40)]),
        stsc=table(b"stsc", [(1, HOUR, 1)]),
        sizes=stsz(100, HOUR),
        edits=edit_list(edits),
        more=[table(b"stss", [(number,) for number in range(1, HOUR + 1, gop)])],
    )
    path.write_bytes(movie(track, media=bytes(100 * HOUR)))

    check_claims(path)
