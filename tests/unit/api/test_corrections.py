"""What corrections by hand make of a result: starts of all levels, what is locked, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from actors.segmentation.fusion.assembly import SegmentStart
from actors.segmentation.fusion.corrections import Starts, with_corrections
from actors.segmentation.timeline import LEVELS
from cluster.contract.corrections import MAX_GROUPS, MAX_SHOTS, CorrectionsRequest
from serve_app.videos.revising import corrections
from serve_app.videos.revising.corrections import MAX_ERRORS, Corrected, corrected
from serve_app.web.problems import Problem
from tests.support.tracks import make_plan

END = 1000
DISSOLVE = {300: ("dissolve", 290, 310)}


def result(
    shots: list[int],
    scenes: list[int],
    chapters: list[int],
    *,
    kinds: dict[int, tuple[str, int, int]] = DISSOLVE,
    titles: dict[int, tuple[str, str]] | None = None,
    locked: dict[str, set[int]] | None = None,
    first: int = 0,
    frames_known: bool = True,
) -> list[dict[str, Any]]:
    """Stored segments; `titles` of scenes with their source."""
    made = []
    for level, starts in (("shot", shots), ("scene", scenes), ("chapter", chapters)):
        for frame, end in zip(starts, [*starts[1:], END], strict=True):
            kind, begin, last = kinds.get(frame, ("start" if frame == first else "cut", frame, frame))
            extent = {"from_frame": begin, "to_frame": last} if frames_known else {}
            title, source = (titles or {}).get(frame, (None, None)) if level == "scene" else (None, None)
            boundary = {
                "kind": kind, "confidence": 0.7, "visual": 0.6, "audio": 0.2, "from_s": begin / 25,
                "to_s": last / 25, "scene_probability": 0.4, "topic": None,
                "locked": frame in (locked or {}).get(level, set()), **extent,
            }  # fmt: skip
            made.append(
                {"level": level, "start_frame": frame, "end_frame": end, "start_boundary": boundary,
                 "title": title, "title_source": source}
            )  # fmt: skip
    return made


BASE = result([0, 100, 200, 300, 400], [0, 200, 300], [0, 300], titles={200: ("Market", "screen")})


def correct(
    base: list[dict[str, Any]] = BASE, earlier: dict[str, Any] | None = None, **asked: Any
) -> Corrected:
    lists = {
        name: [one if isinstance(one, dict) else {"start_frame": one} for one in value]
        for name, value in asked.items()
    }
    return corrected(base, earlier or {}, CorrectionsRequest.model_validate(lists))


def frames(made: Corrected, level: Any) -> list[int]:
    return [one["frame"] for one in made.exact[level]]


def kept(made: Corrected, what: str, level: str) -> list[int]:
    return [one["frame"] for one in made.kept[what][level]]


def entry(made: Corrected, level: Any, frame: int) -> dict[str, Any]:
    return next(one for one in made.exact[level] if one["frame"] == frame)


def test_a_level_that_is_left_out_stays_and_what_is_unchanged_is_not_locked() -> None:
    made = correct(scenes=[0, 200, 300])

    assert [frames(made, level) for level in ("shot", "scene", "chapter")] == [
        [0, 100, 200, 300, 400], [0, 200, 300], [0, 300],
    ]  # fmt: skip
    assert made.kept == {name: {"shot": [], "scene": [], "chapter": []} for name in ("locked", "removed")}
    assert entry(made, "shot", 300) == {
        "frame": 300, "kind": "dissolve", "from_frame": 290, "to_frame": 310, "confidence": 0.7,
        "visual": 0.6, "audio": 0.2, "scene_probability": 0.4, "topic": None, "locked": False,
    }  # fmt: skip


def test_an_added_start_is_locked_and_added_to_the_levels_below() -> None:
    made = correct(chapters=[0, 300, 450])

    assert frames(made, "scene") == [0, 200, 300, 450]
    assert frames(made, "shot") == [0, 100, 200, 300, 400, 450]
    for level in ("shot", "scene", "chapter"):
        assert kept(made, "locked", level) == [450]
        assert (entry(made, level, 450)["kind"], entry(made, level, 450)["confidence"]) == ("cut", 1.0)


def test_an_added_scene_begins_as_its_shot_does() -> None:
    base = result([0, 100, 300], [0], [0])

    assert entry(correct(base, scenes=[0, 300]), "scene", 300)["kind"] == "dissolve"


def test_a_start_that_is_gone_is_removed_with_its_extent() -> None:
    made = correct(shots=[0, 100, 200, 400], scenes=[0, 200], chapters=[0])

    assert made.kept["removed"]["shot"] == [{"frame": 300, "from_frame": 290, "to_frame": 310}]
    assert kept(made, "removed", "scene") == [300]
    assert kept(made, "removed", "chapter") == [300]
    assert frames(made, "shot") == [0, 100, 200, 400]


def test_a_start_that_stays_inside_a_removed_transition_is_not_removed_with_it() -> None:
    base = result([0, 295, 300, 308], [0], [0])
    made = correct(base, shots=[0, 295, 308])

    assert made.kept["removed"]["shot"] == [{"frame": 300, "from_frame": 296, "to_frame": 307}]


def test_a_shot_stays_where_a_scene_still_starts() -> None:
    made = correct(shots=[0, 100, 300, 400])

    assert 200 in frames(made, "shot")
    assert kept(made, "removed", "shot") == []


def test_the_first_start_is_implied() -> None:
    assert frames(correct(scenes=[]), "scene") == [0, 300]
    assert frames(correct(scenes=[200]), "scene") == [0, 200, 300]


def test_what_earlier_corrections_say_goes_on() -> None:
    earlier = {
        "locked": {"shot": [{"frame": 100, "kind": "cut"}, {"frame": 5000, "kind": "cut"}]},
        "removed": {"shot": [{"frame": 50}, {"frame": 150}]},
    }
    base = result([0, 100, 200], [0], [0], locked={"shot": {100}})
    made = correct(base, earlier, shots=[0, 100, 150, 200])

    assert kept(made, "locked", "shot") == [5000, 100, 150], "what lies outside of the part, too"
    assert kept(made, "removed", "shot") == [50], "150 was put back"
    assert kept(correct(base, earlier, shots=[0, 200]), "locked", "shot") == [5000]


def test_locked_can_be_said() -> None:
    base = result([0, 100, 200], [0], [0], locked={"shot": {200}})
    shots = [{"start_frame": 100, "locked": True}, {"start_frame": 200, "locked": False}, 300]
    made = correct(base, shots=[0, *shots, {"start_frame": 350, "locked": False}])

    assert kept(made, "locked", "shot") == [100, 300]
    assert entry(made, "shot", 100)["confidence"] == 1.0
    assert entry(made, "shot", 200)["confidence"] == 0.7
    assert frames(made, "shot") == [0, 100, 200, 300, 350]


def test_another_kind_or_extent_locks_and_holds_for_all_levels() -> None:
    made = correct(shots=[0, 100, 200, {"start_frame": 300, "kind": "cut"}, 400])

    for level in ("shot", "scene", "chapter"):
        assert entry(made, level, 300)["kind"] == "cut"
        assert made.kept["locked"][level] == [
            {"frame": 300, "kind": "cut", "from_frame": 300, "to_frame": 300, "title": None}
        ]
    wider = {"start_frame": 300, "from_frame": 280, "to_frame": 310}
    assert kept(correct(shots=[0, 100, 200, wider, 400]), "locked", "shot") == [300]
    same = {"start_frame": 300, "kind": "dissolve", "from_frame": 290, "to_frame": 310}
    assert kept(correct(shots=[0, 100, 200, same, 400]), "locked", "shot") == []


def test_results_of_earlier_versions_have_extents_in_seconds() -> None:
    base = result([0, 300], [0, 300], [0], frames_known=False)
    made = correct(base, scenes=[0])

    assert entry(made, "shot", 300)["from_s"] == 290 / 25
    assert made.kept["removed"]["scene"] == [{"frame": 300, "from_s": 290 / 25, "to_s": 310 / 25}]


def test_a_title_is_kept_with_its_start() -> None:
    titled = [
        {"start_frame": 0, "title": "  The \u2003 harbour "},
        {"start_frame": 200, "title": "Market"},
        300,
    ]
    made = correct(scenes=titled)

    assert entry(made, "scene", 0)["title"] == "The harbour"
    assert "title" not in entry(made, "scene", 200), "it is the automatic one"
    assert kept(made, "locked", "scene") == [0]
    assert made.kept["locked"]["scene"][0]["kind"] == "start"


def test_a_title_by_hand_stays_until_it_is_taken_back() -> None:
    base = result([0, 200], [0, 200], [0], titles={200: ("Sea", "human")}, locked={"scene": {200}})

    assert entry(correct(base, shots=[0, 200]), "scene", 200)["title"] == "Sea"
    assert entry(correct(base, scenes=[0, 200]), "scene", 200)["title"] == "Sea"
    for nothing in (None, "", "  "):
        made = correct(base, scenes=[0, {"start_frame": 200, "title": nothing}])
        assert "title" not in entry(made, "scene", 200)


def test_sound_alone_has_no_shots() -> None:
    base = [one for one in result([0], [0, 200], [0]) if one["level"] != "shot"]
    made = correct(base, chapters=[0, 500])

    assert set(made.exact) == {"scene", "chapter"}
    assert entry(made, "scene", 500)["kind"] == "audio"
    assert refusal(base, shots=[0, 100])[0].startswith("shots: the file has sound only")


def test_the_name_of_a_part_is_kept_while_another_part_is_shown() -> None:
    of_part = {"frame": 250, "kind": "start", "from_frame": 250, "to_frame": 250, "title": "The part"}
    earlier = {"locked": {"scene": [of_part, {"frame": 200, "kind": "cut"}]}}

    assert correct(BASE, earlier, scenes=[0, 200, 300]).kept["locked"]["scene"] == [of_part]
    again = correct(BASE, earlier, scenes=[0, 200, 250, 300])
    assert [(one["frame"], one["kind"]) for one in again.kept["locked"]["scene"]] == [(250, "cut")]
    part = result([250], [250], [250], first=250)
    assert kept(correct(part, earlier, scenes=[{"start_frame": 250, "title": None}]), "locked", "scene") == [
        200
    ]


def test_what_was_read_may_be_sent_back_where_a_transition_crosses_an_end_of_the_part() -> None:
    crossing = {105: ("dissolve", 92, 118), 990: ("fade", 980, 1010)}
    part = result([100, 105, 990], [100], [100], kinds=crossing, first=100)
    shots = [
        {"start_frame": frame, "kind": kind, "from_frame": first, "to_frame": last}
        for frame, (kind, first, last) in crossing.items()
    ]

    assert kept(correct(part, shots=shots), "locked", "shot") == []
    assert "80..118 must hold" in refusal(part, shots=[{**shots[0], "from_frame": 80}])[0]


def test_an_extent_that_lasts_needs_a_kind_that_lasts() -> None:
    for frame in (200, 250):
        asked: dict[str, Any] = {"start_frame": frame, "from_frame": frame - 10, "to_frame": frame + 10}
        assert refusal(shots=[asked])[0].startswith("shots[0].kind: a cut lasts no time")
        assert entry(correct(shots=[{**asked, "kind": "fade"}]), "shot", frame)["kind"] == "fade"
    wider = {"start_frame": 300, "from_frame": 280, "to_frame": 310}
    assert entry(correct(shots=[wider]), "shot", 300)["kind"] == "dissolve", "as it was"


def test_of_very_many_removed_starts_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "MAX_REMOVED", 5)
    earlier = {"removed": {"shot": [{"frame": frame} for frame in range(10, 90, 10)]}}

    assert kept(correct(BASE, earlier, shots=[0], scenes=[0], chapters=[0]), "removed", "shot") == [
        10, 100, 200, 300, 400,
    ]  # fmt: skip


def refusal(base: list[dict[str, Any]] = BASE, **asked: Any) -> tuple[str, list[str]]:
    with pytest.raises(Problem) as caught:
        correct(base, **asked)
    assert caught.value.code == "invalid_request"
    return caught.value.detail, [one.where for one in caught.value.errors or ()]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"scenes": [0, 150, 120]}, "scenes[2].start_frame: 120 stands after 150; starts must ascend"),
        ({"scenes": [0, 150, 150]}, "scenes[2].start_frame: 150 is there twice"),
        ({"chapters": [0, 1000]}, "chapters[1].start_frame: 1000 lies past the end; the last frame is 999"),
        ({"shots": [{"start_frame": 9, "kind": "start"}]}, "shots[0].kind: only the first segment, at 0"),
        ({"shots": [{"start_frame": 0, "kind": "cut"}]}, "shots[0].kind: the first segment begins with the"),
        ({"shots": [{"start_frame": 9, "from_frame": 3}]}, "shots[0].from_frame: from_frame and to_frame go"),
        (
            {"shots": [{"start_frame": 9, "from_frame": 10, "to_frame": 12, "kind": "fade"}]},
            "shots[0].from_frame: 10..12 must hold the start, 9",
        ),
        (
            {"shots": [{"start_frame": 9, "from_frame": 3, "to_frame": 12, "kind": "cut"}]},
            "shots[0].kind: a cut lasts no time",
        ),
    ],
)
def test_what_is_wrong_names_the_entry(asked: dict[str, Any], says: str) -> None:
    detail, where = refusal(**asked)

    assert detail.startswith(says), detail
    assert len(where) == 1


def test_a_start_before_the_part_is_refused() -> None:
    part = result([100, 300], [100], [100], first=100)

    assert "50 lies before the first frame that is segmented, 100" in refusal(part, scenes=[50])[0]


def test_a_list_that_is_wrong_all_over_has_a_bounded_answer() -> None:
    detail, where = refusal(scenes=[5000] * 100)

    assert len(where) == MAX_ERRORS
    assert detail.endswith("and 80 more.")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"note": "nothing else"},
        {"shots": [{"start_frame": -1}]},
        {"shots": [{"start_frame": 1, "kind": "iris"}]},
        {"shots": [{"start_frame": 1, "title": "shots have none"}]},
        {"scenes": [{"start_frame": 1, "title": "a\x00b"}]},
        {"scenes": [{"start_frame": 1, "title": "x" * 201}]},
        {"scenes": [{"title": "where?"}]},
    ],
)
def test_bodies_of_another_shape_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CorrectionsRequest.model_validate(body)


def test_a_body_of_very_many_entries_is_refused_after_one_error_a_level() -> None:
    body = {"shots": [{}] * 10_000, "scenes": [{"start_frame": 0}] * (MAX_GROUPS + 1)}
    with pytest.raises(ValidationError) as caught:
        CorrectionsRequest.model_validate(body)

    assert [one["type"] for one in caught.value.errors()] == ["missing", "too_long"]
    CorrectionsRequest.model_validate({"shots": [{"start_frame": n} for n in range(MAX_SHOTS)]})


STARTS = st.lists(st.integers(0, END - 1), unique=True, max_size=10).map(sorted)


@given(shots=st.none() | STARTS, scenes=st.none() | STARTS, chapters=STARTS)
@settings(max_examples=200, deadline=None)
def test_what_is_asked_for_is_there_nested_and_what_is_gone_is_removed(
    shots: list[int] | None, scenes: list[int] | None, chapters: list[int]
) -> None:
    asked = {"shots": shots, "scenes": scenes, "chapters": chapters}
    made = correct(**{name: value for name, value in asked.items() if value is not None})

    levels = {level: set(frames(made, level)) for level in ("shot", "scene", "chapter")}
    assert levels["chapter"] == {0, *chapters}
    assert levels["chapter"] <= levels["scene"] <= levels["shot"]
    for level, name in (("shot", "shots"), ("scene", "scenes")):
        assert set(asked[name] or ()) <= levels[level]
    before = {level: {one["start_frame"] for one in BASE if one["level"] == level} for level in levels}
    for level, now in levels.items():
        assert set(kept(made, "removed", level)) == before[level] - now
        assert set(kept(made, "locked", level)) == now - before[level]


TENS = st.lists(st.sampled_from(range(10, END, 10)), unique=True, max_size=12)
FIVES = st.lists(st.sampled_from(range(5, END, 5)), unique=True, max_size=12)


@given(st.tuples(TENS, TENS, TENS), st.lists(st.tuples(FIVES, FIVES, FIVES), min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_a_fusion_that_finds_the_same_again_comes_to_what_was_corrected(
    before: tuple[list[int], ...], edits: list[tuple[list[int], ...]]
) -> None:
    """However often it is corrected: the corrections of all revisions add up."""
    chapters, scenes, shots = (set(one) for one in before)
    scenes |= chapters
    nested = {"chapter": chapters, "scene": scenes, "shot": shots | scenes}
    found = Starts(
        {
            level: [SegmentStart(at, "cut", 0.7, 0, 0, at, at) for at in sorted(nested[level])]
            for level in LEVELS
        }
    )
    segments = result(*([0, *sorted(nested[level])] for level in reversed(LEVELS)), kinds={})
    earlier: dict[str, Any] = {}
    for chapter, scene, shot in edits:
        made = correct(segments, earlier, chapters=sorted(chapter), scenes=sorted(scene), shots=sorted(shot))
        again = with_corrections(found, made.kept, make_plan(END).index.clock, range(END))

        assert {level: [one.frame for one in again.levels[level]] for level in LEVELS} == {
            level: frames(made, level)[1:] for level in LEVELS
        }
        locked = {level: set(kept(made, "locked", level)) for level in LEVELS}
        segments = result(*(frames(made, level) for level in reversed(LEVELS)), kinds={}, locked=locked)
        earlier = made.kept
