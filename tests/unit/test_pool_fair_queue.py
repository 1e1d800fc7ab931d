"""The queue between videos: nobody starves, nobody monopolises, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pool.fair_queue import FairQueue

costs = st.floats(0.5, 60.0)
backlogs = st.lists(st.lists(costs, min_size=1, max_size=20), min_size=1, max_size=6)


def filled(videos: list[list[float]]) -> FairQueue[tuple[int, int]]:
    queue: FairQueue[tuple[int, int]] = FairQueue()
    for video, chunks in enumerate(videos):
        for number, cost in enumerate(chunks):
            queue.push(f"v{video}", (video, number), cost=cost, order=number)
    return queue


def drained(queue: FairQueue[tuple[int, int]]) -> list[tuple[int, int]]:
    items = []
    while (item := queue.pop()) is not None:
        items.append(item)
    return items


@given(st.permutations(range(8)))
def test_chunks_are_served_in_the_order_of_the_video_whatever_order_they_arrive_in(
    arrivals: list[int],
) -> None:
    queue: FairQueue[int] = FairQueue()
    for number in arrivals:
        queue.push("film", number, cost=10.0, order=number)
    assert [queue.pop() for _ in arrivals] == list(range(8))


@given(backlogs)
def test_every_chunk_comes_once_and_in_the_order_of_its_video(videos: list[list[float]]) -> None:
    queue = filled(videos)
    assert len(queue) == sum(map(len, videos))
    order = drained(queue)
    for video, chunks in enumerate(videos):
        assert [number for v, number in order if v == video] == list(range(len(chunks)))
    assert len(queue) == 0


@given(backlogs)
def test_videos_that_both_wait_are_never_further_apart_than_their_largest_chunks(
    videos: list[list[float]],
) -> None:
    served = [0.0] * len(videos)
    left = [len(chunks) for chunks in videos]
    queue = filled(videos)
    while (item := queue.pop()) is not None:
        video, number = item
        served[video] += videos[video][number]
        left[video] -= 1
        waiting = [v for v in range(len(videos)) if left[v] > 0]
        for a in waiting:
            for b in waiting:
                assert abs(served[a] - served[b]) <= max(videos[a]) + max(videos[b]) + 1e-6


@given(st.integers(1, 50), st.lists(costs, min_size=1, max_size=5), st.lists(costs, min_size=60, max_size=60))
def test_a_newcomer_gets_its_share_from_its_arrival_on(
    before: int, clip: list[float], film: list[float]
) -> None:
    queue = filled([film])
    for _ in range(before):
        queue.pop()
    for number, cost in enumerate(clip):
        queue.push("clip", (1, number), cost=cost, order=number)
    film_meanwhile = 0.0
    clip_so_far = 0.0
    while clip_so_far < sum(clip) - 1e-9:
        item = queue.pop()
        assert item is not None
        if item[0] == 1:
            clip_so_far += clip[item[1]]
        else:
            film_meanwhile += film[item[1]]
    # It neither waits for the film (upper bound) nor makes good what the film had before (lower bound).
    assert film_meanwhile <= sum(clip) + 2 * max(film)
    assert film_meanwhile >= min(sum(clip[:-1]), sum(film[before:])) - 2 * max(film) - max(clip)


@given(st.integers(1, 8))
def test_leaving_the_queue_and_coming_back_does_not_pay(returns: int) -> None:
    """A bridge submits a sliding window, so a video's queue runs empty again and again."""
    queue: FairQueue[str] = FairQueue()
    for _ in range(100):
        queue.push("film", "film", cost=10.0, order=0)
    got = []
    for _ in range(returns):
        queue.push("hasty", "hasty", cost=10.0, order=0)
        while (item := queue.pop()) != "hasty":
            got.append(item)
    assert got.count("film") >= returns - 2


def test_plans_and_fusions_go_first_and_in_order() -> None:
    queue = filled([[5.0, 5.0]])
    queue.push_urgent("v1", (1, 0))
    queue.push_urgent("v2", (2, 0))
    assert drained(queue) == [(1, 0), (2, 0), (0, 0), (0, 1)]


@given(backlogs)
def test_what_is_given_back_is_next_and_costs_nothing(videos: list[list[float]]) -> None:
    queue, undisturbed = filled(videos), filled(videos)
    first = queue.pop()
    assert first is not None
    video, number = first
    queue.give_back(f"v{video}", first, cost=videos[video][number], order=number)
    assert drained(queue) == drained(undisturbed)


@given(backlogs, st.integers(0, 5))
def test_removing_a_video_leaves_the_others(videos: list[list[float]], which: int) -> None:
    which %= len(videos)
    queue = filled(videos)
    queue.push_urgent(f"v{which}", (which, -1))
    removed = queue.remove(f"v{which}", lambda item: True)
    assert sorted(removed) == [(which, n) for n in range(-1, len(videos[which]))]
    rest = drained(queue)
    assert sorted(rest) == sorted((v, n) for v, c in enumerate(videos) if v != which for n in range(len(c)))


def test_memory_of_videos_that_left_does_not_grow() -> None:
    queue: FairQueue[int] = FairQueue()
    for number in range(1000):
        queue.push(f"v{number}", number, cost=1.0, order=0)
        queue.pop()
    assert len(queue._flows) <= 2


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan")])
def test_a_chunk_without_length_is_refused(cost: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        FairQueue[int]().push("v", 1, cost=cost, order=0)
