"""Admission control: whatever is in flight, work of each class can begin."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors.bridge.admission import Admission, AdmissionClass
from cluster.stores.postgres.turns import Room

LIGHT_BYTES = 1000
ADMISSION = Admission(batch_share=0.5, light_bytes=LIGHT_BYTES)

CLIP = SimpleNamespace(priority="interactive", bytes=LIGHT_BYTES, newest_revision=0)
FILM = SimpleNamespace(priority="interactive", bytes=LIGHT_BYTES + 1, newest_revision=0)
BATCH = SimpleNamespace(priority="batch", bytes=1, newest_revision=0)
AGAIN = SimpleNamespace(priority="batch", bytes=10**12, newest_revision=1)


def room(total: int, *held: Any) -> Room:
    return ADMISSION.room(total, held)


def filled(total: int, video: Any, kind: str) -> list[Any]:
    """As many videos of one class as fit into an empty bridge."""
    held: list[Any] = []
    while getattr(room(total, *held), kind):
        held.append(video)
    return held


def test_the_class_follows_from_the_work_and_not_from_the_file_alone() -> None:
    assert [ADMISSION.class_of(video) for video in (CLIP, FILM, BATCH, AGAIN)] == [  # type: ignore[arg-type]
        AdmissionClass.LIGHT, AdmissionClass.HEAVY, AdmissionClass.BATCH, AdmissionClass.LIGHT,
    ]  # fmt: skip


@pytest.mark.parametrize("total", [3, 4, 8, 32, 600])
def test_however_many_of_one_kind_there_are_the_others_can_begin(total: int) -> None:
    films, clips, batch = (
        filled(total, video, kind)
        for video, kind in ((FILM, "interactive"), (CLIP, "light"), (BATCH, "batch"))
    )
    assert room(total, *films) == Room(interactive=False, light=True, batch=True)
    assert room(total, *clips) == Room(interactive=True, light=False, batch=True)
    assert room(total, *batch) == Room(interactive=True, light=True, batch=False)
    assert len(batch) <= max(1, total // 2)


@pytest.mark.parametrize("total", [1, 2])
def test_few_places_are_reserved_for_no_class(total: int) -> None:
    assert room(total) == Room()
    assert not room(total, *[FILM] * total)


def test_a_bridge_is_never_overfull() -> None:
    held: list[Any] = []
    for video, kind in ((FILM, "interactive"), (BATCH, "batch"), (CLIP, "light")):
        while getattr(room(32, *held), kind):
            held.append(video)
    assert len(held) == 32
    assert not room(32, *held)
    assert held.count(CLIP) == 8
    assert not room(4, *held), "nor when it has become smaller"
