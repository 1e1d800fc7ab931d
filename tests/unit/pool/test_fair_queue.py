"""The queue between videos: nobody starves, nobody monopolises, nothing is lost."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pool.fair_queue import REFUSED, FairQueue, Path
from actors.pool.flows import Group

costs = st.floats(0.5, 60.0)
backlogs = st.lists(st.lists(costs, min_size=1, max_size=20), min_size=1, max_size=6)


def of(video: str, owner: str = "", of_class: str = "interactive") -> Path:
    return Path(of_class, owner, video)


def filled(videos: list[list[float]]) -> FairQueue[tuple[int, int]]:
    queue: FairQueue[tuple[int, int]] = FairQueue()
    for video, chunks in enumerate(videos):
        for number, cost in enumerate(chunks):
            queue.push(of(f"v{video}"), (video, number), cost=cost, order=number)
    return queue


def flows(group: Group[Any]) -> int:
    """How many flows are remembered below the group."""
    return sum(1 + (flows(flow) if isinstance(flow, Group) else 0) for flow in group.flows.values())


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
        queue.push(of("film"), number, cost=10.0, order=number)
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
        queue.push(of("clip"), (1, number), cost=cost, order=number)
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
        queue.push(of("film"), "film", cost=10.0, order=0)
    got = []
    for _ in range(returns):
        queue.push(of("hasty"), "hasty", cost=10.0, order=0)
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
    queue.give_back(of(f"v{video}"), first, cost=videos[video][number], order=number)
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
        queue.push(of(f"v{number}", owner=f"o{number}"), number, cost=1.0, order=0)
        queue.pop()
    assert flows(queue._root) <= 3, "of each level, the last one at most"


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan")])
def test_a_chunk_without_length_is_refused(cost: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        FairQueue[int]().push(of("v"), 1, cost=cost, order=0)


def contested(served: int, *, weights: dict[str, float] | None = None, **flows_: tuple[Path, float]) -> Any:
    """Seconds each of some flows gets of so many pops, when none of them ever runs dry."""
    queue: FairQueue[str] = FairQueue(weights)
    for name, (path, cost) in flows_.items():
        for number in range(served):
            queue.push(path, name, cost=cost, order=number)
    got: Counter[str] = Counter()
    for _ in range(served):
        chosen = queue.pop()
        assert chosen is not None
        got[chosen] += int(flows_[chosen][1])
    return got


def test_batch_work_keeps_its_share_and_no_more_while_interactive_work_waits() -> None:
    weights = {"interactive": 7.0, "batch": 1.0}
    got = contested(
        800,
        weights=weights,
        now=(of("a", of_class="interactive"), 10.0),
        later=(of("b", of_class="batch"), 20.0),
    )
    assert got["later"] / got.total() == pytest.approx(1 / 8, abs=0.01)


def test_batch_work_has_everything_when_nothing_else_waits() -> None:
    queue: FairQueue[int] = FairQueue({"interactive": 7.0, "batch": 1.0})
    for number in range(50):
        queue.push(of("b", of_class="batch"), number, cost=10.0, order=number)
    for number in range(40):
        assert queue.pop() == number
    queue.push(of("a"), 1000, cost=10.0, order=0)
    assert queue.pop() == 1000, "what it had while alone is not held against others, nor for it"


def test_an_owner_with_many_videos_gets_no_more_than_one_with_a_single_video() -> None:
    many = {f"many{n}": (of(f"many{n}", owner="greedy"), 10.0) for n in range(9)}
    got = contested(400, one=(of("one", owner="modest"), 10.0), **many)
    assert got["one"] / got.total() == pytest.approx(0.5, abs=0.01)
    shares = [got[name] for name in many]
    assert max(shares) - min(shares) <= 10.0


def test_a_preferred_video_goes_first_but_is_never_more_than_a_chunk_ahead() -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(100):
        for video in ("here", "far", "further"):
            queue.push(of(video), video, cost=10.0, order=number)
    got: Counter[str] = Counter()
    ahead = 0
    for _ in range(200):
        chosen = queue.pop(lambda video, _: 0.0 if video == "here" else 1.0)
        assert chosen is not None
        got[chosen] += 1
        ahead = max(ahead, got["here"] - min(got[v] for v in ("here", "far", "further")))
    assert ahead == 2, "it was chosen while level, and once more while no more than a chunk ahead"


def test_preference_does_not_cross_classes() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push(of("batch", of_class="batch"), "batch", cost=10.0, order=0)
    queue.push(of("now"), "now", cost=10.0, order=0)
    first = queue.peek()
    assert queue.pop(lambda video, _: 0.0 if video != first else 1.0) == first


def test_what_one_refuses_is_left_for_another_and_the_next_is_taken() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push(of("small"), "small", cost=1.0, order=0)
    queue.push(of("large"), "large", cost=100.0, order=0)
    queue.push(of("large"), "large", cost=100.0, order=1)
    assert queue.pop(lambda _, waiting: REFUSED if waiting == 1 else 0.0) == "large"
    assert queue.pop(lambda _, waiting: REFUSED) is None
    assert drained(queue) == ["small", "large"]  # type: ignore[arg-type, comparison-overlap]


@pytest.mark.parametrize("actors", [2, 8, 64])
def test_a_clip_behind_a_film_of_three_hours_begins_as_soon_as_any_actor_is_free(actors: int) -> None:
    """Chunks of 60 s of film, done at six times the speed they are shown at, by actors out of step."""
    queue: FairQueue[tuple[str, float]] = FairQueue()
    for number in range(180):
        queue.push(of("film"), ("film", 10.0), cost=60.0, order=number)
    free_at = [(10.0 * (n + 1) / actors, n) for n in range(actors)]
    for _ in free_at:  # what they have in hand when the clip comes, at 0
        queue.pop()
    for number, cost in enumerate((12.0, 18.0)):
        queue.push(of("clip"), ("clip", cost / 6.0), cost=cost, order=number)
    clip: list[tuple[float, float]] = []
    while len(clip) < 2:
        now, actor = heapq.heappop(free_at)
        item = queue.pop()
        assert item is not None
        name, takes_s = item
        heapq.heappush(free_at, (now + takes_s, actor))
        if name == "clip":
            clip.append((now, now + takes_s))
    alone_s, wait_s = 3.0, 10.0 / actors  # until the first actor is free
    assert clip[0][0] == pytest.approx(wait_s)
    assert clip[0][0] <= 5.0
    assert max(end for _, end in clip) <= 1.5 * (alone_s + wait_s)
