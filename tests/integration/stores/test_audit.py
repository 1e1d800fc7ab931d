"""The audit log: with its act or not at all, in pages, unchanged, and forgotten by age."""

from __future__ import annotations

import psycopg
import pytest

from cluster.contract.vocabulary import AuditAct
from cluster.errors import NotFoundError, UsageError
from cluster.stores.postgres.audit import OPERATOR, Actor
from cluster.stores.postgres.jobs import Jobs
from tests.support.servers.stores import create_video, execute

ANNA = Actor("sk_0123456789ab", "cutting room", "anna", "203.0.113.9", "a-request")


def acts(jobs: Jobs, **filters: object) -> list[tuple[str, str]]:
    return [(entry.act, entry.target) for entry in jobs.audit.entries(**filters).items]  # type: ignore[arg-type]


def test_an_entry_tells_who_what_when_and_from_where(jobs: Jobs) -> None:
    with jobs.database.joined():
        jobs.audit.add(ANNA, "webhook_created", "wh_1", host="example.org")

    entry = jobs.audit.entries(1).items[0]
    assert (entry.act, entry.target, entry.details) == ("webhook_created", "wh_1", {"host": "example.org"})
    assert (entry.actor, entry.key_name, entry.owner) == ("sk_0123456789ab", "cutting room", "anna")
    assert (entry.address, entry.request_id) == ("203.0.113.9", "a-request")
    assert entry.at.tzinfo is not None


def test_neither_act_nor_entry_stays_when_one_of_them_fails(jobs: Jobs) -> None:
    video = create_video(jobs)
    before = len(acts(jobs))

    def delete_first(video_id: str, act: AuditAct | None) -> None:
        with jobs.database.joined():
            jobs.delete(video_id)
            jobs.audit.add(OPERATOR, act, video_id)  # type: ignore[arg-type]

    def delete_last(video_id: str) -> None:
        with jobs.database.joined():
            jobs.audit.add(OPERATOR, "video_deleted", video_id)
            jobs.delete(video_id)

    with pytest.raises(psycopg.Error):
        delete_first(video.id, None)
    with pytest.raises(NotFoundError):
        delete_last("none-of-these")

    assert jobs.get(video.id).id == video.id
    assert len(acts(jobs)) == before


def test_a_joined_block_inside_another_is_part_of_it(jobs: Jobs) -> None:
    def act() -> None:
        with jobs.database.joined():
            with jobs.database.joined():
                jobs.audit.add(OPERATOR, "key_created", "inner-block")
            jobs.audit.add(OPERATOR, "key_created", "outer-block")
            raise UsageError("nothing of it stays")

    with pytest.raises(UsageError):
        act()

    assert not {"inner-block", "outer-block"} & {target for _, target in acts(jobs)}


def test_pages_and_filters(jobs: Jobs) -> None:
    for number in range(5):
        jobs.audit.add(Actor("sk_aaaaaaaaaaaa"), "preset_saved", f"preset-{number}")
    jobs.audit.add(OPERATOR, "preset_deleted", "preset-0")
    newest = jobs.audit.entries(1, act="preset_saved").items[0]

    read: list[str] = []
    cursor = None
    while True:
        page = jobs.audit.entries(2, cursor, actor="sk_aaaaaaaaaaaa")
        read += [entry.target for entry in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert read == [f"preset-{number}" for number in (4, 3, 2, 1, 0)]
    assert acts(jobs, at_from=newest.at) == [
        ("preset_deleted", "preset-0"), ("preset_saved", "preset-4"),
    ]  # fmt: skip
    assert ("preset_saved", "preset-4") not in acts(jobs, at_to=newest.at)
    with pytest.raises(UsageError):
        jobs.audit.entries(cursor="no cursor")


def test_an_entry_is_not_changed_and_is_forgotten_by_age(jobs: Jobs) -> None:
    jobs.audit.add(OPERATOR, "key_revoked", "old")
    entry = jobs.audit.entries(1).items[0]

    with pytest.raises(psycopg.Error, match="not changed"):
        execute(jobs, "UPDATE audit SET actor = 'nobody' WHERE id = %(id)s", id=entry.id)
    jobs.audit.forget_old(3600)
    assert jobs.audit.entries(1).items[0] == entry
    jobs.audit.forget_old(0)
    assert acts(jobs) == []
