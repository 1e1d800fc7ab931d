"""Orders of clips: what is chosen, and names that are safe wherever the files go."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.clips import orders
from cluster.clips.names import file_names
from cluster.clips.orders import clip_order, cut_options
from cluster.errors import InvalidSettingsError, LimitExceededError, UsageError
from tests.support.api.running import segment

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


def shots() -> list[dict[str, Any]]:
    """Five shots of 1, 2, 3, 4, 5 seconds, labelled in turn, and a scene around them."""
    rows, at = [], 0.0
    for n in range(5):
        tag = {"label": f"Thing {n}", "probability": 0.5}
        label = ("speech", "music")[n % 2]
        shot = segment("shot", n, at, at + n + 1, label=label)
        shot["role"] = {0: "black", 4: "credits"}.get(n, "content")
        shot["visual"] = {**shot["visual"], "tags": [tag]}
        rows.append(shot)
        at += n + 1
    return [*rows, segment("scene", 0, 0.0, at)]


def chosen(**select: Any) -> list[int]:
    return [s["index"] for s in orders.chosen(clip_order({"select": select}), shots(), "film.mp4", ".mp4")]


def test_the_default_pattern_says_what_where_and_when() -> None:
    names = file_names("{stem}-{level}-{index:04}-{start}", "My film.final.mov", shots()[:2], ".mp4")

    assert names == ["My_film.final-shot-0000-0.00.00.000.mp4", "My_film.final-shot-0001-0.00.01.000.mp4"]


def test_every_field_can_be_used() -> None:
    pattern = "{stem}_{level}_{index}_{number:03}_{start}_{end}_{start_frame}_{end_frame:06}_{label}_{kind}"

    (name,) = file_names(pattern, "a.mp4", shots()[1:2], ".mkv")

    assert name == "a_shot_1_002_0.00.01.000_0.00.03.000_25_000075_music_cut.mkv"


@pytest.mark.parametrize(
    "pattern",
    [
        "{stem.__class__}", "{stem[0]}", "{0}", "{}", "{stem!r}", "{start:>40}", "{index:099999}",
        "{index:x}", "{unknown}", "{stem", "a/b", "..\\b", "{stem:{index}}",
    ],
)  # fmt: skip
def test_a_pattern_reaches_nothing_else(pattern: str) -> None:
    with pytest.raises(InvalidSettingsError):
        clip_order({"pattern": pattern})


@given(st.text(min_size=1, max_size=60), st.text(max_size=40))
def test_names_are_safe_and_differ_whatever_film_and_label_are_called(filename: str, label: str) -> None:
    rows = [{**row, "label": label} for row in shots()[:3]]

    names = file_names("{stem}{label}", filename, rows, ".mp4")

    assert all(SAFE.fullmatch(name) for name in names)
    assert len({name.casefold() for name in names}) == 3


def test_names_that_differ_in_case_only_are_kept_apart() -> None:
    rows = [{**row, "label": label} for row, label in zip(shots(), ["Sea", "sea", "SEA"], strict=False)]

    assert file_names("{label}", "a.mp4", rows, ".mp4") == ["Sea.mp4", "sea_2.mp4", "SEA_3.mp4"]


@pytest.mark.parametrize(
    ("select", "indices"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"indices": [3, 1]}, [1, 3]),
        ({"labels": ["music"]}, [1, 3]),
        ({"tags": ["thing 2", "THING 4"]}, [2, 4]),
        ({"from_s": 3.0, "to_s": 10.0}, [2, 3]),
        ({"min_s": 2, "max_s": 4}, [1, 2, 3]),
        ({"labels": ["music"], "min_s": 3}, [3]),
        ({"roles": ["content"]}, [1, 2, 3]),
        ({"roles": ["black", "credits"]}, [0, 4]),
        ({"not_roles": ["black"]}, [1, 2, 3, 4]),
        ({"not_roles": ["black"], "labels": ["music"]}, [1, 3]),
    ],
)
def test_segments_that_meet_every_condition_are_chosen(select: dict[str, Any], indices: list[int]) -> None:
    assert chosen(**select) == indices


def test_an_order_for_nothing_or_too_much_is_refused() -> None:
    with pytest.raises(UsageError) as nothing:
        chosen(labels=["singing"])
    with pytest.raises(LimitExceededError, match="5 shots"):
        orders.chosen(clip_order({"max_clips": 4}), shots(), "film.mp4", ".mp4")

    assert nothing.value.code == "nothing_selected"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mode": "fast"}, "mode"),
        ({"crf": 52}, "crf"),
        ({"height": 10}, "height"),
        ({"container": "exe"}, "container"),
        ({"select": {"indices": []}}, "indices"),
        ({"select": {"color": "red"}}, "color"),
        ({"codec": "rm -rf"}, "codec"),
    ],
)
def test_what_is_wrong_with_an_order_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSettingsError, match=said):
        clip_order(values)


@pytest.mark.parametrize(
    ("mode", "video", "audio", "container"),
    [
        ("exact", "theora", "vorbis", "mp4"),
        ("copy", "h264", "aac", "mp4"),
        ("copy", "h264", None, "mp4"),
        ("copy", "vp8", "vorbis", "mkv"),
        ("copy", "h264", "pcm_s16le", "mkv"),
    ],
)
def test_the_container_is_one_that_takes_the_codecs(
    mode: str, video: str, audio: str | None, container: str
) -> None:
    options = cut_options(clip_order({"mode": mode}), {"video_codec": video, "audio_codec": audio})

    assert options["container"] == container
