"""Makes a backup while work goes on.

PostgreSQL comes first, in one snapshot: it says what belongs to that moment. Documents and files are stored
before a row names them, so all that the snapshot names is there, unless it was deleted since. What was
deleted with its video is noted. Where a result was replaced meanwhile, or clips or a proxy were removed,
another pass begins with a new snapshot; files that are copied stay. Knows all stores but RabbitMQ and Redis,
which are in no backup.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cluster.errors import UsageError
from cluster.stores.backup import manifest as manifests
from cluster.stores.backup.documents import save_documents
from cluster.stores.backup.files import Named, save_files
from cluster.stores.backup.manifest import Manifest, Missing, StoredPart, Table
from cluster.stores.media.keys import clips_prefix, proxy_key
from cluster.stores.media.store import MediaStore
from cluster.stores.mongodb.inventory import Inventory
from cluster.stores.postgres.jobs import Jobs
from cluster.stores.postgres.upkeep.inspection import Inspection
from cluster.stores.postgres.upkeep.schema import require_same
from cluster.stores.postgres.upkeep.tables import Snapshot, snapshot

_PASSES = 4
"""So often a new snapshot is taken because something was replaced. What was lost long ago stays lost."""


def save(
    jobs: Jobs, inventory: Inventory, media: MediaStore, folder: Path, step: Callable[[str], None]
) -> Manifest:
    """Makes a backup in `folder`, which is made or empty, for this account alone.

    UsageError for a folder that is not empty, ConflictError for a schema of another version, UnavailableError
    while a store is away.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; name a new folder.", code="folder_not_empty")
    for name in ("postgres", "mongodb", manifests.MEDIA_DIR):  # names of clips tell of videos, too
        (folder / name).mkdir(mode=0o700)
    schema_version = require_same(jobs.database)
    before: list[list[str]] | None = None
    for number in range(1, _PASSES + 1):
        step(f"pass {number}: PostgreSQL")
        made = _pass(jobs, inventory, media, folder, schema_version, step)
        lost = [made.missing.timelines, made.missing.files, made.missing.uploads]
        if not any(lost) or lost == before:
            break
        before = lost
    _prune(folder)
    manifests.write(folder, made)
    return made


def _pass(
    jobs: Jobs,
    inventory: Inventory,
    media: MediaStore,
    folder: Path,
    schema_version: int,
    step: Callable[[str], None],
) -> Manifest:
    with snapshot(jobs.database) as seen:
        created_at = datetime.now(UTC)
        tables = _save_tables(seen, folder)
        videos, timelines, uploads = seen.videos(), seen.timelines(), seen.uploads()
        named = Named(
            frozenset(videos) | frozenset(videos.values()),
            seen.files(),
            uploads,
            frozenset(seen.orders()),
            frozenset(_key_of(*made) for made in seen.made()),
        )
    step("MongoDB")
    documents, lost = save_documents(inventory, folder, videos, timelines)
    step("media")
    files = save_files(media, folder, named)
    gone = _gone(Inspection(jobs.database), videos)
    missing = Missing(
        videos=sorted(gone),
        timelines=[one for one in lost if one.partition(":")[0] not in gone],
        files=[key for key in files.lost_files if key.split("/")[1] not in gone],
        uploads=files.lost_uploads,
    )
    return Manifest(
        version=version("scenestream"),
        schema_version=schema_version,
        created_at=created_at.isoformat(),
        tables=tables,
        documents=documents,
        media=files.media,
        media_files=files.files,
        media_bytes=files.bytes,
        missing=missing,
    )


def _save_tables(seen: Snapshot, folder: Path) -> dict[str, Table]:
    saved: dict[str, Table] = {}
    for name, columns in seen.tables.items():
        part: StoredPart = manifests.write_part(manifests.table_path(folder, name), seen.copy(name, columns))
        saved[name] = Table(**part.model_dump(), columns=columns)
    return saved


def _key_of(video_id: str, order: str, name: str | None) -> str:
    return proxy_key(video_id, order) if name is None else f"{clips_prefix(video_id, order)}/{name}"


def _gone(inspection: Inspection, videos: dict[str, str]) -> set[str]:
    """Videos that were deleted since the snapshot."""
    left = {row["id"] for page in inspection.videos() for row in page}
    return videos.keys() - left


def _prune(folder: Path) -> None:
    """Removes files that an earlier pass has copied and the last one does not name."""
    media = folder / manifests.MEDIA_DIR
    named = {line["key"] for line in manifests.media_lines(folder)}
    for path in media.rglob("*"):
        if path.is_file() and path.relative_to(media).as_posix() not in named:
            path.unlink()
