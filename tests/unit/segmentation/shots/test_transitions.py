"""Transitions on edits with known truth: found, typed, with their extent; what only looks like one is not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.segmentation.shots.gate import survey
from actors.segmentation.shots.rate import transitions_at_any_rate
from actors.segmentation.shots.transitions import (
    MIN_CONFIDENCE,
    Transition,
    find_transitions,
    frames_apart,
    select,
)
from tests.support.tracks import (
    COLUMNS,
    ROWS,
    Edit,
    Pictures,
    blind,
    dissolve,
    fade,
    frame_track,
    place,
    wipe,
)

FPS = 25.0


def believed(edit: Edit) -> list[Transition]:
    track = edit.track()
    return select(find_transitions(track, FPS), 0.5, frames_apart(3), (0, len(track)))


def only(edit: Edit) -> Transition:
    found = believed(edit)
    assert len(found) == 1, found
    return found[0]


def test_a_cut_is_the_first_frame_of_the_new_shot() -> None:
    edit = Edit()
    edit.cut(place(1, 60))
    at = edit.cut(place(2, 60))

    found = only(edit)

    assert (found.frame, found.kind, found.first, found.last) == (at, "cut", at, at)
    assert found.confidence > 0.9


@pytest.mark.parametrize(("length", "slack"), [(8, 3), (16, 4), (30, 35)])
def test_a_dissolve_is_found_where_the_network_saw_it(length: int, slack: int) -> None:
    edit = Edit()
    old, new = place(3, 50 + length), place(4, length + 50)
    edit.cut(old[:50])
    first, last = edit.mixed(dissolve(old[50:], new[:length]), new[length:])

    found = only(edit)

    assert found.kind == "dissolve"
    assert abs(found.frame - (first + last + 1) / 2) <= 2
    assert abs(found.first - first) <= slack  # the shots move: the ends of a long mix are not sharp
    assert abs(found.last - last) <= slack


@pytest.mark.parametrize("length", [8, 14, 24])
def test_about_a_wipe_between_patterns_the_network_is_asked(length: int) -> None:
    edit = Edit()
    old, new = place(5, 50 + length, drift=0.02), place(6, length + 50, drift=0.02)
    edit.cut(old[:50])
    first, last = edit.mixed(wipe(old[50:], new[:length]), new[length:])

    surveyed = survey(blind(edit.track()), FPS)

    assert surveyed.doubtful[first : last + 1].all()
    assert not surveyed.doubtful[: first - 12].any()


@pytest.mark.parametrize("colour", [0.0, 255.0])
def test_a_fade_through_a_flat_picture_is_one_transition(colour: float) -> None:
    edit = Edit()
    old, new = place(7, 60), place(8, 60)
    edit.cut(old[:50])
    first, last = edit.mixed(fade(old[50:], new[:12], hold=6, colour=colour), new[12:])

    found = only(edit)

    assert found.kind == "fade"
    assert abs(found.first - first) <= 2
    assert abs(found.last - last) <= 2
    assert found.frame == (found.first + found.last + 1) // 2


def test_a_fade_of_a_dark_scene_is_found_without_the_network() -> None:
    edit = Edit()
    old, new = place(9, 70, brightness=0.3), place(10, 70)
    edit.cut(old[:50])
    first, last = edit.mixed(fade(old[50:], new[:20], hold=5), new[20:], seen=False)
    track = edit.track()
    track.looked[:] = False

    (found,) = select(find_transitions(track, FPS), 0.5, frames_apart(3), (0, len(track)))

    assert found.kind == "fade"
    assert first <= found.frame <= last


def test_black_held_for_long_is_a_shot_between_two_fades() -> None:
    edit = Edit()
    old, new = place(11, 60), place(12, 60)
    edit.cut(old[:50])
    first, last = edit.mixed(fade(old[50:], new[:10], hold=150), new[10:])

    found = believed(edit)

    assert [t.kind for t in found] == ["fade", "fade"]
    assert first <= found[0].frame <= first + 10
    assert last - 10 <= found[1].frame <= last


def test_fades_at_the_very_ends_are_no_boundaries() -> None:
    picture = place(13, 120)
    gain = np.ones(120, np.float32)
    gain[:15], gain[-15:] = np.linspace(0, 1, 15), np.linspace(1, 0, 15)
    edit = Edit()
    edit.cut(picture * gain[:, None, None, None])
    edit.seen += [(0, 14), (105, 119)]

    assert believed(edit) == []


def flash(picture: Pictures) -> Pictures:
    out = picture.copy()
    out[60:62] = 250
    return out


def moved(picture: Pictures) -> Pictures:
    """A quick pan inside one place."""
    out = picture.copy()
    for k in range(10):
        out[60 + k :] = np.roll(picture[60 + k :], 3 * (k + 1), axis=2)
    return out


def titled(picture: Pictures) -> Pictures:
    out = picture.copy()
    for k in range(40):
        share = min(1.0, (k + 1) / 10)
        out[50 + k, 18:22, 10:38] = (1 - share) * out[50 + k, 18:22, 10:38] + share * 240
    return out


def dimmed(picture: Pictures) -> Pictures:
    gain = np.ones(len(picture), np.float32)
    gain[60:80], gain[80:] = np.linspace(1, 0.6, 20), 0.6
    return picture * gain[:, None, None, None]


@pytest.mark.parametrize("trick", [flash, moved, titled, dimmed])
def test_is_not_fooled_inside_one_shot(trick: object) -> None:
    edit = Edit()
    edit.cut(trick(place(14, 130)))  # type: ignore[operator]

    assert believed(edit) == []


def test_a_flash_is_no_cut_for_the_picture_alone() -> None:
    edit = Edit()
    edit.cut(flash(place(14, 130)))
    track = edit.track()
    track.looked[:] = False

    assert select(find_transitions(track, FPS), 0.5, frames_apart(3), (0, len(track))) == []


def test_many_cuts_in_a_row_are_all_found() -> None:
    edit = Edit()
    lengths = [40, 9, 7, 12, 25, 8, 60]
    cuts = [edit.cut(place(20 + k, length)) for k, length in enumerate(lengths)][1:]

    assert [t.frame for t in believed(edit)] == cuts


def test_monochrome_pictures_are_cut_too() -> None:
    edit = Edit()
    grey = [np.repeat(place(k, 50).mean(axis=3, keepdims=True), 3, axis=3) for k in (31, 32)]
    edit.cut(grey[0])
    at = edit.cut(grey[1])

    assert only(edit).frame == at


def test_a_short_clip_with_a_cut_that_is_no_mix() -> None:
    edit = Edit()
    edit.cut(np.full((6, ROWS, COLUMNS, 3), 40, np.float32))
    at = edit.cut(np.full((6, ROWS, COLUMNS, 3), 180, np.float32))

    assert [t.frame for t in find_transitions(edit.track(), FPS) if t.kind == "cut"] == [at]


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
@pytest.mark.parametrize("value", [0.0, 128.0])
def test_next_to_nothing_is_one_shot(frames: int, value: float) -> None:
    track = frame_track(np.full((frames, ROWS, COLUMNS, 3), value, np.float32))

    assert find_transitions(track, FPS) == ()


@pytest.mark.parametrize("offset", [0, 1])
def test_at_sixty_frames_a_second_cuts_are_placed_to_the_frame(offset: int) -> None:
    edit = Edit()
    edit.cut(place(51, 120 + offset, drift=0.07))
    cut = edit.cut(place(52, 131, drift=0.07))
    old, new = place(53, 180, drift=0.07), place(54, 180, drift=0.07)
    second = edit.cut(old[:120])
    first, last = edit.mixed(dissolve(old[120:160], new[:40]), new[40:])
    track = edit.track(step=2)

    found = select(transitions_at_any_rate(track, 60.0), 0.5, frames_apart(6), (0, len(track)))

    assert [t.kind for t in found] == ["cut", "cut", "dissolve"]
    assert [t.frame for t in found[:2]] == [cut, second]
    assert abs(found[2].frame - (first + last + 1) / 2) <= 8


def test_the_same_track_gives_the_same_transitions() -> None:
    edit = Edit()
    for k in range(5):
        edit.cut(place(40 + k, 30))
    track = edit.track()

    assert find_transitions(track, FPS) == find_transitions(track, FPS)


@st.composite
def candidates(draw: st.DrawFn) -> list[Transition]:
    frames = draw(st.lists(st.integers(1, 499), unique=True, max_size=40))
    confidences = st.floats(MIN_CONFIDENCE, 1.0)
    return [Transition(f, "cut", draw(confidences), f, f) for f in sorted(frames)]


@given(candidates(), st.floats(0, 1), st.integers(0, 60))
def test_selected_boundaries_leave_every_shot_its_length(
    transitions: list[Transition], sensitivity: float, shortest: int
) -> None:
    kept = select(transitions, sensitivity, frames_apart(shortest), (0, 500))

    bounds = [0, *(t.frame for t in kept), 500]
    assert all(b - a >= max(1, shortest) for a, b in pairwise(bounds)) or not kept
    assert set(kept) <= set(transitions)


@given(candidates(), st.floats(0, 1), st.floats(0, 1))
def test_more_sensitivity_never_loses_a_boundary(
    transitions: list[Transition], one: float, other: float
) -> None:
    low, high = sorted((one, other))

    assert set(select(transitions, low, frames_apart(0), (0, 500))) <= set(
        select(transitions, high, frames_apart(0), (0, 500))
    )


def test_of_two_close_boundaries_the_surer_one_stays() -> None:
    weak, strong = Transition(100, "cut", 0.7, 100, 100), Transition(104, "cut", 0.9, 104, 104)

    assert select([weak, strong], 0.5, frames_apart(10), (0, 500)) == [strong]
