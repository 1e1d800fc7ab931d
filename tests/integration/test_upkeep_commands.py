"""`scenestream check`, `backup` and `restore`: what they print, change and exit with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cluster.cli import build
from cluster.errors import ConflictError, UsageError
from cluster.settings import get_settings
from cluster.stores.checking.looking import Stores
from cluster.stores.media.keys import source_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.mongodb.results import Results
from cluster.stores.postgres.jobs import Jobs
from tests.support.servers.installation import done
from tests.support.servers.stores import execute

NOW = ("--older-than", "0s", "--pause", "0")


@pytest.fixture
def stores(
    postgres_url: str,
    mongodb_url: str,
    mongodb_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stores]:
    """The installation that the settings of this process name."""
    media = (tmp_path / "media").as_uri()
    for name, value in {
        "POSTGRES_URL": postgres_url,
        "MONGODB_URL": mongodb_url,
        "MONGODB_DATABASE": mongodb_database,
        "MEDIA_URL": media,
        "VAR_DIR": str(tmp_path / "var"),
    }.items():
        monkeypatch.setenv(f"SCENESTREAM_{name}", value)
    get_settings.cache_clear()
    with (
        Jobs(postgres_url) as jobs,
        Results(mongodb_url, mongodb_database) as results,
        Inventory(mongodb_url, mongodb_database) as inventory,
    ):
        jobs.migrate()
        results.ensure_indexes()
        yield Stores(jobs, inventory, results, MediaStore(media))
    get_settings.cache_clear()


def run(*words: str) -> Result:
    return CliRunner().invoke(build(words[0]), list(words))


def test_it_finds_tells_and_removes(stores: Stores) -> None:
    done(stores)
    clean = run("check", *NOW)
    key = source_key("a" * 32)
    stores.media.put_stream(key, [b"left"])

    found = run("check", *NOW)
    document = json.loads(run("check", "--json", *NOW).stdout)
    told = run("check", "--collect", *NOW)
    refused = run("check", "--collect", "--yes", *NOW)
    still_there = stores.media.exists(key)
    removed = run("check", "--collect", "--yes", "--force", *NOW)

    assert (clean.exit_code, found.exit_code, told.exit_code, removed.exit_code) == (0, 1, 1, 0)
    assert refused.exit_code == 2, "an upload may be writing it"
    assert key in found.stdout
    (finding,) = document["findings"]
    assert (finding["invariant"], finding["kind"], finding["what"]) == ("I5", "orphan_file", key)
    assert "would be removed" in told.stdout
    assert still_there
    assert not stores.media.exists(key)


def test_a_schema_of_another_version_is_not_looked_at(stores: Stores) -> None:
    execute(stores.jobs, "INSERT INTO schema_migrations (number, name) VALUES (9999, 'later')")

    newer = run("check", *NOW)

    assert newer.exit_code == 2
    assert "9999" in newer.stderr


@pytest.mark.parametrize("text", ["soon", "1", "-1h", "1.5h"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    assert run("check", f"--older-than={text}").exit_code == 2


def test_a_backup_is_made_and_an_installation_in_use_is_kept(stores: Stores, tmp_path: Path) -> None:
    video = done(stores)
    folder = tmp_path / "backup"

    made = run("backup", str(folder))
    again = run("backup", str(folder))
    refused = run("restore", str(folder))

    assert made.exit_code == 0, made.output
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for name in ("*.*", "*/") for path in folder.glob(name))
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*") if path.is_file())
    assert isinstance(again.exception, UsageError)
    assert isinstance(refused.exception, ConflictError)
    assert stores.jobs.get(video.id).state == "done"


def test_a_backup_is_restored(stores: Stores, tmp_path: Path) -> None:
    video = done(stores)
    folder = tmp_path / "backup"
    run("backup", str(folder))
    stores.jobs.delete(video.id)
    stores.inventory.clear()
    for prefix in ("videos", "uploads"):
        stores.media.delete(prefix)

    restored = run("restore", str(folder))

    assert restored.exit_code == 0, restored.output
    assert "files of" in restored.stdout
    assert stores.jobs.get(video.id).timeline_id == video.timeline_id
    assert run("check", *NOW).exit_code == 0
