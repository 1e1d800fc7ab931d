"""What the picture says of scenes: ranks, sums over all divisions, measures, thresholds."""

from __future__ import annotations

import string
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pytest

from actors.segmentation.fusion.alike import REACH, Alike, find_alike
from actors.segmentation.fusion.levels import CueWeights
from actors.segmentation.fusion.scenes.boundaries import THRESHOLDS, find_scenes, threshold
from actors.segmentation.fusion.scenes.measures import MEASURES, WINDOWS, scene_measures
from actors.segmentation.fusion.scenes.odds import FILE, SceneWeights
from actors.segmentation.fusion.scenes.passages import PRICE, Scale, boundary_log_odds
from actors.segmentation.fusion.weights import FusionWeights
from actors.segmentation.settings import FusionSettings
from actors.segmentation.weights_file import WeightsError, read_values

Floats = npt.NDArray[np.float64]
WEIGHTS = SceneWeights.packaged()


def shots(order: str, seed: int = 1, noise: float = 0.3) -> tuple[npt.NDArray[np.float32], ...]:
    """Embeddings and colours of shots. Each letter is a view, which looks about the same when it returns;
    three letters, abc, def ..., are views of one place, which have something in common."""
    rng = np.random.default_rng(seed)
    drawn = {name: (rng.random(64), rng.dirichlet(np.full(16, 0.4))) for name in string.ascii_letters}
    views = {
        name: [0.5 * (own + of_place) for own, of_place in zip(drawn[name], drawn[place], strict=True)]
        for name in set(order)
        for place in string.ascii_uppercase[string.ascii_lowercase.index(name) // 3]
    }
    embeddings = np.stack([views[name][0] + noise * rng.random(64) for name in order])
    colours = np.stack([views[name][1] + noise * rng.dirichlet(np.ones(16)) for name in order])
    return embeddings.astype(np.float32), np.sqrt(colours / colours.sum(axis=1, keepdims=True)).astype("f4")


def alike_of(order: str, **values: float) -> Alike:
    return find_alike(*shots(order, **values))  # type: ignore[arg-type]


def test_ranks_are_shares_of_the_videos_own_pairs() -> None:
    near = alike_of("abcabcddefef" * 3).near
    known = near[~np.isnan(near)]

    assert near.shape == (36, REACH)
    assert len(known) == sum(36 - apart for apart in range(1, REACH + 1))
    assert known.mean() == pytest.approx(0.5, abs=0.002)
    assert 0 < known.min() < 0.01
    assert known.max() == 1


def test_ranks_do_not_hang_on_the_scale_of_a_network() -> None:
    embeddings, colours = shots("abcabcddefef" * 3)

    assert np.array_equal(
        find_alike(embeddings, colours).near, find_alike(8 * embeddings, colours).near, equal_nan=True
    )


def test_few_shots_are_compared_on_a_fixed_scale_too() -> None:
    embeddings, colours = shots("ab")

    own = find_alike(embeddings, colours).near[0, 0]
    one, other = (find_alike(embeddings, colours, usual).near[0, 0] for usual in ((0.1, 0.3), (0.98, 0.99)))

    assert own == 1
    assert other < 0.1
    assert one > 0.9


def test_the_sum_over_all_divisions_is_that_of_counting_them() -> None:
    alike, scale = alike_of("abcabddef"), Scale(2.0, 0.6, 4.0)
    n = len(alike)
    pairs = np.zeros((n, n))
    for i, j in combinations(range(n), 2):
        pairs[i, j] = scale.gain * (alike.near[i, j - i - 1] - scale.usual) * np.exp(-(j - i) / scale.reach)
    weights, begins = [], []
    for chosen in range(2 ** (n - 1)):
        starts = [0, *(k for k in range(1, n) if chosen >> (k - 1) & 1), n]
        inside = sum(pairs[a:b, a:b].sum() for a, b in pairwise(starts))
        weights.append(np.exp(inside - PRICE * (len(starts) - 1)))
        begins.append([k in starts for k in range(n)])
    share = np.average(np.array(begins, float)[:, 1:], axis=0, weights=weights)

    found = boundary_log_odds(alike, scale)

    assert found[1:] == pytest.approx(np.log(share / (1 - share)))
    assert found[0] == 0


@pytest.mark.parametrize("count", [2, 3, 24, 25, 26, 130])
def test_measures_are_finite_for_any_number_of_shots(count: int) -> None:
    rows = scene_measures(alike_of(("abacdd" * 30)[:count]), np.full(count, 2.0))

    assert rows.shape == (count, len(MEASURES))
    assert np.isfinite(rows).all()


def test_windows_see_the_change_of_place_between_them() -> None:
    rows = scene_measures(alike_of("abcabcabcabc" + "vwxvwxvwxvwx"), np.full(24, 2.0))
    for window in WINDOWS[2:]:
        assert rows[1:, MEASURES.index(f"best_{window}")].argmin() + 1 == 12
        assert rows[1:, MEASURES.index(f"within_{window}")].argmax() + 1 == 12


@pytest.mark.parametrize("seed", range(20))
def test_where_all_views_change_a_scene_begins(seed: int) -> None:
    """Shot and reverse shot, an insert, a view that returns: places of three views each."""
    rng = np.random.default_rng(seed)
    order, starts = "", []
    for place in ("abc", "def", "ghi", "jkl"):
        starts.append(len(order))
        order += "".join(rng.choice(list(place), int(rng.integers(8, 14))))
    odds = WEIGHTS.log_odds(alike_of(order, seed=seed), rng.uniform(1, 6, len(order)))

    likeliest = np.argsort(-odds[1:])[:3] + 1

    assert sorted(likeliest.tolist()) == starts[1:]
    assert odds[starts[1:]].min() > WEIGHTS.usual + 1


def test_weights_of_other_code_are_refused() -> None:
    values = read_values(FILE)
    del values["logistic"]["length_after"]

    with pytest.raises(WeightsError, match="length_after"):
        SceneWeights.of(values)


@pytest.mark.parametrize("seed", range(10))
def test_the_threshold_takes_what_makes_the_expected_f1_highest(seed: int) -> None:
    probability = np.random.default_rng(seed).beta(1, 3, 40)
    ordered = np.sort(probability)[::-1]
    expected = [2 * ordered[:k].sum() / (k + ordered.sum()) for k in range(1, 41)]

    taken = int((probability >= threshold(probability)).sum())

    assert taken == int(np.argmax(expected)) + 1


@pytest.mark.parametrize("count", [2, 3, 10, 40, 100])
def test_shots_that_are_equal_are_one_scene(count: int) -> None:
    vectors = np.ones((count, 8), np.float32)
    odds = WEIGHTS.log_odds(find_alike(vectors, vectors), np.random.default_rng(1).uniform(1, 6, count))

    assert odds[1:].max() < -2


def test_a_broken_embedding_leaves_the_others() -> None:
    embeddings, colours = shots("abcabcddefef" * 3)
    broken = embeddings.copy()
    broken[5, 3] = np.inf

    assert np.isfinite(WEIGHTS.log_odds(find_alike(broken, colours), np.ones(36))).all()
    assert not np.isnan(find_alike(broken, colours).near[:30, 0]).any()


@pytest.mark.parametrize("probability", [[0.3], [0.25, 0.05, 0.05], [0.3, 0.1, 0.1, 0.1]])
def test_where_none_is_likelier_than_any_none_is_taken(probability: list[float]) -> None:
    assert threshold(np.array(probability)) == THRESHOLDS[1]


@pytest.mark.parametrize("count", [1, 2, 400, 1500])
def test_no_number_of_shots_makes_a_scene_by_itself(count: int) -> None:
    silent, cues = np.zeros(count), CueWeights.of(0.0)
    settings = FusionSettings(audio_weight=0.0)

    found = find_scenes(
        np.arange(count + 1.0) * 4.0,
        silent,
        silent,
        -3.0,
        None,
        settings,
        cues,
        FusionWeights.packaged(),
        None,
    )

    assert found.groups.starts == ()


def test_where_nothing_is_likely_nothing_is_taken() -> None:
    assert threshold(np.full(500, 0.03)) == THRESHOLDS[0]
    assert threshold(np.zeros(0)) == THRESHOLDS[1]
    assert threshold(np.ones(3)) == THRESHOLDS[1]
