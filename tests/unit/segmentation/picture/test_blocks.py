"""A block's rows: measured everywhere, looked at by the network where the picture leaves a doubt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.picture.blocks import (
    DECIDES_FRAMES,
    SUSPECT_REACH_FRAMES,
    VIEW_CONTEXT_FRAMES,
    VIEW_STEP_FRAMES,
    BlockWindow,
    Surveyor,
    analyse_block,
)
from actors.segmentation.runs import true_runs
from actors.segmentation.shots.gate import Survey, survey
from actors.segmentation.shots.trees import Trees
from actors.segmentation.shots.weights import FEATURES, ShotWeights
from actors.segmentation.tracks import FrameTrack
from tests.support.tracks import Edit, Pictures, blind, dissolve, frame_track, place

FPS = 25.0


@dataclass
class Echo:
    """A network that says of each frame how bright its first pixel is, and remembers its windows."""

    windows: list[npt.NDArray[np.uint8]] = field(default_factory=list)

    def transitions(self, window: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
        self.windows.append(window)
        return np.repeat(window[:, 0, 0, :1] / 255, 2, axis=1).astype(np.float16)


def unseen(pictures: Pictures) -> Survey:
    track = frame_track(pictures)
    track.looked[:] = False
    track.cut[:] = track.many[:] = 0
    return survey(track, FPS)


def undecided() -> ShotWeights:
    """Models that give even odds to every candidate."""
    even = {kind: Trees.of({"base": 0.0, "trees": []}, 1, "here") for kind in FEATURES}
    return ShotWeights(even, even, even["cut"])


def doubting(first: int, last: int) -> Surveyor:
    """Asks the network about these frames of the window, once."""

    def ask(track: FrameTrack, _fps: float) -> Survey:
        frames = np.arange(len(track))
        doubtful = (frames >= first) & (frames <= last) & ~track.looked
        return Survey(doubtful, np.zeros(len(track), np.bool_), doubtful | track.looked)

    return ask


def window(pictures: Pictures, start: int = 0) -> BlockWindow:
    small = np.clip(pictures + 0.5, 0, 255).astype(np.uint8)
    change = np.zeros(len(small), np.int64)
    change[1:] = np.abs(small[1:].astype(np.int64) - small[:-1]).sum(axis=(1, 2, 3))
    return BlockWindow(start, small, change, np.ones(len(small), np.bool_), np.zeros(len(small), np.bool_))


def faint_dissolve() -> Pictures:
    """300 frames; 140 .. 159 mix two still pictures that have much in common."""
    old, other = place(1, 160, drift=0), place(2, 160, drift=0)
    new = 0.67 * old + 0.33 * other
    return np.concatenate([old[:140], dissolve(old[140:], new[:20]), new[20:]])


def test_a_plain_cut_needs_no_network() -> None:
    surveyed = unseen(np.concatenate([place(1, 60), place(2, 60)]))

    assert np.flatnonzero(surveyed.moving).tolist() == [59]
    assert not surveyed.doubtful.any()


def test_the_middle_of_a_shot_needs_no_network() -> None:
    surveyed = unseen(place(1, 200, drift=0.01))

    assert not surveyed.moving.any()
    assert not surveyed.doubtful.any()


def test_an_unlikely_change_is_doubtful() -> None:
    track = blind(frame_track(faint_dissolve()))

    surveyed = survey(track, FPS, undecided())

    assert surveyed.doubtful[145:155].all()
    assert not surveyed.doubtful[:110].any()
    assert not surveyed.doubtful[190:].any()


@pytest.mark.parametrize(
    ("gap", "expected"), [(0, [(1, 3), (5, 6), (9, 10)]), (2, [(1, 6), (9, 10)]), (3, [(1, 10)])]
)
def test_stretches_that_are_near_are_one(gap: int, expected: list[tuple[int, int]]) -> None:
    mask = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1], np.bool_)

    assert true_runs(mask, gap) == expected


def test_the_network_sees_what_is_doubtful_in_its_context() -> None:
    pictures, network = faint_dissolve(), Echo()
    whole = window(pictures)

    rows = analyse_block(whole, range(300), FPS, network, doubting(137, 162))

    looked = np.flatnonzero(rows.frames.looked)
    (seen,) = network.windows
    assert len(seen) % VIEW_STEP_FRAMES == 0
    assert len(seen) >= len(looked) + 2 * VIEW_CONTEXT_FRAMES
    np.testing.assert_array_equal(seen, whole.small[looked[0] - VIEW_CONTEXT_FRAMES :][: len(seen)])
    np.testing.assert_allclose(rows.frames.cut[looked], whole.small[looked, 0, 0, 0] / 255, atol=1e-3)
    assert not rows.frames.cut[~rows.frames.looked].any()


def test_before_the_first_frame_the_network_sees_it_again() -> None:
    pictures, network = faint_dissolve()[132:], Echo()

    rows = analyse_block(window(pictures), range(len(pictures)), FPS, network, doubting(5, 30))

    first = int(np.argmax(rows.frames.looked))
    repeated = VIEW_CONTEXT_FRAMES - first
    assert repeated > 0
    assert (network.windows[0][:repeated] == network.windows[0][repeated]).all()


def test_a_block_has_rows_for_its_own_slots_only() -> None:
    pictures = faint_dissolve()

    rows = analyse_block(window(pictures, start=600), range(650, 850), FPS, Echo(), doubting(137, 162))

    whole = analyse_block(window(pictures, start=600), range(600, 900), FPS, Echo(), doubting(137, 162))
    assert len(rows.frames) == len(rows.moving) == 200
    assert rows.frames.thumb.tobytes() == whole.frames.rows(50, 250).thumb.tobytes()
    assert rows.frames.looked[90:105].all()


def test_what_was_before_the_window_changes_nothing() -> None:
    # a cut in the context's second frame begins a fade out that reaches into the block
    dims = np.concatenate([np.ones(1), np.linspace(1, 0, 66), np.zeros(10), np.ones(323)])
    pictures = np.concatenate([place(1, 1), place(3, 399, drift=0)]) * dims[:, None, None, None]
    noise = np.random.default_rng(3).normal(0, 1, pictures.shape)
    whole = window((pictures + noise).astype(np.float32), start=250)
    changed = np.concatenate([[100 * whole.small[0].size], whole.change[1:]])

    first = analyse_block(whole, range(300, 600), 30.0, Echo())
    further = analyse_block(replace(whole, change=changed), range(300, 600), 30.0, Echo())

    assert first.frames == further.frames
    np.testing.assert_array_equal(first.moving, further.moving)


def test_at_sixty_frames_a_second_the_network_sees_every_second_one() -> None:
    slow, network = faint_dissolve(), Echo()
    doubled = window(np.repeat(slow, 2, axis=0), start=300)

    rows = analyse_block(doubled, range(300, 900), 60.0, network, doubting(140, 160))

    looked = int(rows.frames.looked.sum())
    assert rows.frames.looked[290:310].all()
    assert len(network.windows[0]) <= looked // 2 + 2 * VIEW_CONTEXT_FRAMES + VIEW_STEP_FRAMES
    np.testing.assert_array_equal(rows.frames.cut[0::2], rows.frames.cut[1::2])


def test_a_window_s_rows_are_parallel() -> None:
    with pytest.raises(ValueError, match="parallel"):
        BlockWindow(0, np.zeros((3, 27, 48, 3), np.uint8), np.zeros(2, np.int64), *np.zeros((2, 3), np.bool_))


def test_what_is_suspected_among_estimated_pictures_is_decoded_first() -> None:
    true = window(faint_dissolve())
    estimated = np.zeros(300, np.bool_)
    estimated[1:-1:2] = True
    guessed = replace(true, small=true.small.copy(), estimated=estimated)
    guessed.small[150:160] = guessed.small[149]  # says less than there is
    asked: list[npt.NDArray[np.bool_]] = []

    def decoded(wanted: npt.NDArray[np.bool_]) -> BlockWindow:
        asked.append(wanted)
        return replace(true, estimated=estimated & ~wanted)

    rows = analyse_block(guessed, range(300), FPS, Echo(), doubting(141, 160), decoded=decoded)

    (wanted,) = asked
    near = range(141 - SUSPECT_REACH_FRAMES, 160 + SUSPECT_REACH_FRAMES + 1)
    assert estimated[[near.start, near.stop]].all()  # one is the first, the other just beyond: ends show
    assert np.flatnonzero(wanted).tolist() == [slot for slot in near if estimated[slot]]
    assert rows.frames.thumb.tobytes() == analyse_block(true, range(300), FPS, Echo()).frames.thumb.tobytes()
    assert rows.frames.estimated.tolist() == (estimated & ~wanted).tolist()


def test_what_is_decisive_far_from_the_block_is_left_to_another() -> None:
    pictures = window(faint_dissolve(), start=600)
    estimated = np.ones(300, np.bool_)

    def never(_wanted: npt.NDArray[np.bool_]) -> BlockWindow:
        raise AssertionError("decoded in vain")

    far = 200 + DECIDES_FRAMES
    analyse_block(
        replace(pictures, estimated=estimated),
        range(650, 800),
        FPS,
        Echo(),
        doubting(far, far),
        decoded=never,
    )


def test_nothing_is_decoded_again_where_all_is_decoded_or_nothing_suspected() -> None:
    def never(_wanted: npt.NDArray[np.bool_]) -> BlockWindow:
        raise AssertionError("decoded in vain")

    whole = window(faint_dissolve())
    still = window(np.repeat(place(1, 1), 300, axis=0))

    analyse_block(whole, range(300), FPS, Echo(), doubting(140, 160), decoded=never)
    analyse_block(replace(still, estimated=~still.estimated), range(300), FPS, Echo(), decoded=never)


def test_settled_transitions_are_marked_like_the_network_marks_them() -> None:
    edit = Edit()
    edit.cut(place(1, 60))
    at = edit.cut(place(2, 60))
    second = edit.cut(place(3, 60))
    network = Echo()

    rows = analyse_block(window(np.concatenate(edit.pictures)), range(180), FPS, network)

    assert np.flatnonzero(rows.moving).tolist() == [at - 1, second - 1]
    assert not network.windows
